"""What the network is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.training.targets import IGNORED, targets

GRID = (24, 40)


def boxes(*rows: tuple[float, float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 5)


@given(
    kind=st.integers(0, 2),
    left=st.floats(0, 250),
    top=st.floats(0, 150),
    width=st.floats(6, 70),
    height=st.floats(6, 42),
)
def test_a_box_has_one_peak_from_which_its_edges_can_be_told(
    kind: int, left: float, top: float, width: float, height: float
) -> None:
    edges = (left, top, left + width, top + height)
    asked = targets(boxes((kind, *edges)), GRID)
    peaks = np.argwhere(asked.heat == 1.0)
    assert len(peaks) == 1
    channel, row, column = peaks[0]
    assert channel == kind
    x, y = (column + 0.5) * STRIDE_PX, (row + 0.5) * STRIDE_PX
    assert abs(x - (left + width / 2)) <= STRIDE_PX / 2 + 1e-3
    assert abs(y - (top + height / 2)) <= STRIDE_PX / 2 + 1e-3
    away = asked.edges[:, row, column]
    told = (x - away[0], y - away[1], x + away[2], y + away[3])
    assert told == pytest.approx(edges, abs=1e-3)
    assert asked.weight.sum() == pytest.approx(1.0, abs=1e-4)
    assert asked.judged.all()


def test_where_two_meet_the_smaller_one_has_the_cell() -> None:
    large, small = (1, 0, 0, 160, 160), (0, 76, 76, 92, 92)
    asked = targets(boxes(small, large), GRID)
    assert asked.edges[:, 10, 10] == pytest.approx((8, 8, 8, 8))


def test_what_nobody_knows_is_not_judged_but_what_is_before_it_is() -> None:
    asked = targets(boxes((IGNORED, 0, 0, 160, 160), (0, 76, 76, 92, 92)), GRID)
    assert asked.judged[2, 2] == 0
    assert asked.judged[10, 10] == 1
    assert asked.judged[22, 30] == 1
    assert asked.heat[1:].max() == 0


def test_an_empty_window_asks_for_nothing() -> None:
    asked = targets(boxes(), GRID)
    assert not asked.heat.any()
    assert not asked.weight.any()
    assert asked.judged.all()
    assert not asked.inside.any()
    assert asked.told.all()


def test_each_cell_is_asked_whose_box_it_is_in() -> None:
    person, unknown = (0, 40, 40, 80, 120), (IGNORED, 60, 100, 200, 180)
    asked = targets(boxes(person, unknown), GRID)
    assert asked.inside[0].sum() == 5 * 10
    assert asked.inside[0, 5:15, 5:10].all()
    assert not asked.inside[1:].any()
    # Of what is before something unknown it is known all the same.
    assert asked.told[14, 9] == 1
    assert asked.told[20, 20] == 0
    assert asked.told[2, 2] == 1

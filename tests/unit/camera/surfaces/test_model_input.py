"""What the detector's network is shown."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from heliograph.camera.surfaces.letterbox import Letterbox
from heliograph.camera.surfaces.model_input import (
    CELLS,
    InputSpec,
    Kind,
    ModelInput,
    cells_of,
)
from heliograph.camera.surfaces.picture import LEVEL_MIN
from heliograph.camera.types import EVENT, Box, Packet, Size

SIZE = Size(640, 360)
WIDE = Size(320, 192)
TAU_US = 25_000


def packet(*events: tuple[int, int, int, int]) -> Packet:
    return np.array(list(events), EVENT)


def four(x: int, y: int, p: int, t: int) -> Packet:
    """All four pixels of a cell."""
    return packet(*((x + dx, y + dy, p, t) for dx in (0, 1) for dy in (0, 1)))


def made(kind: Kind = "leaky", *packets: Packet) -> ModelInput:
    shown = ModelInput(SIZE, InputSpec(kind), WIDE)
    for one in packets:
        shown.update(one)
    return shown


def lit(surface: NDArray[np.uint8]) -> set[tuple[int, int, int]]:
    return {(int(c), int(y), int(x)) for c, y, x in np.argwhere(surface)}


@pytest.mark.parametrize("kind", ["leaky", "exponential", "histogram"])
def test_an_event_is_seen_in_its_cell_and_its_polarity_alone(kind: Kind) -> None:
    shown = made(kind, four(100, 50, 1, 1_000))
    spec = shown.spec
    seen = lit(shown.render(5_000))
    assert {(y, x) for _, y, x in seen} == {(50 // 2 + 6, 100 // 2)}
    assert all(channel >= spec.memories for channel, _, _ in seen)
    assert shown.render(5_000).shape == (spec.channels, WIDE.height, WIDE.width)


def test_leaky_counts_fade_to_one_over_e_in_tau_and_are_pressed() -> None:
    shown = made("leaky", four(100, 50, 0, 1_000))
    for slices in (0, 5, 10):
        level = math.exp(-slices * 5_000 / TAU_US)
        value = int(shown.render(5_000 * (slices + 1))[0, 31, 50])
        assert value == pytest.approx(255 * level / (level + 1), abs=1)


def test_one_pixel_of_four_counts_a_quarter() -> None:
    shown = made("leaky", packet((100, 50, 0, 1_000)))
    assert shown.render(5_000)[0, 31, 50] == round(255 * 0.25 / 1.25)


def test_the_exponential_surface_shows_the_newest_however_many_there_were() -> None:
    once = made("exponential", four(100, 50, 1, 1_000))
    often = made("exponential", *[four(100, 50, 1, 1_000)] * 9)
    assert once.render(5_000)[2, 31, 50] == 255
    assert (once.render(40_000) == often.render(40_000)).all()


def test_a_histogram_forgets_what_is_older_than_its_slices() -> None:
    shown = made("histogram", four(100, 50, 1, 1_000), four(20, 20, 1, 11_000))
    assert lit(shown.render(15_000)) == {(5 + 2, 31, 50), (5 + 4, 16, 10)}
    assert lit(shown.render(30_000)) == {(5 + 1, 16, 10)}
    assert lit(shown.render(200_000)) == set()


@pytest.mark.parametrize("kind", ["leaky", "exponential", "histogram"])
@given(times=st.lists(st.integers(0, 120_000), min_size=1, max_size=40), cut=st.data())
def test_how_a_stream_is_cut_into_packets_changes_nothing(
    kind: Kind, times: list[int], cut: st.DataObject
) -> None:
    whole = packet(*((t % 640, t % 360, t % 2, t) for t in sorted(times)))
    at = cut.draw(st.integers(0, len(whole)))
    pieces = made(kind, whole[:at], whole[at:]).render(130_000)
    assert (made(kind, whole).render(130_000) == pieces).all()


def test_a_quiet_hour_leaves_nothing() -> None:
    shown = made("leaky", four(100, 50, 1, 1_000))
    assert not shown.render(3_600_000_000).any()


@pytest.mark.parametrize("kind", ["leaky", "exponential"])
def test_what_has_faded_is_gone_before_it_is_too_small_to_reckon_with(
    kind: Kind,
) -> None:
    shown = made(kind, four(100, 50, 1, 1_000))
    for end_us in range(5_000, 10_000_000, 5_000):
        shown.render(end_us)
        left = shown._left[shown._left > 0]
        assert not len(left) or left.min() >= LEVEL_MIN
    assert not shown._left.any()


def test_time_that_goes_back_far_is_another_stream() -> None:
    shown = made("leaky", four(100, 50, 1, 9_000_000), four(20, 20, 1, 1_000))
    assert {(y, x) for _, y, x in lit(shown.render(5_000))} == {(16, 10)}


def test_events_outside_the_sensor_are_refused_after_the_others() -> None:
    shown = ModelInput(SIZE, InputSpec(), WIDE)
    with pytest.raises(ValueError, match="1 of 2 events lie outside"):
        shown.update(packet((640, 0, 1, 1_000), (100, 50, 1, 1_000)))
    assert shown.render(5_000).any()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"kind": "voxels"}, "no surface of kind"),
        ({"taus_us": ()}, "every tau"),
        ({"taus_us": (100,)}, "every tau"),
        ({"bins": 0}, "at least 1"),
    ],
)
def test_a_spec_that_cannot_be_drawn_is_refused(
    spec: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        InputSpec(**spec)  # type: ignore[arg-type]  # what a damaged file may hold


@given(
    size=st.builds(Size, st.integers(16, 2048), st.integers(16, 2048)),
    share=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_a_box_comes_back_from_the_input_as_it_went(
    size: Size, share: tuple[float, float, float, float]
) -> None:
    x, y = share[0] * size.width, share[1] * size.height
    box = Box(x, y, share[2] * (size.width - x), share[3] * (size.height - y))
    letterbox = Letterbox(size, CELLS)
    edges = letterbox.to_input(box)
    assert 0 <= edges[0] <= edges[2] <= CELLS.width + 1
    assert 0 <= edges[1] <= edges[3] <= CELLS.height + 1
    found = letterbox.to_sensor(np.array([edges], np.float32))[0]
    assert found == pytest.approx(
        (x, y, x + box.width, y + box.height), abs=0.01, rel=1e-4
    )


def test_a_small_sensor_is_not_enlarged_and_stands_in_the_middle() -> None:
    letterbox = Letterbox(Size(100, 80), CELLS)
    assert (letterbox.scale, letterbox.left, letterbox.top) == (1.0, 110, 88)
    assert np.count_nonzero(letterbox.share) == 100 * 80


@pytest.mark.parametrize(
    ("size", "rows", "scale"),
    [
        (Size(1280, 720), 192, 0.25),
        (Size(640, 480), 256, 0.5),
        (Size(346, 260), 256, 320 / 346),
        (Size(320, 320), 256, 0.8),
        (Size(320, 192), 192, 1.0),
        (Size(320, 193), 256, 1.0),
        (Size(128, 128), 192, 1.0),
    ],
)
def test_the_input_is_as_high_as_the_sensor_needs(
    size: Size, rows: int, scale: float
) -> None:
    cells = cells_of(size)
    assert cells == Size(320, rows)
    assert Letterbox(size, cells).scale == pytest.approx(scale)

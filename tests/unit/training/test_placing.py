"""Where in a view a window comes to lie."""

import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.training.placing import CALM, VARIED, Matrix, near_something, whole

WINDOW, VIEW = (192, 320), (96, 160)


def seen(matrix: Matrix, box: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return left, top, right and bottom of *box* in the view."""
    corners = box.reshape(2, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


@pytest.mark.parametrize(
    "box",
    [(10, 10, 40, 30), (100, 40, 130, 120), (0, 0, 320, 192), (300, 100, 320, 192)],
)
def test_a_thing_is_mostly_in_its_crop_and_fits(
    box: tuple[float, float, float, float],
) -> None:
    edges = np.array(box, np.float32)
    within = fits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        left, top, right, bottom = seen(
            near_something(edges[None], WINDOW, VIEW, VARIED, rng), edges
        )
        inner = np.clip([left, right], 0, VIEW[1]), np.clip([top, bottom], 0, VIEW[0])
        shown = float(np.prod(np.diff(inner)) / ((right - left) * (bottom - top)))
        within += shown > 0.4
        # Stretched, a thing may be wider than what was reckoned for it.
        fits += right - left <= VIEW[1] * 1.19 and bottom - top <= VIEW[0] + 1e-6
    assert within > 150
    assert fits > 170


def test_of_many_things_each_has_its_turn() -> None:
    boxes = np.array([[10, 10, 30, 30], [280, 150, 300, 170]], np.float32)
    near = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        matrix = near_something(boxes, WINDOW, VIEW, VARIED, rng)
        for at, box in enumerate(boxes):
            left, top, right, bottom = seen(matrix, box)
            if left >= 0 and top >= 0 and right <= VIEW[1] and bottom <= VIEW[0]:
                near.add(at)
    assert near == {0, 1}


def test_where_nothing_is_a_crop_is_of_anywhere() -> None:
    nothing = np.zeros((0, 4), np.float32)
    middles = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        matrix = near_something(nothing, WINDOW, VIEW, VARIED, rng)
        middle = np.linalg.solve(matrix[:, :2], np.array([80, 48]) - matrix[:, 2])
        middles.append(middle)
    least, most = np.min(middles, axis=0), np.max(middles, axis=0)
    assert least == pytest.approx((0.15 * 320, 0.15 * 192), abs=12)
    assert most == pytest.approx((0.85 * 320, 0.85 * 192), abs=12)


def test_of_a_whole_window_the_middle_stays_in_the_view() -> None:
    for seed in range(100):
        matrix = whole(WINDOW, VARIED, np.random.default_rng(seed))
        x, y = matrix[:, :2] @ (160, 96) + matrix[:, 2]
        assert 0 <= x <= 320
        assert 0 <= y <= 192
        assert 0.6 <= matrix[1, 1] <= 1.7


def test_a_calm_window_is_shown_nearly_as_it_is() -> None:
    scales = {
        framing: [
            whole(WINDOW, framing, np.random.default_rng(seed))[1, 1]
            for seed in range(200)
        ]
        for framing in (CALM, VARIED)
    }
    for framing, found in scales.items():
        least, most = framing.zoom
        assert least <= min(found) < least * 1.05
        assert most / 1.05 < max(found) <= most
    assert VARIED.zoom[0] < CALM.zoom[0] < 1 < CALM.zoom[1] < VARIED.zoom[1]

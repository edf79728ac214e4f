"""Where in a view a window comes to lie: as a whole, or with one thing of it near."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ZOOM_MIN = 0.25
"""However large a thing is, it is not shown smaller."""

STRETCH = (0.85, 1.18)
"""How much wider things get than they get higher."""

MIRRORED_SHARE = 0.5

ABOUT_NOTHING_SHARE = 0.1
"""How often a crop is of anywhere: what is nothing must be known too."""

FILLED = (0.6, 1.0)
"""How much of a crop a thing takes that would not fit into it."""

Matrix: TypeAlias = NDArray[np.float64]
"""From the window's pixels to the view's, (2, 3)."""

Shape: TypeAlias = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How windows are shown: crops of that height and width, or, without, as a whole.

    Enlarged by *zoom*, at least and at most, and *overlaid* so often by what happens
    in another window.
    """

    crop: Shape | None = None
    zoom: tuple[float, float] = (0.6, 1.7)
    overlaid: float = 0.25


VARIED = Framing()
"""Whole windows, otherwise than the camera will show them."""
CALM = Framing(zoom=(0.85, 1.2), overlaid=0.0)
"""Whole windows, nearly as the camera will show them."""


def whole(window: Shape, framing: Framing, rng: np.random.Generator) -> Matrix:
    """Return a way to show all of *window*, nearer or farther, at its own size."""
    height, width = window
    zoom = _zoom(framing, rng)
    x, y = rng.uniform(0.25, 0.75) * width, rng.uniform(0.25, 0.75) * height
    # Somewhere near the middle stays in the middle.
    to = rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.65) * height
    return _moving((x, y), to, zoom, rng)


def near_something(
    boxes: NDArray[np.float32],
    window: Shape,
    view: Shape,
    framing: Framing,
    rng: np.random.Generator,
) -> Matrix:
    """Return a way to show some of *window* in a smaller *view*.

    One of *boxes*, (N, 4), left, top, right and bottom, is mostly in it and fits.
    """
    height, width = window
    high, wide = view
    zoom = _zoom(framing, rng)
    if not len(boxes) or rng.random() < ABOUT_NOTHING_SHARE:
        x, y = rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.85) * height
        return _moving((x, y), (wide / 2, high / 2), zoom, rng)
    left, top, right, bottom = boxes[int(rng.integers(len(boxes)))]
    across, down = right - left, bottom - top
    fits = min(wide / max(across, 1.0), high / max(down, 1.0))
    if zoom > fits:
        zoom = max(fits * rng.uniform(*FILLED), ZOOM_MIN)
    x, y = left + across * rng.uniform(0.2, 0.8), top + down * rng.uniform(0.2, 0.8)
    to = rng.uniform(0.25, 0.75) * wide, rng.uniform(0.25, 0.75) * high
    return _moving((x, y), to, zoom, rng)


def _zoom(framing: Framing, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(framing.zoom))))


def _moving(
    point: tuple[float, float],
    to: tuple[float, float],
    zoom: float,
    rng: np.random.Generator,
) -> Matrix:
    """Return what brings *point* *to* there, enlarged by *zoom*, perhaps mirrored."""
    flip = -1.0 if rng.random() < MIRRORED_SHARE else 1.0
    wider = flip * zoom * np.exp(rng.uniform(*np.log(STRETCH)))
    return np.array(
        [[wider, 0, to[0] - wider * point[0]], [0, zoom, to[1] - zoom * point[1]]]
    )

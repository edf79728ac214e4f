"""The street the actors move through: it stands still, so it emits nothing itself.

It still matters: the same coat is brighter than one stretch of wall and darker than
the next, and its edge changes polarity on the way, as it does in real recordings.
"""

import cv2
import numpy as np

from heliograph.camera.types import Size
from heliograph.simulation.camera.shapes import Picture

KERB_FAR = 0.50
"""Where the far pavement ends and the road begins, as a share of the height."""

KERB_NEAR = 0.80
"""Where the road ends and the near pavement begins."""

WALL_FOOT = 0.42

DOORS = 0.25
"""The share of openings in the wall that are doors."""


def street(size: Size, rng: np.random.Generator) -> Picture:
    """Return a wall with windows, a far pavement, a road and a near pavement."""
    height, width = size.height, size.width
    picture = np.empty((height, width), np.float32)
    foot, far, near = (round(s * height) for s in (WALL_FOOT, KERB_FAR, KERB_NEAR))
    picture[:foot] = 0.42
    picture[foot:far] = 0.52
    picture[far:near] = 0.24
    picture[near:] = 0.48
    kerb = max(1, round(height / 120))
    picture[far : far + kerb] = 0.65
    picture[near : near + kerb] = 0.68
    _windows(picture[:foot], rng)
    _paving(picture[near + kerb :], rng)
    picture *= 1.0 + 0.35 * _grain(size, rng)
    # The sun stands to one side: the street is a little brighter there.
    picture *= np.linspace(0.85, 1.15, width, dtype=np.float32)
    return np.clip(picture, 0.05, 0.95)


def _windows(wall: Picture, rng: np.random.Generator) -> None:
    """Put a row of dark and bright windows, and a door, into `wall`."""
    height, width = wall.shape
    pitch = max(8, round(height * 0.55))
    for left in range(round(pitch * 0.25), width, pitch):
        top, bottom = round(height * 0.15), round(height * 0.6)
        if rng.random() < DOORS:
            top, bottom = round(height * 0.35), height
        right = min(width, left + round(pitch * 0.5))
        wall[top:bottom, left:right] = rng.uniform(0.1, 0.7)


def _paving(ground: Picture, rng: np.random.Generator) -> None:
    """Lay slabs of slightly different brightness."""
    height, width = ground.shape
    side = max(6, height // 2)
    for top in range(0, height, side):
        for left in range(0, width, 2 * side):
            shade = rng.uniform(0.85, 1.15)
            ground[top : top + side, left : left + 2 * side] *= np.float32(shade)


def _grain(size: Size, rng: np.random.Generator) -> Picture:
    """Return smooth noise of four scales, about -1 to 1."""
    total = np.zeros((size.height, size.width), np.float32)
    for cells, weight in ((4, 0.4), (12, 0.25), (48, 0.2), (160, 0.15)):
        shape = (max(2, cells * size.height // size.width), cells)
        grid = rng.uniform(-1.0, 1.0, shape).astype(np.float32)
        total += weight * cv2.resize(
            grid, (size.width, size.height), interpolation=cv2.INTER_CUBIC
        )
    return total

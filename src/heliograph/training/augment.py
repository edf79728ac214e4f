"""The same window seen otherwise: nearer, mirrored, noisier, of another contrast."""

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.training.targets import IGNORED

SIDE_MIN_PX = 6.0
"""A box of less on the input is not asked for."""

VISIBLE_MIN = 0.3
"""Nor one of which less than this share is left in the picture."""

ZOOM = (0.6, 1.7)
GAIN = (0.5, 2.0)
MIRRORED_SHARE = 0.5
INVERTED_SHARE = 0.25
"""How often darker and brighter change places."""
NOISY_SHARE = 0.3
NOISY_CELLS_MAX = 0.02


def augment(
    surface: NDArray[np.uint8], boxes: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return another view of *surface*, (C, H, W), and of its *boxes*, (N, 5).

    Boxes are class, left, top, right, bottom in pixels of the surface.
    """
    channels, height, width = surface.shape
    zoom = np.exp(rng.uniform(*np.log(ZOOM)))
    flip = -1.0 if rng.random() < MIRRORED_SHARE else 1.0
    # Somewhere near the middle stays in the middle.
    x, y = rng.uniform(0.25, 0.75) * width, rng.uniform(0.25, 0.75) * height
    to_x, to_y = rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.65) * height
    matrix = np.array(
        [[flip * zoom, 0, to_x - flip * zoom * x], [0, zoom, to_y - zoom * y]]
    )
    # The first pixel's middle is at a half for boxes, and at 0 for OpenCV.
    on_pixels = matrix.copy()
    on_pixels[:, 2] += 0.5 * (np.diag(matrix) - 1.0)
    table = _gain_table(np.exp(rng.uniform(*np.log(GAIN))))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    planes = [
        cv2.LUT(cv2.warpAffine(plane, on_pixels, (width, height), flags=how), table)
        for plane in surface
    ]
    if rng.random() < INVERTED_SHARE:
        planes = planes[channels // 2 :] + planes[: channels // 2]
    seen: NDArray[np.uint8] = np.stack(planes).astype(np.uint8, copy=False)
    if rng.random() < NOISY_SHARE:
        _sprinkle(seen, rng)
    return seen, _moved(boxes, matrix, (height, width))


def _gain_table(gain: float) -> NDArray[np.uint8]:
    """Return what each level becomes where there are *gain* times as many events."""
    pressed = np.arange(256) / 255.0
    counts = pressed / np.maximum(1.0 - pressed, 1e-3) * gain
    table: NDArray[np.uint8] = np.round(255 * counts / (counts + 1)).astype(np.uint8)
    return table


def _sprinkle(surface: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Add noise to single cells, of one polarity each."""
    channels, height, width = surface.shape
    count = int(rng.uniform(0, NOISY_CELLS_MAX) * height * width)
    y, x = rng.integers(0, height, count), rng.integers(0, width, count)
    half = channels // 2
    first = half * rng.integers(0, 2, count)
    level = rng.integers(20, 128, count).astype(np.uint8)
    for memory in range(half):
        at = (first + memory, y, x)
        surface[at] = np.maximum(surface[at], level)


def _moved(
    boxes: NDArray[np.float32], matrix: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return *boxes* where *matrix* puts them, cut at the border.

    What hardly shows is ignored, and what is gone is left out.
    """
    height, width = shape
    x = np.sort(boxes[:, [1, 3]] * matrix[0, 0] + matrix[0, 2], axis=1)
    y = np.sort(boxes[:, [2, 4]] * matrix[1, 1] + matrix[1, 2], axis=1)
    inner_x, inner_y = np.clip(x, 0, width), np.clip(y, 0, height)
    wide, high = np.diff(inner_x)[:, 0], np.diff(inner_y)[:, 0]
    whole = np.maximum(np.diff(x)[:, 0] * np.diff(y)[:, 0], 1e-6)
    kind = boxes[:, 0].copy()
    small = (np.minimum(wide, high) < SIDE_MIN_PX) | (wide * high / whole < VISIBLE_MIN)
    kind[small] = IGNORED
    edges = (inner_x[:, 0], inner_y[:, 0], inner_x[:, 1], inner_y[:, 1])
    moved = np.stack([kind, *edges], axis=1).astype(np.float32)
    left_over: NDArray[np.float32] = moved[(wide > 0) & (high > 0)]
    return left_over

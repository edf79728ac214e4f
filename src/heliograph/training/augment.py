"""The same window seen otherwise: nearer, noisier, with what happens in another too."""

from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.training.placing import (
    VARIED,
    Framing,
    Matrix,
    Shape,
    near_something,
    whole,
)
from heliograph.training.targets import IGNORED

SIDE_MIN_PX = 7.0
"""A box of less on the input is not asked for."""

VISIBLE_MIN = 0.4
"""Nor one of which less than this share is left in the picture."""

GAIN = (0.5, 2.0)
PLANES_MAX = 4
"""What OpenCV moves at once."""
INVERTED_SHARE = 0.25
"""How often darker and brighter change places."""
NOISY_SHARE = 0.35
UNEVEN_SHARE = 0.6
NOISE = (0.0005, 0.1)
"""Events of noise a cell, where noise is even."""
PATCH = (0.1, 3.0)
"""Events a cell in the middle of a patch of noise."""
EVENTS_MAX = 40
"""No cell has more of one polarity: rounding must not keep the drawing from ending."""
EVENT_SHARES = (0.06, 0.25, 0.5, 1.0)

View: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""A surface and its boxes."""


def augment(
    surface: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    rng: np.random.Generator,
    over: View | None = None,
    *,
    framing: Framing = VARIED,
) -> View:
    """Return another view of *surface*, (C, H, W), and of its *boxes*, (N, 5).

    Boxes are class, left, top, right, bottom in pixels of the surface. With *over*,
    all that is in that window happens in this one too, elsewhere. A crop, where
    *framing* wants one, is mostly around something.
    """
    seen, moved = _seen_otherwise((surface, boxes), framing, rng)
    if over is not None:
        second, moved_too = _seen_otherwise(over, framing, rng)
        _add(seen.reshape(-1), second.reshape(-1), _together())
        moved = np.concatenate([moved, moved_too])
    if rng.random() < NOISY_SHARE:
        _add_noise(seen, rng)
    return seen, moved


def _seen_otherwise(window: View, framing: Framing, rng: np.random.Generator) -> View:
    surface, boxes = window
    channels, height, width = surface.shape
    if framing.crop is None:
        shape = (height, width)
        matrix = whole(shape, framing, rng)
    else:
        shape = framing.crop
        known = boxes[boxes[:, 0] != IGNORED, 1:]
        matrix = near_something(known, (height, width), shape, framing, rng)
    table = _gain_table(np.exp(rng.uniform(*np.log(GAIN))))
    seen = _warped(surface, matrix, shape, table)
    if rng.random() < INVERTED_SHARE:
        seen = np.roll(seen, channels // 2, axis=0)
    return seen, _moved(boxes, matrix, shape)


def _warped(
    surface: NDArray[np.uint8], matrix: Matrix, shape: Shape, table: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return *surface* where *matrix* puts it, of levels that *table* says."""
    # The first pixel's middle is at a half for boxes, and at 0 for OpenCV.
    on_pixels = matrix.copy()
    on_pixels[:, 2] += 0.5 * (np.diag(matrix) - 1.0)
    how = cv2.INTER_AREA if matrix[1, 1] < 1 else cv2.INTER_LINEAR
    warped = np.empty((len(surface), *shape), np.uint8)
    # OpenCV takes four planes at once, which costs little more than one.
    for first in range(0, len(surface), PLANES_MAX):
        planes = cv2.merge(list(surface[first:][:PLANES_MAX]))
        moved = cv2.warpAffine(planes, on_pixels, shape[::-1], flags=how)
        cv2.split(cv2.LUT(moved, table), list(warped[first:][:PLANES_MAX]))
    return warped


@compiled
def _add(
    seen: NDArray[np.uint8], second: NDArray[np.uint8], together: NDArray[np.uint8]
) -> None:
    """Write to *seen* what both are, by the table *together*."""
    for at in range(len(seen)):
        seen[at] = together[seen[at], second[at]]


@cache
def _together() -> NDArray[np.uint8]:
    """Return, by two levels, the level of both their events, (256, 256)."""
    counts = _counts()
    both = counts[:, None] + counts
    return np.round(255 * both / (both + 1)).astype(np.uint8)


def _counts() -> NDArray[np.float64]:
    """Return how many events each level stands for."""
    pressed = np.arange(256) / 255.0
    return pressed / np.maximum(1.0 - pressed, 1e-3)


def _gain_table(gain: float) -> NDArray[np.uint8]:
    """Return what each level becomes where there are *gain* times as many events."""
    counts = _counts() * gain
    table: NDArray[np.uint8] = np.round(255 * counts / (counts + 1)).astype(np.uint8)
    return table


def _add_noise(surface: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Add events that nothing caused, more of them in some parts of the sensor.

    Long memories hold more of them than short ones. Real sensors are noisiest along an
    edge or in a corner, where nothing else tells a patch of noise from a thing.
    """
    channels, height, width = surface.shape
    half = channels // 2
    field = _noise_field((height, width), rng).astype(np.float32)
    # Of a large sensor many pixels share a cell, so that an event counts little.
    each = float(rng.choice(EVENT_SHARES))
    shares = np.sort(rng.uniform(0.1, 1.0, half)).astype(np.float32)
    for polarity in range(2):
        planes = surface[polarity * half :][:half]
        none = np.exp(-field * np.float32(rng.uniform(0.5, 1.0)))
        chances = rng.random((height, width), np.float32)
        left = rng.random((height, width), np.float32)
        _sprinkle(planes, (none, chances, left), shares, each)


@compiled
def _sprinkle(
    planes: NDArray[np.uint8],
    drawn: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    shares: NDArray[np.float32],
    each: float,
) -> None:
    """Add Poisson's numbers of events to *planes*, (memories, H, W).

    *drawn* are, by cell, how likely none is, a number from 0 to 1 that says how many
    there are, and one that says what is left of them in which memory.
    """
    none, chances, left = drawn
    memories, height, width = planes.shape
    for y in range(height):
        for x in range(width):
            if chances[y, x] < none[y, x]:
                continue
            mean = -np.log(none[y, x])
            events, term, sum_ = 0, none[y, x], none[y, x]
            while chances[y, x] >= sum_ and events < EVENTS_MAX:
                events += 1
                term *= mean / events
                sum_ += term
            for m in range(memories):
                # Of one event all is left or nothing, of many a share.
                kept = np.floor(events * shares[m] + left[y, x])
                if kept > 0:
                    pressed = planes[m, y, x] / 255.0
                    counts = pressed / max(1.0 - pressed, 1e-3) + each * kept
                    planes[m, y, x] = np.uint8(255.0 * counts / (counts + 1.0) + 0.5)


def _noise_field(
    shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how many events of noise each cell has on average."""
    height, width = shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    field = np.full(shape, np.exp(rng.uniform(*np.log(NOISE))))
    if rng.random() < UNEVEN_SHARE:
        # A patch with its middle at the border or beyond.
        turn = rng.uniform(0, 2 * np.pi)
        at_y, at_x = 1.3 * np.sin(turn), 1.3 * np.cos(turn)
        wide, high = rng.uniform(0.1, 0.8, 2)
        patch = np.exp(-(((y - at_y) / high) ** 2) - ((x - at_x) / wide) ** 2)
        field += np.exp(rng.uniform(*np.log(PATCH))) * patch
    return field


def _moved(
    boxes: NDArray[np.float32], matrix: Matrix, shape: Shape
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

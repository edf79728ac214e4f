"""What the network should have said of boxes that somebody drew.

Each object is a peak with the shape of its box, and the cells near the peak are asked
for its edges (Liu et al., "Training-Time-Friendly Network for Real-Time Object
Detection", AAAI 2020, https://arxiv.org/abs/1909.00700).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.labelled.classes import CLASSES

SPREAD = 0.54 / 6
"""Standard deviation of a peak, as a share of the box's side."""

NEAR_MIN = 0.05
"""How high the peak still is where a cell is asked for the edges."""

IGNORED = len(CLASSES)
"""The class of a box of which nobody knows whether it can be seen."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is asked on a grid (H, W).

    `heat` (classes, H, W) is from 0 to 1. `edges` (4, H, W) are in input pixels from
    the cell's middle, `weight` (H, W) adds up to one for each object, and `judged`
    (H, W) is 0 where nothing is known. `inside` (classes, H, W) is 1 in the boxes of a
    class, and `told` (H, W) is 0 where that is not known.
    """

    heat: NDArray[np.float32]
    edges: NDArray[np.float32]
    weight: NDArray[np.float32]
    judged: NDArray[np.float32]
    inside: NDArray[np.float32]
    told: NDArray[np.float32]


def targets(boxes: NDArray[np.float32], grid: tuple[int, int]) -> Targets:
    """Return what is asked for *boxes*, (N, 5): class, left, top, right, bottom."""
    rows, columns = grid
    heat = np.zeros((len(CLASSES), rows, columns), np.float32)
    edges = np.zeros((4, rows, columns), np.float32)
    weight = np.zeros((rows, columns), np.float32)
    judged, told = np.ones((2, rows, columns), np.float32)
    inside = np.zeros_like(heat)
    middle_y = ((np.arange(rows) + 0.5) * STRIDE_PX).astype(np.float32)[:, None]
    middle_x = ((np.arange(columns) + 0.5) * STRIDE_PX).astype(np.float32)[None]
    areas = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    # The largest first: where two meet, the smaller one has the cell.
    for kind, left, top, right, bottom in boxes[np.argsort(-areas)]:
        within = (middle_x > left) & (middle_x < right)
        within = within & (middle_y > top) & (middle_y < bottom)
        if int(kind) == IGNORED:
            judged[within] = told[within] = 0.0
            continue
        inside[int(kind)][within] = 1.0
        peak = _peak((left, right), middle_x) * _peak((top, bottom), middle_y)
        np.maximum(heat[int(kind)], peak, out=heat[int(kind)])
        near = peak > NEAR_MIN
        sides = (middle_x - left, middle_y - top, right - middle_x, bottom - middle_y)
        for at, side in enumerate(sides):
            edges[at][near] = np.broadcast_to(side, near.shape)[near]
        weight[near] = peak[near] / peak[near].sum()
    judged[heat.max(axis=0) > NEAR_MIN] = 1.0
    told[inside.max(axis=0) > 0] = 1.0
    return Targets(heat, edges, weight, judged, inside, told)


def _peak(
    sides: tuple[np.float32, np.float32], middles: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the peak along one axis, exactly 1 in the cell of the box's middle."""
    first, last = sides
    spread = max(float(last - first) * SPREAD, STRIDE_PX / 4)
    nearest = middles.flat[np.abs(middles - (first + last) / 2).argmin()]
    peak: NDArray[np.float32] = np.exp(
        -((middles - nearest) ** 2) / (2 * spread**2)
    ).astype(np.float32)
    return peak

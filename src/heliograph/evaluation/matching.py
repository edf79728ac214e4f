"""Which found box is which labelled one: COCO's greedy matching, window by window.

Detections are taken best first; each takes the labelled box of its class that it
overlaps most, if no other has taken it and the overlap is enough. A box that is not
judged may be taken by any number, by the share of the detection that lies in it, and
who takes one is neither right nor wrong.

Source: https://cocodataset.org, "Detection evaluation"; pycocotools, `cocoeval.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box
from heliograph.labelled.boxes import UNKNOWN

OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""The intersections over union that COCO averages over, 0.5 to 0.95."""

DETECTIONS_MAX = 100
"""How many boxes of a class count in one window; COCO's."""

ANY = "any"
"""Stands for every class: what is judged when nobody asks what a thing is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One window: what is there, what is not judged, and what was *found*.

    *source* is the recording or scene that it is of.
    """

    source: str
    truths: tuple[Box, ...]
    ignored: tuple[Box, ...]
    found: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """What became of a window's detections of one class, best first.

    *hit* and *ignored* have the shape (overlaps, detections); *sure* are those that a
    watch would count. *truths* is how many labelled boxes count.
    """

    scores: NDArray[np.float64]
    sure: NDArray[np.bool_]
    hit: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    truths: int


def match(window: Judged, label: str) -> Matches:
    """Match what was found of the class *label*, or of all where it is `ANY`."""
    truths = [box for box in window.truths if label in (ANY, box.label)]
    unjudged = [
        box for box in window.ignored if label == ANY or box.label in (label, UNKNOWN)
    ]
    found = [box for box in window.found if label in (ANY, box.label)]
    # Stable, so that of equal scores the first stays the first.
    found = sorted(found, key=lambda box: -box.score)[:DETECTIONS_MAX]
    near = [_near(box, truths, unjudged) for box in found]
    shape = (len(OVERLAPS), len(found))
    hit, ignored = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for row, overlap_min in enumerate(OVERLAPS):
        taken: set[int] = set()
        for column, candidates in enumerate(near):
            owner = _best(candidates, taken, overlap_min, len(truths))
            if owner is None:
                continue
            ignored[row, column] = owner >= len(truths)
            hit[row, column] = owner < len(truths)
            taken.add(owner)
    scores = np.array([box.score for box in found], np.float64)
    sure = np.array([not box.is_weak for box in found], np.bool_)
    return Matches(scores, sure, hit, ignored, len(truths))


def intersection_over_union(a: Box, b: Box) -> float:
    """Return the share of their union that both cover."""
    both = _both(a, b)
    return both / (a.area + b.area - both) if both > 0 else 0.0


def _near(
    box: Box, truths: Sequence[Box], unjudged: Sequence[Box]
) -> list[tuple[int, float]]:
    """Return what *box* may be, by place: the judged first, then the others."""
    overlaps = [intersection_over_union(box, truth) for truth in truths]
    overlaps += [
        _both(box, other) / box.area if box.area else 0.0 for other in unjudged
    ]
    return [(at, one) for at, one in enumerate(overlaps) if one >= OVERLAPS[0]]


def _best(
    candidates: Sequence[tuple[int, float]],
    taken: set[int],
    overlap_min: float,
    judged: int,
) -> int | None:
    """Return the place of the best candidate; a judged one goes before all others."""
    best: int | None = None
    most = min(overlap_min, 1 - 1e-10)
    for at, overlap in candidates:
        if at < judged and at in taken:
            continue
        if best is not None and best < judged <= at:
            break
        if overlap >= most:
            best, most = at, overlap
    return best


def _both(a: Box, b: Box) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0.0, width) * max(0.0, height)

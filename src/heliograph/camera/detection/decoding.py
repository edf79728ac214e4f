"""From a network's cells to boxes on its input.

Each cell of a coarse grid says how likely it is the middle of a thing of each class,
and how far the thing's edges are from its own centre (FCOS: Tian et al., ICCV 2019,
https://arxiv.org/abs/1904.01355). Cells side by side see the same thing, so of those
of a class that overlap the best one stays (greedy non-maximum suppression). Where its
edges are is the mean of what they say (box voting: Gidaris, Komodakis, ICCV 2015,
https://arxiv.org/abs/1505.01749).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

STRIDE_PX = 8
CANDIDATES_MAX = 400
"""The best cells that are looked at: a box is seen by a handful."""
BOXES_MAX = 100
SAME_MIN = 0.5
"""Two boxes of a class that overlap by this much, over their union, are one thing."""
VOTES_MIN = 0.6
"""Those that overlap the best one by this much have a say in where its edges are."""
SAME_PLACE_MIN = 0.75
"""Two of different classes are one thing that the network cannot tell apart."""
RIDER = "person"
RIDDEN = "two-wheeler"
RIDER_SHARE_MIN = 0.8
"""How much of a person must be within a two-wheeler to be its rider."""

Floats = NDArray[np.float32]
Number = TypeVar("Number", np.float32, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """N boxes, best first: those whose score is farthest above their class's least.

    `edges` are left, top, right and bottom on the input in pixels, shape (N, 4);
    `classes` number the network's classes.
    """

    edges: Floats
    scores: Floats
    classes: NDArray[np.intp]

    def picked(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Found":
        """Return those at *which*."""
        return Found(self.edges[which], self.scores[which], self.classes[which])


def decode(scores: Floats, distances: Floats, score_min: Floats) -> Found:
    """Return what cells see with at least their class's *score_min*, best first.

    *scores* has shape (classes, rows, columns); *distances* (4, rows, columns) are
    those of left, top, right and bottom from the cell's centre. What is no number, or
    has no area, is left out.
    """
    classes, rows, columns = np.nonzero(scores >= score_min[:, None, None])
    found = scores[classes, rows, columns]
    # Between classes a score says nothing: each has a least one of its own.
    best = np.argsort(-found / score_min[classes], kind="stable")[:CANDIDATES_MAX]
    classes, rows, columns = classes[best], rows[best], columns[best]
    edges = cell_edges(distances, rows, columns)
    sides = edges[:, 2:] - edges[:, :2]
    whole = np.flatnonzero(np.isfinite(edges).all(axis=1) & (sides > 0).all(axis=1))
    return Found(edges.astype(np.float32), found[best], classes).picked(whole)


def cell_edges(
    distances: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return left, top, right and bottom, (N, 4), of what N cells see, in pixels."""
    centres = (np.stack([columns, rows], axis=1) + 0.5) * STRIDE_PX
    away = distances[:, rows, columns].T
    return np.concatenate([centres - away[:, :2], centres + away[:, 2:]], axis=1)


def shared_areas(
    edges: NDArray[Number], others: NDArray[Number]
) -> tuple[NDArray[Number], NDArray[Number], NDArray[Number]]:
    """Return the area (N, M) that each of *edges* shares with each of *others*.

    And the areas of both, (N,) and (M,).
    """
    near = np.maximum(edges[:, None, :2], others[None, :, :2])
    far = np.minimum(edges[:, None, 2:], others[None, :, 2:])
    sides = np.maximum(far - near, 0.0)
    own, other = (one[:, 2:] - one[:, :2] for one in (edges, others))
    return (
        sides[..., 0] * sides[..., 1],
        own[:, 0] * own[:, 1],
        other[:, 0] * other[:, 1],
    )


def suppress(found: Found) -> Found:
    """Keep the best of those of a class that see one thing; still best first.

    They are at most `BOXES_MAX`, and have the mean edges of all that see nearly the
    same, by score. One class says nothing against another: see `outdone`.
    """
    over_union = _over_union(found.edges)
    alike = found.classes[:, None] == found.classes
    same = alike & (over_union >= SAME_MIN)
    standing = np.ones(len(same), np.bool_)
    best = []
    for at in range(len(same)):
        if standing[at]:
            best.append(at)
            if len(best) == BOXES_MAX:
                break
            standing &= ~same[at]
    kept = np.array(best, np.intp)
    near = alike[kept] & (over_union[kept] >= VOTES_MIN)
    votes = near * found.scores.astype(np.float64)
    edges = votes @ found.edges / votes.sum(axis=1, keepdims=True)
    return Found(edges.astype(np.float32), found.scores[kept], found.classes[kept])


def outdone(found: Found, sure: Floats) -> NDArray[np.bool_]:
    """Say of each whether a box of another class has its place, and more right to it.

    That is a score farther above its class's in *sure*. A person before a vehicle has a
    place of its own, however much of it is the vehicle's too.
    """
    above = found.scores / sure[found.classes]
    others = found.classes[:, None] != found.classes
    others &= _over_union(found.edges) >= SAME_PLACE_MIN
    is_outdone: NDArray[np.bool_] = (others & (above[:, None] < above)).any(axis=1)
    return is_outdone


def without_riders(found: Found, names: tuple[str, ...], sure: Floats) -> Found:
    """Leave out persons on a two-wheeler, which is one thing with its rider.

    Only a two-wheeler of at least its class's score in *sure* has one: what is not
    sure begins no track, and its rider's would be lost. *names* are the classes'.
    """
    if RIDER not in names or RIDDEN not in names:
        return found
    ridden = found.classes == names.index(RIDDEN)
    ridden &= found.scores >= sure[found.classes]
    persons = found.classes == names.index(RIDER)
    shared, areas, _ = shared_areas(found.edges, found.edges)
    within = shared >= RIDER_SHARE_MIN * areas[:, None]
    rides = persons & (within & ridden[None, :]).any(axis=1)
    return found.picked(~rides)


def _over_union(edges: Floats) -> Floats:
    """Return what each two share, over all that either has, shape (N, N)."""
    shared, areas, _ = shared_areas(edges, edges)
    over: Floats = shared / np.maximum(areas[:, None] + areas - shared, 1e-6)
    return over

"""Samples in the order in which the network sees them, augmented and with targets."""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.training.augment import View, augment
from heliograph.training.placing import VARIED, Framing
from heliograph.training.samples import Samples
from heliograph.training.targets import Targets, targets

AHEAD = 2
"""How many batches are ready or being made."""


GIVES_WAY, NICEST = 10, 19
"""How much nicer the thread is that makes them, and how nice any can be."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`surfaces` (N, C, H, W) uint8, and `targets.Targets` of each, stacked."""

    surfaces: NDArray[np.uint8]
    asked: dict[str, NDArray[np.float32]]


def batches(
    samples: Samples, size: int, *, seed: int, epoch: int, framing: Framing = VARIED
) -> Iterator[Batch]:
    """Yield one epoch's batches of *size*, all of it settled by *seed* and *epoch*.

    Each window is seen once, as *framing* says. What is left over is left out. The next
    ones are made while one is being used, and none is kept once it was.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(samples))
    parts = [order[at : at + size] for at in range(0, len(order) - size + 1, size)]

    def made(part: NDArray[np.intp]) -> Batch:
        views = [_view(samples, int(one), (seed, epoch), framing) for one in part]
        return _batch(views)

    with ThreadPoolExecutor(1, initializer=_give_way) as pool:
        coming = deque(pool.submit(made, part) for part in parts[:AHEAD])
        for part in parts[AHEAD:]:
            # Taken out before it is used: whoever holds it holds megabytes.
            yield coming.popleft().result()
            coming.append(pool.submit(made, part))
        while coming:
            yield coming.popleft().result()


def _give_way() -> None:
    """Let this thread run when those that train have nothing to do.

    They wait for each other at the end of each batch, so that one that is held up
    holds up all.
    """
    if sys.platform == "linux":
        mine = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, mine) + GIVES_WAY
        os.setpriority(os.PRIO_PROCESS, mine, min(niceness, NICEST))


def plain(samples: Samples, which: Sequence[int], size: int) -> Iterator[Batch]:
    """Yield *which* of *samples* once as they are, in batches of at most *size*."""
    for first in range(0, len(which), size):
        part = which[first : first + size]
        yield _batch([(samples.surfaces[one], samples.boxes_of(one)) for one in part])


def _view(
    samples: Samples, sample: int, chance: tuple[int, int], framing: Framing
) -> View:
    rng = np.random.default_rng([*chance, sample])
    over = None
    if rng.random() < framing.overlaid:
        other = int(rng.integers(len(samples)))
        over = samples.surfaces[other], samples.boxes_of(other)
    surface, boxes = samples.surfaces[sample], samples.boxes_of(sample)
    return augment(surface, boxes, rng, over, framing=framing)


def _batch(views: Sequence[View]) -> Batch:
    asked = []
    for surface, boxes in views:
        grid = (surface.shape[1] // STRIDE_PX, surface.shape[2] // STRIDE_PX)
        asked.append(targets(boxes, grid))
    names = [one.name for one in fields(Targets)]
    return Batch(
        np.stack([surface for surface, _ in views]),
        {name: np.stack([getattr(one, name) for one in asked]) for name in names},
    )

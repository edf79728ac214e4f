"""The truth of a scene, in Prophesee's label format.

One row for each visible thing and moment, `t`, `x`, `y`, `w`, `h`, `class_id`,
`track_id` and `class_confidence` (the `_bbox.npy` files of
https://github.com/prophesee-ai/prophesee-automotive-dataset-toolbox). The confidence
is which share of a thing shows, and 0 where nobody can be asked to know: of what has
emitted too little lately, because it stands still relative to the camera, or is tiny,
or mostly hidden, or mostly beyond the border, or has no mask.
"""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet
from heliograph.simulation.scenes.plan import Plan
from heliograph.simulation.scenes.settings import LABEL_US
from heliograph.simulation.scenes.sprites import CLASSES, Kind

BOX = np.dtype(
    [
        ("t", "<i8"),
        ("x", "<f4"),
        ("y", "<f4"),
        ("w", "<f4"),
        ("h", "<f4"),
        ("class_id", "u1"),
        ("track_id", "<u4"),
        ("class_confidence", "<f4"),
    ]
)

SIDE_PX_MIN = 8
VISIBLE_MIN = 0.45
"""Which share of a thing must show, before others and inside the border."""
TALL_SHARE = 0.5
"""What is cut by the border counts if it still fills this share of the height."""

MEMORY_S = 0.3
"""How fast what was emitted is forgotten: after 1 s, 4 % of it is left."""

SEEN_PER_PX = 0.8
"""Events per pixel of a box's outline from which on one can see what is there."""

Owners: TypeAlias = NDArray[np.int16]


class Marked(Protocol):
    """What says whose each pixel is: places in `kinds` from 1 on, or 0.

    Nobody is asked for those at the places `unsure`, counted from 0.
    """

    kinds: tuple[Kind | None, ...]
    unsure: frozenset[int]
    owner: Owners

    def mark(self, frame: int) -> list[int]:
        """Write `owner`; return the pixels that each would have alone."""
        ...

    def bounds(self, at: int, frame: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of where the pixels of one may be."""
        ...

    def whole_px(self, at: int, frame: int) -> float:
        """Return how many pixels one would cover beyond all borders."""
        ...


class Boxes:
    """Collects the labels of one film."""

    def __init__(self, marked: Marked, plan: Plan) -> None:
        self._marked = marked
        self._plan = plan
        self._emitted = np.zeros(len(marked.kinds) + 1)
        self._rows: list[tuple[float, ...]] = []
        traits = plan.traits
        noise_hz = traits.shot_noise_hz * traits.dark_noise + traits.leak_hz
        self._noise_per_px = noise_hz * MEMORY_S

    def begin(self) -> None:
        """Learn where everybody is at the first frame."""
        self._marked.mark(0)

    def see(self, packet: Packet) -> None:
        """Count events for whose pixels they come from."""
        _add(self._marked.owner, packet, self._emitted)

    def note(self, frame: int, t_us: int) -> None:
        """Note everybody's box at `t_us`."""
        covered = self._marked.mark(frame)
        for at, kind in enumerate(self._marked.kinds):
            if kind is not None and covered[at]:
                self._note((at, kind), covered[at], frame, t_us)
        self._emitted *= np.exp(-LABEL_US / 1e6 / MEMORY_S)

    def labels(self) -> NDArray[np.void]:
        """Return all rows by time, dtype `BOX`."""
        return np.array(self._rows, BOX)

    def _note(self, who: tuple[int, Kind], covered: int, frame: int, t_us: int) -> None:
        at, kind = who
        left, top, right, bottom = self._marked.bounds(at, frame)
        part = self._marked.owner[top:bottom, left:right] == at + 1
        visible = int(np.count_nonzero(part))
        if not visible:
            return
        rows = np.flatnonzero(part.any(axis=1))
        columns = np.flatnonzero(part.any(axis=0))
        width, height = columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
        outline = 2.0 * (width + height)
        needed = SEEN_PER_PX * outline + 2 * self._noise_per_px * visible
        tall = height >= TALL_SHARE * self._plan.size.height
        whole = 0.0 if tall else self._marked.whole_px(at, frame)
        sure = (
            at not in self._marked.unsure
            and min(width, height) >= SIDE_PX_MIN
            and visible >= VISIBLE_MIN * covered
            and covered >= VISIBLE_MIN * whole
            and self._emitted[at + 1] >= needed
        )
        shown = visible / max(covered, whole) if sure else 0.0
        box = (left + columns[0], top + rows[0], width, height)
        self._rows.append((t_us, *box, CLASSES.index(kind), at + 1, shown))


@compiled
def tally(owner: Owners, marks: int) -> NDArray[np.int64]:
    """Return how many pixels have each mark from 1 to `marks`."""
    counts = np.zeros(marks + 1, np.int64)
    # Neighbours mostly have the same mark, and adding up in memory one by one is slow.
    last, run = np.int16(0), 0
    for mark in owner.ravel():
        if mark == last:
            run += 1
            continue
        counts[last] += run
        last, run = mark, 1
    counts[last] += run
    return counts[1:]


@compiled
def _add(owner: Owners, packet: Packet, emitted: NDArray[np.float64]) -> None:
    """Add each event to what the owner of its pixel has emitted."""
    for event in packet:
        emitted[owner[event.y, event.x]] += 1.0

"""The truth of a scene, in Prophesee's label format.

One row for each visible thing and moment, `t`, `x`, `y`, `w`, `h`, `class_id`,
`track_id` and `class_confidence` (the `_bbox.npy` files of
https://github.com/prophesee-ai/prophesee-automotive-dataset-toolbox). The confidence
is 1 for what can be seen in the events and 0 for what has emitted too little lately,
because it stands still relative to the camera: a detector cannot know of it.
"""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Packet
from heliograph.simulation.scenes.actors import Staged
from heliograph.simulation.scenes.plan import Plan
from heliograph.simulation.scenes.settings import LABEL_US
from heliograph.simulation.scenes.sprites import CLASSES

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
VISIBLE_MIN = 0.25
TALL_SHARE = 0.4
"""What is cut by the border counts if it still fills this share of the height."""

MEMORY_S = 0.3
"""How fast what was emitted is forgotten: after 1 s, 4 % of it is left."""

SEEN_PER_PX = 0.25
"""Events per pixel of a box's outline from which on one can see what is there."""

Owners: TypeAlias = NDArray[np.int16]


class Marked(Protocol):
    """What says whose each pixel is."""

    actors: tuple[Staged, ...]
    owner: Owners

    def mark(self, frame: int) -> list[int]:
        """Write `owner`; return the pixels that each actor would have alone."""
        ...


class Boxes:
    """Collects the labels of one film."""

    def __init__(self, marked: Marked, plan: Plan) -> None:
        self._marked = marked
        self._plan = plan
        actors = marked.actors
        self._emitted = np.zeros(len(actors) + 1)
        self._rows: list[tuple[float, ...]] = []
        traits = plan.traits
        noise_hz = traits.shot_noise_hz * traits.dark_noise + traits.leak_hz
        self._noise_per_px = noise_hz * MEMORY_S

    def begin(self) -> None:
        """Learn where everybody is at the first frame."""
        self._marked.mark(0)

    def see(self, packet: Packet) -> None:
        """Count events for whose pixels they come from."""
        at = self._marked.owner[packet["y"], packet["x"]]
        self._emitted += np.bincount(at, minlength=self._emitted.size)

    def note(self, frame: int, t_us: int) -> None:
        """Note everybody's box at `t_us`."""
        covered = self._marked.mark(frame)
        for at, actor in enumerate(self._marked.actors):
            if actor.kind is not None and covered[at]:
                self._note(at, actor, covered[at], frame, t_us)
        self._emitted *= np.exp(-LABEL_US / 1e6 / MEMORY_S)

    def labels(self) -> NDArray[np.void]:
        """Return all rows by time, dtype `BOX`."""
        return np.array(self._rows, BOX)

    def _note(
        self, at: int, actor: Staged, covered: int, frame: int, t_us: int
    ) -> None:
        kind = actor.kind
        lefts, tops, rights, bottoms = actor.rects[frame].T
        left, top = int(lefts.min()), int(tops.min())
        part = self._marked.owner[top : bottoms.max(), left : rights.max()] == at + 1
        visible = int(np.count_nonzero(part))
        if visible < VISIBLE_MIN * covered:
            return
        rows = np.flatnonzero(part.any(axis=1))
        columns = np.flatnonzero(part.any(axis=0))
        width, height = columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
        if min(width, height) < SIDE_PX_MIN:
            return
        whole = _area_px(actor, frame)
        tall = height >= TALL_SHARE * self._plan.size.height
        if covered < VISIBLE_MIN * whole and not tall:
            return
        outline = 2.0 * (width + height)
        needed = SEEN_PER_PX * outline + 2 * self._noise_per_px * visible
        seen = 1.0 if self._emitted[at + 1] >= needed else 0.0
        box = (left + columns[0], top + rows[0], width, height)
        self._rows.append((t_us, *box, CLASSES.index(str(kind)), at + 1, seen))


def _area_px(actor: Staged, frame: int) -> float:
    """Return how many pixels the actor's labelled parts cover beyond all borders."""
    total = 0.0
    scale = 1.0 / abs(np.linalg.det(actor.to_actor[frame, :, :2]))
    for part, texture, to_texture in zip(
        actor.parts, actor.textures, actor.to_textures, strict=True
    ):
        if part.labelled:
            solid = float(np.count_nonzero(texture[:, :, 1] > 0.4))  # noqa: PLR2004 - paint.SOLID
            total += solid * scale / abs(np.linalg.det(to_texture[:, :2]))
    return total

"""Pictures with whoever was in them when they were taken, known by their masks.

Filmed by a hand that is never quite still, they show people and cars where people and
cars are, among all that is around them, which nobody would think of drawing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.backgrounds import draw_crop, softened
from heliograph.simulation.scenes.by_eye import NOTHING, Unmasked, read_notes
from heliograph.simulation.scenes.masked_pictures import (
    LABELLED,
    coco_pictures,
    filled,
    join_riders,
    penn_fudan_masks,
    read_grey,
)
from heliograph.simulation.scenes.paint import Plane
from heliograph.simulation.scenes.sprites import Bytes2d, Kind

THINGS_MAX = 60
"""A picture of more is of a crowd, in which somebody has no mask."""

SMALLEST = 0.75
"""Less of a picture of people than this is mostly a picture of their parts."""

CLOTHES_SIGMA = 0.35
"""How much brighter or darker somebody may be than in the picture: of the logarithm."""

Numbers: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Peopled:
    """A grey picture, whose each pixel is, and what each of them is.

    `owner` holds 0 where nobody is, and `n` where the `n`-th of `kinds` is. Of those at
    the places `hidden`, counted from 0, less than half shows, and of the last `boxed`
    no more than a box is known.
    """

    grey: Bytes2d
    owner: Bytes2d
    kinds: tuple[Kind, ...]
    source: str
    hidden: frozenset[int] = frozenset()
    boxed: int = 0

    @property
    def masked(self) -> int:
        """How many have a mask; they come first."""
        return len(self.kinds) - self.boxed

    @property
    def unsure(self) -> frozenset[int]:
        """The places of those for whom nobody is asked."""
        return self.hidden | frozenset(range(self.masked, len(self.kinds)))


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Who is in a background: as `Peopled`, and how large each is beyond all borders.

    `whole_px` are in the background's pixels; `unsure` is as in `Peopled`.
    """

    owner: Numbers
    kinds: tuple[Kind, ...]
    whole_px: tuple[float, ...]
    unsure: frozenset[int] = frozenset()


def penn_fudan_peopled(folder: Path) -> Iterator[Peopled]:
    """Yield the pictures of PennFudanPed. Raises `PicturesMissingError`."""
    notes = read_notes()
    for source, grey, people in penn_fudan_masks(folder):
        count = int(people.max())
        if 0 < count <= THINGS_MAX:
            person: Kind = "person"
            masked = Peopled(grey, people, (person,) * count, source)
            yield _with_boxes(masked, notes.get(source, NOTHING).unmasked)


def coco_peopled(folder: Path) -> Iterator[Peopled]:
    """Yield the pictures of a COCO folder that show something we have a class for.

    Those with a crowd, in which nobody is outlined, are left out. Raises
    `PicturesMissingError`.
    """
    notes = read_notes()
    for picture, things in coco_pictures(folder):
        labelled = [(kind, row) for kind, row in things if kind in LABELLED]
        crowded = any(row["iscrowd"] for _, row in labelled)
        if not labelled or crowded or len(labelled) > THINGS_MAX:
            continue
        grey = read_grey(folder / "train2017" / picture)
        masks = [(kind, filled(row, grey.shape)) for kind, row in labelled]
        noted = notes.get(picture, NOTHING)
        hidden = {
            at for at, (_, row) in enumerate(labelled) if row["id"] in noted.hidden
        }
        masked = _numbered(grey, masks, hidden, picture)
        yield _with_boxes(masked, noted.unmasked)


def draw_peopled(
    shape: tuple[int, int], pictures: Sequence[Peopled], rng: np.random.Generator
) -> tuple[Plane, Known, str]:
    """Return a part of one picture as a background, who is in it, and its source."""
    chosen = pictures[int(rng.integers(len(pictures)))]
    crop = draw_crop(chosen.grey, shape, rng, smallest=SMALLEST)
    sizes = np.bincount(chosen.owner.ravel(), minlength=len(chosen.kinds) + 1)[1:]
    known = Known(
        crop.numbers(chosen.owner).astype(np.int16),
        chosen.kinds,
        tuple(float(size) / crop.scale**2 for size in sizes),
        chosen.unsure,
    )
    # Each of them in brighter or darker clothes than on that day, if masked.
    gains = np.ones(len(chosen.kinds) + 1)
    dressed = chosen.masked + 1
    gains[:dressed] = np.exp(rng.normal(0.0, CLOTHES_SIGMA, dressed))
    gains[0] = 1.0
    grey = crop.grey(chosen.grey) * gains.astype(np.float32)[known.owner]
    return softened(np.minimum(grey, np.float32(1.0))), known, chosen.source


def _numbered(
    grey: Bytes2d, masks: list[tuple[Kind, Bytes2d]], hidden: set[int], source: str
) -> Peopled:
    """Give each thing a number; whoever rides is one with what they ride."""
    riders: set[int] = set()
    for kind, mask in masks:
        if kind == "two-wheeler":
            riders |= join_riders(mask, masks)
    things = [at for at in range(len(masks)) if at not in riders]
    # The smaller one is in front: the larger would hide it if it were not.
    things.sort(key=lambda at: -cv2.countNonZero(masks[at][1]))
    owner = np.zeros(grey.shape, np.uint8)
    for number, at in enumerate(things, 1):
        owner[masks[at][1] > 0] = number
    kinds = tuple(masks[at][0] for at in things)
    places = frozenset(place for place, at in enumerate(things) if at in hidden)
    return Peopled(grey, owner, kinds, source, places)


def _with_boxes(picture: Peopled, boxes: Sequence[Unmasked]) -> Peopled:
    """Add what is known by a box: where nobody masked is, and the smaller in front."""
    owner = np.zeros_like(picture.owner)
    ordered = sorted(boxes, key=lambda b: (b.left - b.right) * (b.bottom - b.top))
    for number, box in enumerate(ordered, len(picture.kinds) + 1):
        owner[box.top : box.bottom, box.left : box.right] = number
    return replace(
        picture,
        owner=np.where(picture.owner > 0, picture.owner, owner),
        kinds=(*picture.kinds, *(box.kind for box in ordered)),
        boxed=len(ordered),
    )

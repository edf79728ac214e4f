"""Pictures with whoever was in them when they were taken, known by their masks.

Filmed by a hand that is never quite still, they show people and cars where people and
cars are, among all that is around them, which nobody would think of drawing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.backgrounds import draw_crop, softened
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

    `owner` holds 0 where nobody is, and `n` where the `n`-th of `kinds` is.
    """

    grey: Bytes2d
    owner: Bytes2d
    kinds: tuple[Kind, ...]
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Who is in a background: as `Peopled`, and how large each is beyond all borders.

    `whole_px` are in the background's pixels.
    """

    owner: Numbers
    kinds: tuple[Kind, ...]
    whole_px: tuple[float, ...]


def penn_fudan_peopled(folder: Path) -> Iterator[Peopled]:
    """Yield the pictures of PennFudanPed. Raises `PicturesMissingError`."""
    for source, grey, people in penn_fudan_masks(folder):
        count = int(people.max())
        if 0 < count <= THINGS_MAX:
            person: Kind = "person"
            yield Peopled(grey, people, (person,) * count, source)


def coco_peopled(folder: Path) -> Iterator[Peopled]:
    """Yield the pictures of a COCO folder that show something we have a class for.

    Those with a crowd, in which nobody is outlined, are left out. Raises
    `PicturesMissingError`.
    """
    for picture, things in coco_pictures(folder):
        labelled = [(kind, row) for kind, row in things if kind in LABELLED]
        crowded = any(row["iscrowd"] for _, row in labelled)
        if not labelled or crowded or len(labelled) > THINGS_MAX:
            continue
        grey = read_grey(folder / "train2017" / picture)
        masks = [(kind, filled(row, grey.shape)) for kind, row in labelled]
        yield _numbered(grey, masks, picture)


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
    )
    # Each of them in brighter or darker clothes than on that day.
    gains = np.exp(rng.normal(0.0, CLOTHES_SIGMA, len(chosen.kinds) + 1))
    gains[0] = 1.0
    grey = crop.grey(chosen.grey) * gains.astype(np.float32)[known.owner]
    return softened(np.minimum(grey, np.float32(1.0))), known, chosen.source


def _numbered(grey: Bytes2d, masks: list[tuple[Kind, Bytes2d]], source: str) -> Peopled:
    """Give each thing a number; whoever rides is one with what they ride."""
    riders: set[int] = set()
    for kind, mask in masks:
        if kind == "two-wheeler":
            riders |= join_riders(mask, masks)
    things = [one for at, one in enumerate(masks) if at not in riders]
    # The smaller one is in front: the larger would hide it if it were not.
    things.sort(key=lambda one: -cv2.countNonZero(one[1]))
    owner = np.zeros(grey.shape, np.uint8)
    for number, (_, mask) in enumerate(things, 1):
        owner[mask > 0] = number
    return Peopled(grey, owner, tuple(kind for kind, _ in things), source)

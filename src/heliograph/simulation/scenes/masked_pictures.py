"""Sprites from PennFudanPed and from COCO's pictures with polygons."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.by_eye import NOTHING, read_notes
from heliograph.simulation.scenes.sprites import (
    Bytes2d,
    Kind,
    Sprite,
    cut_out,
    upright_enough,
)

PERSON_PX_MIN = 40
THING_PX_MIN = 24
TOUCHED_MAX = 0.2
"""A person whose outline runs along another's for more than this share is covered."""

RIDING_SHARE = 0.25
"""A person who shares this much of their box with a bicycle sits on it or pushes it."""

KINDS: dict[str, Kind] = {
    "person": "person",
    "car": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
    "bicycle": "two-wheeler",
    "motorcycle": "two-wheeler",
    "handbag": "carried",
    "backpack": "carried",
    "suitcase": "carried",
    "umbrella": "carried",
    "baseball bat": "carried",
    "skis": "carried",
    "snowboard": "carried",
    "tennis racket": "carried",
    "dog": "other",
    "cat": "other",
    "bird": "other",
    "sports ball": "other",
    "frisbee": "other",
    "kite": "other",
    "potted plant": "other",
    "chair": "other",
    "elephant": "other",
    "zebra": "other",
    "giraffe": "other",
    "horse": "other",
    "bench": "other",
    "teddy bear": "other",
    "clock": "other",
    "stop sign": "other",
    "traffic light": "other",
    "boat": "other",
}

LABELLED: frozenset[Kind] = frozenset({"person", "vehicle", "two-wheeler"})

Row: TypeAlias = dict[str, Any]


class PicturesMissingError(Exception):
    """The masked pictures or videos are not where they were looked for."""


def penn_fudan_masks(folder: Path) -> Iterator[tuple[str, Bytes2d, Bytes2d]]:
    """Yield name, grey picture and masks of each picture of PennFudanPed.

    The masks hold one number a person (https://www.cis.upenn.edu/~jshi/ped_html/).
    Raises `PicturesMissingError` when the folder is not there.
    """
    masks = sorted((folder / "PedMasks").glob("*_mask.png"))
    if not masks:
        raise PicturesMissingError(
            f"{folder} has no PedMasks/*_mask.png: unpack PennFudanPed.zip of "
            "https://www.cis.upenn.edu/~jshi/ped_html/ there"
        )
    for path in masks:
        name = path.name.removesuffix("_mask.png")
        grey = read_grey(folder / "PNGImages" / f"{name}.png")
        yield name, grey, read_grey(path)


def penn_fudan_sprites(folder: Path) -> Iterator[Sprite]:
    """Yield whole people of PennFudanPed, picture by picture.

    Raises `PicturesMissingError`.
    """
    for name, grey, people in penn_fudan_masks(folder):
        for number in range(1, int(people.max()) + 1):
            one = np.where(people == number, np.uint8(255), np.uint8(0))
            if _touched(one, people, number) > TOUCHED_MAX:
                continue
            sprite = cut_out("person", grey, one, name)
            if sprite is not None and _whole(sprite):
                yield sprite


def coco_sprites(folder: Path) -> Iterator[Sprite]:
    """Yield what `KINDS` names of a COCO folder, riders together with what they ride.

    What shows less than half of itself, as `by_eye.json` notes, is left out. Expects
    `annotations/instances_train2017.json` and `train2017/`. Raises
    `PicturesMissingError` when they are not there.
    """
    notes = read_notes()
    for picture, things in coco_pictures(folder):
        grey = read_grey(folder / "train2017" / picture)
        masks = [(kind, filled(thing, grey.shape)) for kind, thing in things]
        hidden = notes.get(picture, NOTHING).hidden
        riders: set[int] = set()
        for kind, mask in masks:
            if kind == "two-wheeler":
                riders |= join_riders(mask, masks)
        for at, (kind, mask) in enumerate(masks):
            if at in riders or things[at][1]["id"] in hidden:
                continue
            sprite = cut_out(kind, grey, mask, picture)
            if sprite is not None and _whole(sprite):
                yield sprite


def coco_backgrounds(folder: Path) -> list[Path]:
    """Return the pictures of a COCO folder that show nothing we have a class for."""
    free = []
    for picture, things in coco_pictures(folder):
        if not any(kind in LABELLED for kind, _ in things):
            free.append(folder / "train2017" / picture)
    return free


def coco_pictures(folder: Path) -> Iterator[tuple[str, list[tuple[Kind, Row]]]]:
    """Yield the name of each picture of a COCO folder with its things, by name.

    Raises `PicturesMissingError`.
    """
    path = folder / "annotations" / "instances_train2017.json"
    if not path.is_file():
        raise PicturesMissingError(
            f"{path} is not there: {folder.name} is expected to hold annotations/ and "
            "train2017/ as COCO packs them"
        )
    told = json.loads(path.read_text())
    names = {row["id"]: str(row["name"]) for row in told["categories"]}
    by_picture: dict[int, list[tuple[Kind, Row]]] = {}
    for row in told["annotations"]:
        things = by_picture.setdefault(row["image_id"], [])
        name = names[row["category_id"]]
        # A crowd has a mask but no outline of anybody in it.
        if name in KINDS:
            things.append(("other" if row["iscrowd"] else KINDS[name], row))
        if row["iscrowd"] and KINDS.get(name) in LABELLED:
            things.append((KINDS[name], row))
    for row in sorted(told["images"], key=lambda row: str(row["file_name"])):
        yield row["file_name"], by_picture.get(row["id"], [])


def read_grey(path: Path) -> Bytes2d:
    """Return a picture in grey. Raises `PicturesMissingError`."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise PicturesMissingError(f"{path} is not there or is no picture")
    return np.asarray(grey, np.uint8)


def filled(thing: Row, shape: tuple[int, ...]) -> Bytes2d:
    """Return a mask of the thing's polygons; empty for a crowd."""
    mask = np.zeros(shape[:2], np.uint8)
    if isinstance(thing["segmentation"], list):
        polygons: list[NDArray[np.int32]] = [
            np.round(np.reshape(flat, (-1, 2))).astype(np.int32)
            for flat in thing["segmentation"]
        ]
        cv2.fillPoly(mask, polygons, 255)
    return mask


def join_riders(mask: Bytes2d, masks: list[tuple[Kind, Bytes2d]]) -> set[int]:
    """Add to a two-wheeler's mask whoever sits on it; return where they stand."""
    left, top, width, height = cv2.boundingRect(mask)
    joined = set()
    for at, (kind, other) in enumerate(masks):
        if kind != "person":
            continue
        area = int(np.count_nonzero(other))
        shared = np.count_nonzero(other[top : top + height, left : left + width])
        if area and shared / area > RIDING_SHARE:
            mask |= other
            joined.add(at)
    return joined


def _touched(one: Bytes2d, people: Bytes2d, number: int) -> float:
    """Return the share of a person's outline that borders on other people."""
    around = cv2.dilate(one, np.ones((5, 5), np.uint8)) > one
    if not around.any():
        return 0.0
    return float(((people > 0) & (people != number))[around].mean())


def _whole(sprite: Sprite) -> bool:
    height, width = (int(side) for side in sprite.grey.shape)
    if sprite.kind == "person":
        return height >= PERSON_PX_MIN and upright_enough(sprite, aspect=(0.2, 0.85))
    narrowest = THING_PX_MIN if sprite.kind in LABELLED else THING_PX_MIN // 2
    return max(height, width) >= THING_PX_MIN and min(height, width) >= narrowest

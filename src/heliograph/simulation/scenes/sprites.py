"""Cut-outs: something that was masked in a picture, with soft edges.

Pictures are divided into those for training and those for testing by a fixed hash of
their names, so that no sprite of a test scene was ever seen in training.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Kind: TypeAlias = Literal["person", "vehicle", "two-wheeler", "carried", "other"]
Split: TypeAlias = Literal["train", "test"]
Bytes2d: TypeAlias = NDArray[np.uint8]

CLASSES: tuple[str, ...] = ("person", "vehicle", "two-wheeler")
"""The names of classes 0, 1 and 2."""

TEST_SHARE = 0.2
BORDER_PX = 2
"""What comes nearer to the border of its picture was cut by it."""

MARGIN_PX = 3
EDGE_SIGMA_PX = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A cut-out: `grey` and `alpha`, both (height, width), 0 to 255.

    `source` is the picture it is from, or what drew it. `facing` is 1 when it looks
    or drives to the right, -1 to the left, 0 when nobody knows or it does not matter.
    """

    kind: Kind
    grey: Bytes2d
    alpha: Bytes2d
    source: str
    facing: int = 0

    @property
    def aspect(self) -> float:
        """Width by height."""
        rows, columns = self.grey.shape
        return int(columns) / int(rows)


def split_of(source: str) -> Split:
    """Return which split a picture, video or drawing belongs to, by its name."""
    share = sha256(source.encode()).digest()[0] / 256
    return "test" if share < TEST_SHARE else "train"


def cut_out(kind: Kind, picture: Bytes2d, mask: Bytes2d, source: str) -> Sprite | None:
    """Cut what `mask` (not 0) covers out of a grey picture.

    Returns None when the mask is empty or touches the border: then part of the thing
    is missing.
    """
    left, top, width, height = cv2.boundingRect(mask)
    rows, columns = picture.shape
    cut = (
        left < BORDER_PX
        or top < BORDER_PX
        or left + width > columns - BORDER_PX
        or top + height > rows - BORDER_PX
    )
    if width == 0 or cut:
        return None
    first_y, first_x = max(0, top - MARGIN_PX), max(0, left - MARGIN_PX)
    inside = (
        slice(first_y, top + height + MARGIN_PX),
        slice(first_x, left + width + MARGIN_PX),
    )
    solid = np.where(mask[inside] > 0, np.float32(255.0), np.float32(0.0))
    # Masks are drawn a little outside; what shines through at the edge is not theirs.
    solid = cv2.erode(solid, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(solid, (0, 0), EDGE_SIGMA_PX)
    return Sprite(kind, picture[inside].copy(), soft.astype(np.uint8), source)


def upright_enough(sprite: Sprite, *, aspect: tuple[float, float]) -> bool:
    """Tell whether a person's shape is likely to be whole: neither sliver nor heap."""
    filled = float((sprite.alpha > 0).mean())
    return aspect[0] <= sprite.aspect <= aspect[1] and filled >= FILLED_MIN


FILLED_MIN = 0.3
"""A person fills at least this share of the box around them."""

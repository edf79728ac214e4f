"""What the masks of pictures leave out, as somebody saw who looked at each of them.

In four of five of Penn-Fudan's pictures somebody half hidden, a car or a bicycle has no
mask, and in COCO's a mask may be of a hand, or of a car's roof. Nobody may be told
that nothing is there, nor be asked for what is mostly hidden or out of the picture.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from heliograph.simulation.scenes.sprites import Kind


class Unmasked(NamedTuple):
    """Somebody or something without a mask: a box in pixels of the picture.

    `right` and `bottom` are just beyond it.
    """

    kind: Kind
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Notes:
    """Of one picture: which annotations show less than half, and what has no mask."""

    hidden: frozenset[int] = frozenset()
    unmasked: tuple[Unmasked, ...] = ()


NOTHING = Notes()
"""Of a picture in which all is masked and well to be seen."""


def read_notes() -> dict[str, Notes]:
    """Return the notes on pictures of PennFudanPed and coco128, by their names.

    `by_eye.json` has an annotation's id for what is hidden, and boxes as `Unmasked`.
    """
    told = json.loads(files(__package__).joinpath("by_eye.json").read_text())
    return {
        picture: Notes(
            frozenset(notes.get("hidden", ())),
            tuple(Unmasked(*row) for row in notes.get("unmasked", ())),
        )
        for picture, notes in told.items()
    }

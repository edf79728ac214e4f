"""What a network's file must take and give to make pictures of events.

`events`, float of shape [1, N, H, W], a signed voxel grid of N slices, goes in, and any
number of states, float [1, C, H, W]; `image` [1, 1, H, W] comes out, and for each state
its next one, which is called like it with `_out` behind. H and W are free. So FireNet
is exported: Scheerlinck et al., "Fast Image Reconstruction with an Event Camera", WACV
2020, https://arxiv.org/abs/2001.04134 (5 slices, two states of 16 planes).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from heliograph.camera.config.errors import SettingError
from heliograph.camera.networks.file import Shape

EVENTS, IMAGE = "events", "image"
NEXT = "_out"
FLOAT = "tensor(float)"
SIDES = 4
"""Batch, planes, rows, columns."""
BINS_MAX = 64
PLANES_MAX = 512
"""Of all states: as many as 64 MB hold of the largest frame."""
SHOWN_MAX = 8
NEEDED = (
    f"{EVENTS}, {FLOAT} [1, N, H, W] with free H and W, beside states NAME, {FLOAT} "
    f"[1, C, H, W], and give {IMAGE}, {FLOAT} [1, 1, H, W], beside NAME{NEXT} of each "
    "state"
)


@dataclass(frozen=True, slots=True)
class Contract:
    """How many slices a network takes, and the planes of each of its `states`."""

    bins: int
    states: Mapping[str, int]


def read_contract(inputs: Sequence[Shape], outputs: Sequence[Shape]) -> Contract:
    """Return the contract of a network of these *inputs* and *outputs*.

    Raises `SettingError` that says what it is and what it must be.
    """
    problem = next(_problems({one.name: one for one in inputs}, outputs), None)
    if problem is not None:
        raise SettingError(
            f"{problem}. It takes {_listed(inputs)} and gives {_listed(outputs)}; a "
            f"network that makes pictures of events must take {NEEDED}"
        )
    planes = {one.name: int(one.sides[1] or 0) for one in inputs}
    return Contract(planes.pop(EVENTS), planes)


def _problems(inputs: Mapping[str, Shape], outputs: Sequence[Shape]) -> Iterator[str]:
    """Yield in what ways it is another network; after the first all is a guess."""
    if EVENTS not in inputs:
        yield f"none of its inputs is called {EVENTS}"
    given = {one.name: one for one in outputs}
    for name in (IMAGE, *(f"{state}{NEXT}" for state in inputs if state != EVENTS)):
        if name not in given:
            yield f"none of its outputs is called {name}"
        elif given[name].type != FLOAT:
            yield f"its output {name} is no {FLOAT}"
    for one in inputs.values():
        for misfit in _misfits(one, inputs[EVENTS].sides[2:]):
            yield f"its input {one.name} {misfit}"
    slices = _planes(inputs[EVENTS])
    if slices > BINS_MAX:
        yield f"it takes {slices} slices, and {BINS_MAX} are the most"
    planes = sum(map(_planes, inputs.values())) - slices
    if planes > PLANES_MAX:
        yield f"its states have {planes} planes, and {PLANES_MAX} are the most"


def _misfits(one: Shape, free: Sequence[int | str | None]) -> Iterator[str]:
    """Yield why *one* can be no input of a network of which *free* sides are free."""
    if one.type != FLOAT:
        yield f"is no {FLOAT}"
    if len(one.sides) != SIDES:
        yield f"has not {SIDES} sides"
    batch, planes, *sides = one.sides
    if isinstance(batch, int) and batch != 1:
        yield f"takes {batch} at once"
    if not isinstance(planes, int) or planes < 1:
        yield "does not say how many planes it has"
    if any(isinstance(side, int) for side in sides):
        yield "is of one size only: export it with free height and width"
    if list(sides) != list(free) and None not in (*sides, *free):
        yield f"is of another size than {EVENTS}"


def _planes(one: Shape) -> int:
    """Return how many planes *one*, which fits, has."""
    return int(one.sides[1] or 0)


def _listed(shapes: Sequence[Shape]) -> str:
    """Name *shapes*, the first of very many."""
    told = "; ".join(str(one) for one in shapes[:SHOWN_MAX]) or "nothing"
    return told if len(shapes) <= SHOWN_MAX else f"{told}; …"

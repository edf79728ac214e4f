"""What a detector's file must say of itself, and what is said of one that does not.

It is an ONNX model: `surface`, uint8 of shape [1, channels, rows, 320], goes in;
`scores` [1, classes, rows / 8, 40], from 0 to 1, and `boxes` [1, 4, rows / 8, 40],
distances in pixels of the input from a cell's centre to left, top, right and bottom,
come out. Where `rows` is free, the sensor's shape says how many there are. Its metadata
hold texts: `heliograph_model`, the version of this contract; `classes`, joined by
commas; `surface`, an `InputSpec` as JSON; `score_min`, JSON by class.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from heliograph.camera.config.errors import SettingError
from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.camera.networks.file import Shape
from heliograph.camera.surfaces.model_input import CELLS, InputSpec, cells_of
from heliograph.camera.types import Size

VERSION = "1"
INPUT = "surface"
SIDES = 4
"""Of the input: windows, channels, rows and columns."""
ROWS = "rows"
"""How the side of the input that a file may leave free is called."""
ROWS_MAX = 1024
"""More would take longer than a window lasts."""
OUTPUTS = ("scores", "boxes")
CLASSES_MAX = 100
CLASS_CHARACTERS_MAX = 40
SPEC_KEYS = tuple(one.name for one in fields(InputSpec))
TAU_US_MAX = 60_000_000
MEMORIES_MAX = 64


class ForeignModelError(SettingError):
    """A model that is not a detector as this version reads it; the message says why."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which *classes* a model knows, what it looks at, and how sure it must be.

    Its input has *rows*, or, where that is None, as many as a sensor needs.
    """

    classes: tuple[str, ...]
    spec: InputSpec
    score_min: Mapping[str, float]
    rows: int | None = None

    def cells(self, size: Size) -> Size:
        """Return the input's geometry for a sensor of *size*."""
        return cells_of(size) if self.rows is None else Size(CELLS.width, self.rows)


def read_facts(
    metadata: Mapping[str, str], inputs: Sequence[Shape], outputs: Sequence[Shape]
) -> ModelFacts:
    """Return what a model's *metadata* say, once its *inputs* and *outputs* agree.

    Raises `ForeignModelError`.
    """
    version = metadata.get("heliograph_model")
    if version is None:
        raise ForeignModelError(
            "it is no detector of Heliograph: its metadata have no heliograph_model"
        )
    if version.partition(".")[0] != VERSION:
        raise ForeignModelError(
            f"it is a detector of version {version[:20]!r}, "
            f"and this one reads {VERSION}"
        )
    classes = _classes(metadata.get("classes", ""))
    facts = ModelFacts(
        classes,
        _spec(_json(metadata, "surface")),
        _score_min(_json(metadata, "score_min"), classes),
        _rows(inputs),
    )
    rows: int | str = facts.rows or ROWS
    surface = Shape(INPUT, "tensor(uint8)", (1, facts.spec.channels, rows, CELLS.width))
    _check("takes", inputs, [surface])
    down = facts.rows // STRIDE_PX if facts.rows else f"{ROWS} / {STRIDE_PX}"
    grid = (down, CELLS.width // STRIDE_PX)
    scores, boxes = (
        Shape(name, "tensor(float)", (1, planes, *grid))
        for name, planes in zip(OUTPUTS, (len(classes), 4), strict=True)
    )
    _check("gives", outputs, [scores, boxes])
    return facts


def _rows(inputs: Sequence[Shape]) -> int | None:
    """Return how many rows the input has: None where they are free, or cannot be."""
    sides = next((one.sides for one in inputs if one.name == INPUT), ())
    rows = sides[2] if len(sides) == SIDES else None
    can_be = range(STRIDE_PX, ROWS_MAX + 1, STRIDE_PX)
    return rows if isinstance(rows, int) and rows in can_be else None


def _check(does: str, told: Sequence[Shape], needed: Sequence[Shape]) -> None:
    """Refuse a model whose inputs or outputs are others."""
    wanted = {one.name: _named_alike(one) for one in needed}
    if {one.name: _named_alike(one) for one in told} != wanted:
        found = "; ".join(map(str, told)) or "nothing"
        shapes = "; ".join(map(str, needed))
        raise ForeignModelError(f"it {does} {found}, where a detector {does} {shapes}")


def _named_alike(shape: Shape) -> Shape:
    """Return *shape* with one name for every side that is free."""
    sides = (side if isinstance(side, int) else ROWS for side in shape.sides)
    return Shape(shape.name, shape.type, tuple(sides))


def _classes(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    good = all(
        name and name.isprintable() and len(name) <= CLASS_CHARACTERS_MAX
        for name in names
    )
    if not good or len(set(names)) < len(names) or len(names) > CLASSES_MAX:
        raise ForeignModelError(
            "its metadata name no classes, or one of them twice: "
            "classes is a text such as person,vehicle"
        )
    return names


def _json(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    try:
        read = json.loads(metadata.get(key, ""))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ForeignModelError(f"{key} in its metadata is no JSON object")
    return read


def _spec(told: Mapping[str, Any]) -> InputSpec:
    """Read what the model looks at."""
    if unknown := sorted(told.keys() - set(SPEC_KEYS)):
        raise ForeignModelError(
            f"the surface in its metadata has {unknown[0][:40]!r}, which this version "
            f"does not know; it knows {', '.join(SPEC_KEYS)}"
        )
    taus = told.get("taus_us", list(InputSpec().taus_us))
    numbers = [told.get(name, 1) for name in ("bins", "slice_us")]
    if not isinstance(taus, list) or not all(
        type(number) is int and 1 <= number <= TAU_US_MAX
        for number in [*taus, *numbers]
    ):
        raise ForeignModelError(
            "the surface in its metadata has times or bins that are no whole numbers "
            f"from 1 to {TAU_US_MAX}"
        )
    try:
        spec = InputSpec(**(dict(told) | {"taus_us": tuple(taus)}))
    except ValueError as error:
        raise ForeignModelError(f"the surface in its metadata: {error}") from error
    if spec.memories > MEMORIES_MAX:
        raise ForeignModelError(
            f"the surface in its metadata has {spec.memories} planes a polarity; "
            f"at most {MEMORIES_MAX} can be drawn"
        )
    return spec


def _score_min(told: Mapping[str, Any], classes: Sequence[str]) -> dict[str, float]:
    found = {}
    for name in classes:
        score = told.get(name)
        if not isinstance(score, int | float) or not 0 < score <= 1:
            raise ForeignModelError(
                f"score_min in its metadata has no score from 0 to 1 for {name}"
            )
        found[name] = float(score)
    return found

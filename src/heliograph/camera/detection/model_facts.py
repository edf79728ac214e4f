"""What a detector's file must say of itself, and what is said of one that does not.

It is an ONNX model: `surface`, uint8 of shape [1, channels, 192, 320], goes in;
`scores` [1, classes, 24, 40], from 0 to 1, and `boxes` [1, 4, 24, 40], distances in
pixels of the input from a cell's centre to left, top, right and bottom, come out. Its
metadata hold texts: `heliograph_model`, the version of this contract; `classes`, joined
by commas; `surface`, an `InputSpec` as JSON; `score_min`, JSON by class.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from heliograph.camera.config.errors import SettingError
from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.camera.networks.file import Shape
from heliograph.camera.surfaces.model_input import CELLS, InputSpec

VERSION = "1"
INPUT = "surface"
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
    """Which *classes* a model knows, what it looks at, and how sure it must be."""

    classes: tuple[str, ...]
    spec: InputSpec
    score_min: Mapping[str, float]


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
    )
    _check(
        "takes",
        inputs,
        [(INPUT, "tensor(uint8)", facts.spec.channels, 1)],
    )
    _check(
        "gives",
        outputs,
        [
            (OUTPUTS[0], "tensor(float)", len(classes), STRIDE_PX),
            (OUTPUTS[1], "tensor(float)", 4, STRIDE_PX),
        ],
    )
    return facts


def _check(
    does: str, told: Sequence[Shape], needed: Sequence[tuple[str, str, int, int]]
) -> None:
    """Refuse a model whose inputs or outputs are others."""
    shapes = [
        Shape(name, kind, (1, planes, CELLS.height // stride, CELLS.width // stride))
        for name, kind, planes, stride in needed
    ]
    if {one.name: one for one in told} != {one.name: one for one in shapes}:
        found = "; ".join(map(str, told)) or "nothing"
        wanted = "; ".join(map(str, shapes))
        raise ForeignModelError(f"it {does} {found}, where a detector {does} {wanted}")


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

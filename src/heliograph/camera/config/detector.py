"""The `detector` section: what finds things, and how sure it must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.knobs import US_PER_MS, Knob, milliseconds, read_knobs
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_number,
    read_text,
)

DetectorKind: TypeAlias = Literal["network", "blobs"]
ProviderChoice: TypeAlias = Literal["auto", "cpu", "cuda", "tensorrt"]

DEFAULT_KIND: DetectorKind = "network"
"""What finds things where nobody chose, and named no weights."""
DETECTOR_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"every_ms": Knob("every_us", milliseconds(1, 1_000), US_PER_MS)}
)
DETECTOR_WORDS = ("kind", "weights", "score_min", "provider")
"""The keys that are no numbers."""
DETECTOR_KEYS = (*DETECTOR_WORDS, *DETECTOR_KNOBS)
SCORE = Range(0, 1, "a score", above=True)
SCORES = "a score above 0 and up to 1, or a table of them by class"
EVERY = "*"
"""Stands for every class."""


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What finds things: a *network* with weights, or *blobs*, which need none.

    `weights` None are those that ship with the package. `score_min` is how sure the
    network must be of a class, `EVERY` for all that have none of their own; what is
    not there is as the weights say. `provider` is where it runs: *auto* is the best
    that is there. It looks `every_us`, None for as often as its kind is worth.
    """

    kind: DetectorKind = DEFAULT_KIND
    weights: Path | None = None
    score_min: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    provider: ProviderChoice = "auto"
    every_us: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(DetectorKind):
            raise SettingError(
                f"a detector is {' or '.join(get_args(DetectorKind))}, "
                f"not {self.kind!r}"
            )
        if self.provider not in get_args(ProviderChoice):
            raise SettingError(
                f"a provider is one of {', '.join(get_args(ProviderChoice))}, "
                f"not {self.provider!r}"
            )
        if self.kind == "blobs" and (self.weights is not None or self.score_min):
            raise SettingError("blobs have neither weights nor scores of classes")
        for name, score in self.score_min.items():
            if not 0 < score <= 1:
                raise SettingError(f"the least score of {name} is {score}, not 0 to 1")


@dataclass(frozen=True, slots=True)
class DetectorChoice:
    """What a command's options say, None for what the file says."""

    kind: DetectorKind | None = None
    weights: Path | None = None

    def over(self, settings: DetectorSettings) -> DetectorSettings:
        """Return *settings* with what was chosen instead; weights mean the network."""
        if self.kind == "blobs" and self.weights is None:
            return replace(settings, kind="blobs", weights=None, score_min={})
        if self.kind is None and self.weights is None:
            return settings
        weights = settings.weights if self.weights is None else self.weights
        return replace(settings, kind=self.kind or "network", weights=weights)


def read_detector(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return what finds things, where all that is written of it is good."""
    told: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of kind and weights",
        knobs=DETECTOR_KNOBS,
        also=DETECTOR_WORDS,
    )
    if not isinstance(node, MappingNode):
        return {}
    found = {
        name: read(reading, node.entries[name].value, f"{key}.{name}")
        for name, read in READERS.items()
        if name in node.entries
    }
    told |= {name: value for name, value in found.items() if value is not None}
    if told.keys() & {"weights", "score_min"}:
        told.setdefault("kind", "network")
    try:
        return {"detector": DetectorSettings(**told)}
    except SettingError as error:
        fix = "leave out weights and score_min, or write kind: network"
        reading.report(node, key, str(error), fix=fix)
        return {}


def _read_kind(reading: Reading, node: Node, key: str) -> str | None:
    choices: tuple[DetectorKind, ...] = get_args(DetectorKind)
    return read_choice(reading, node, key, what="detector", choices=choices)


def _read_provider(reading: Reading, node: Node, key: str) -> str | None:
    choices: tuple[ProviderChoice, ...] = get_args(ProviderChoice)
    return read_choice(reading, node, key, what="provider", choices=choices)


def _read_weights(reading: Reading, node: Node, key: str) -> Path | None:
    text = read_text(reading, node, key, what="a file of weights, an ONNX model")
    return None if text is None else Path(text)


def _read_scores(reading: Reading, node: Node, key: str) -> dict[str, float] | None:
    """Read one score for all classes, or a table of them."""
    if not isinstance(node, MappingNode):
        score = _read_score(reading, node, key)
        return None if score is None else {EVERY: score}
    found = {
        name: _read_score(reading, entry.value, f"{key}.{name}")
        for name, entry in node.entries.items()
    }
    return {name: score for name, score in found.items() if score is not None}


def _read_score(reading: Reading, node: Node, key: str) -> float | None:
    number = read_number(reading, node, key)
    if number is None or SCORE.holds(number):
        return number
    reading.report(node, key, f"{number:g} cannot be used", fix=f"write {SCORES}")
    return None


READERS = MappingProxyType(
    {
        "kind": _read_kind,
        "weights": _read_weights,
        "score_min": _read_scores,
        "provider": _read_provider,
    }
)
"""The keys that are no numbers, and what reads each."""

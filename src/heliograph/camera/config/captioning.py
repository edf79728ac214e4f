"""The `captioning` section: how often, how late, how many at once, and how asked."""

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, get_args

from heliograph.camera.config.knobs import (
    US_PER_MS,
    US_PER_S,
    Knob,
    milliseconds,
    read_knobs,
)
from heliograph.camera.config.truth import read_truth
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.ranges import Range, counts, seconds
from heliograph.yaml_reading.values import Reading, read_choice, read_text, shown

AnswerForm = Literal["line", "json"]
PictureForm = Literal["png", "webp"]
ANSWER_FORMS: tuple[AnswerForm, ...] = get_args(AnswerForm)
PICTURE_FORMS: tuple[PictureForm, ...] = get_args(PictureForm)
PROMPT_CHARS_MAX = 8_000
AGAIN_S = Range(0, 86_400, "seconds", above=True, zero=True)
CAPTIONING_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "captions_per_s": Knob("captions_per_s", Range(0, 100, above=True)),
        "first_s": Knob("patience_us", seconds(60), US_PER_S),
        "again_s": Knob("again_us", AGAIN_S, US_PER_S),
        "deadline_s": Knob("deadline_s", seconds(3_600)),
        "workers": Knob("workers", counts(1, 64)),
        "queue_max": Knob("queue_max", counts(1, 1_000)),
        "drain_s": Knob("drain_s", seconds(3_600)),
        "look_ms": Knob("look_us", milliseconds(1, 10_000), US_PER_MS),
        "picture_ms": Knob("picture_tau_us", milliseconds(1, 10_000), US_PER_MS),
    }
)
PLACEHOLDERS = ("picture", "facts", "answer")
"""What a prompt of the user's own may hold in braces."""


def read_captioning(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the settings of captions that are written and good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of rates and bounds",
        knobs=CAPTIONING_KNOBS,
        also=tuple(WORDS),
    )
    if found.get("again_us") == 0:
        found["again_us"] = None
    if not isinstance(node, MappingNode):
        return found
    told = {name: node.entries[name].value for name in WORDS if name in node.entries}
    for name, (setting, read) in WORDS.items():
        if name in told:
            found[setting] = read(reading, told[name], f"{key}.{name}")
    return {
        name: value
        for name, value in found.items()
        if value is not None or name == "again_us"
    }


def _read_prompt(reading: Reading, node: Node, key: str) -> str | None:
    """Read an instruction; what is in braces must be what we put there."""
    text = read_text(reading, node, key, what="an instruction")
    if text is None:
        return None
    fix = "use {picture}, {facts} and {answer}, and write {{ for a brace itself"
    if len(text) > PROMPT_CHARS_MAX:
        message = f"the instruction is longer than {PROMPT_CHARS_MAX} characters"
        reading.report(node, key, message, fix="write less")
        return None
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        parts = [("", "", None, None)]
    for _, name, form, turn in parts:
        if name is None or (name in PLACEHOLDERS and not form and not turn):
            continue
        message = "its braces do not match"
        if name and name not in PLACEHOLDERS:
            message = f"nothing is known by {shown('{' + name + '}')}"
        reading.report(node, key, message, fix=fix)
        return None
    return text


def _read_answer(reading: Reading, node: Node, key: str) -> AnswerForm | None:
    return read_choice(reading, node, key, what="answer", choices=ANSWER_FORMS)


def _read_form(reading: Reading, node: Node, key: str) -> PictureForm | None:
    return read_choice(
        reading, node, key, what="kind of picture", choices=PICTURE_FORMS
    )


def _read_file(reading: Reading, node: Node, key: str) -> Path | None:
    text = read_text(reading, node, key, what="a file of weights, an ONNX model")
    return None if text is None else Path(text)


WORDS: Mapping[str, tuple[str, Callable[[Reading, Node, str], object]]] = (
    MappingProxyType(
        {
            "prompt": ("prompt", _read_prompt),
            "answer": ("answer", _read_answer),
            "picture": ("picture_form", _read_form),
            "moments": ("moments", read_truth),
            "reconstruction": ("reconstruction", _read_file),
        }
    )
)
"""The keys that are no numbers: which setting each is, and what reads it."""
CAPTIONING_KEYS = (*CAPTIONING_KNOBS, *WORDS)

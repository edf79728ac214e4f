"""The `capture` section: what is watched, how large it is, and at which pace."""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.knobs import US_PER_MS, Knob, milliseconds, read_knobs
from heliograph.camera.config.truth import read_truth
from heliograph.camera.types import Size
from heliograph.yaml_reading.document import MappingNode, Node, ScalarNode
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import Reading, read_number, read_text, shown

CAPTURE_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"window_ms": Knob("delta_t_us", milliseconds(1, 1_000), US_PER_MS)}
)
CAPTURE_WORDS = ("source", "size", "follow", "speed")
"""The keys that are no numbers."""
CAPTURE_KEYS = (*CAPTURE_WORDS, *CAPTURE_KNOBS)
SIDE_PX_MAX = (1 << 14) - 1
"""No format has more bits for a column or row than DAT has: 14."""
SPEED = Range(0, 1_000_000, "a factor", above=True)
MAX = "max"


def read_capture(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return what of source, size, pace and window is written and good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of source and pace",
        knobs=CAPTURE_KNOBS,
        also=CAPTURE_WORDS,
    )
    if not isinstance(node, MappingNode):
        return found
    entries = node.entries
    if "source" in entries:
        where = f"{key}.source"
        found["source"] = read_text(
            reading, entries["source"].value, where, what="a recording"
        )
    if "size" in entries:
        found["size"] = _read_size(reading, entries["size"].value, f"{key}.size")
    if "follow" in entries:
        where = f"{key}.follow"
        found["follow"] = read_truth(reading, entries["follow"].value, where)
    if "speed" in entries:
        found["speed"] = _read_speed(reading, entries["speed"].value, f"{key}.speed")
    return {name: value for name, value in found.items() if value is not None}


def _read_size(reading: Reading, node: Node, key: str) -> Size | None:
    """Read a geometry, written as on the command line: `1280x720`."""
    text = read_text(reading, node, key, what="a size such as 1280x720")
    if text is None:
        return None
    sides = text.split("x")
    if len(sides) == 2 and all(_is_side(side) for side in sides):  # noqa: PLR2004 - width, height
        return Size(int(sides[0]), int(sides[1]))
    fix = f"write WIDTHxHEIGHT, each from 1 to {SIDE_PX_MAX}, such as 1280x720"
    reading.report(node, key, f"{shown(text)} is no size", fix=fix)
    return None


def _is_side(text: str) -> bool:
    digits_max = len(str(SIDE_PX_MAX))
    plain = text.isascii() and text.isdigit() and len(text) <= digits_max
    return plain and 1 <= int(text) <= SIDE_PX_MAX


def _read_speed(reading: Reading, node: Node, key: str) -> float | None:
    """Read a factor of recording time; `max` is an endless one."""
    fix = f"write {MAX}, or {SPEED} of recording time, such as 1.0"
    if isinstance(node, ScalarNode) and node.kind == "text":
        if node.value == MAX:
            return inf
        reading.report(node, key, f"{shown(node.value)} is no speed", fix=fix)
        return None
    number = read_number(reading, node, key)
    if number is None or SPEED.holds(number):
        return number
    reading.report(node, key, f"{number:g} cannot be used", fix=fix)
    return None

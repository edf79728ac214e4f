"""The `capture` section: what is watched, and at which pace."""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.knobs import US_PER_MS, Knob, milliseconds, read_knobs
from heliograph.yaml_reading.document import MappingNode, Node, ScalarNode
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import Reading, read_number, read_text, shown

CAPTURE_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"window_ms": Knob("delta_t_us", milliseconds(1, 1_000), US_PER_MS)}
)
CAPTURE_TEXTS = ("source", "speed")
CAPTURE_KEYS = (*CAPTURE_TEXTS, *CAPTURE_KNOBS)
SPEED = Range(0, 1_000_000, "a factor", above=True)
MAX = "max"


def read_capture(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return what of source, speed and window is written and good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of source and pace",
        knobs=CAPTURE_KNOBS,
        also=CAPTURE_TEXTS,
    )
    if not isinstance(node, MappingNode):
        return found
    entries = node.entries
    if "source" in entries:
        where = f"{key}.source"
        found["source"] = read_text(
            reading, entries["source"].value, where, what="a recording"
        )
    if "speed" in entries:
        found["speed"] = _read_speed(reading, entries["speed"].value, f"{key}.speed")
    return {name: value for name, value in found.items() if value is not None}


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

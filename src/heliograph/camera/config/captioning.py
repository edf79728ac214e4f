"""The `captioning` section: how often, how late, how many at once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.knobs import (
    US_PER_MS,
    US_PER_S,
    Knob,
    milliseconds,
    read_knobs,
)
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.ranges import Range, counts, seconds
from heliograph.yaml_reading.values import Reading

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


def read_captioning(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the settings of captions that are written and good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of rates and bounds",
        knobs=CAPTIONING_KNOBS,
    )
    if found.get("again_us") == 0:
        found["again_us"] = None
    return found

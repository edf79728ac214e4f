"""Sections that are numbers: the key as people write it, and the setting it turns.

People write seconds and milliseconds; a watch reckons in microseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import Reading

US_PER_MS = 1_000
US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Knob:
    """A number of the file: which *setting* it is, and what it may be.

    With *factor* it is multiplied and rounded to a whole number.
    """

    setting: str
    allowed: Range
    factor: int | None = None

    def turned(self, number: float) -> float:
        """Return the setting's value for what was written."""
        return number if self.factor is None else round(number * self.factor)

    def written(self, value: float) -> float:
        """Return what is written for a setting's *value*."""
        return value if self.factor is None else value / self.factor


def read_knobs(
    reading: Reading,
    node: Node,
    key: str,
    *,
    what: str,
    knobs: Mapping[str, Knob],
    also: tuple[str, ...] = (),
) -> dict[str, float]:
    """Return the settings that are written and good, by their names.

    *also* names what the table may hold beside them.
    """
    ranges = {name: knob.allowed for name, knob in knobs.items()}
    written = read_amounts(reading, node, key, what=what, ranges=ranges, also=also)
    return {knobs[name].setting: knobs[name].turned(n) for name, n in written.items()}


def milliseconds(low: float, high: float) -> Range:
    """Milliseconds from *low* to *high*."""
    return Range(low, high, "milliseconds")

"""The `breaker` table: when a target is left alone, and how it comes back."""

from msgspec.structs import replace

from heliograph.gateway.config.schema import BREAKER_RANGES
from heliograph.gateway.types import Breaker
from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.values import Reading


def read_breaker(reading: Reading, node: Node, key: str) -> Breaker:
    """Read *node* over the defaults."""
    written = read_amounts(
        reading,
        node,
        key,
        what="a table of the breaker's bounds",
        ranges=BREAKER_RANGES,
    )
    breaker = replace(Breaker(), **written)
    if breaker.probe_s > breaker.probe_s_max and isinstance(node, MappingNode):
        _report_too_long(reading, node, key, breaker=breaker)
    return breaker


def _report_too_long(
    reading: Reading, table: MappingNode, key: str, *, breaker: Breaker
) -> None:
    name = "probe_s_max" if "probe_s_max" in table.entries else "probe_s"
    reading.report(
        table.entries[name].value,
        f"{key}.{name}",
        f"probe_s ({breaker.probe_s:g}) is longer than probe_s_max"
        f" ({breaker.probe_s_max:g})",
        fix=f"write a probe_s_max of at least {breaker.probe_s:g}",
    )

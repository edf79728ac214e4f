"""The `hedge` of a route: true, or a table."""

from msgspec.structs import replace

from heliograph.gateway.config.schema import HEDGE_RANGES
from heliograph.gateway.types import Hedge
from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import Node, ScalarNode
from heliograph.yaml_reading.values import Reading


def read_hedge(reading: Reading, node: Node, key: str) -> Hedge | None:
    """Read *node*: true is the defaults, false none at all."""
    if isinstance(node, ScalarNode) and node.kind == "boolean":
        return Hedge() if node.value.lower() == "true" else None
    what = "true or a table with share and after_s"
    written = read_amounts(reading, node, key, what=what, ranges=HEDGE_RANGES)
    return replace(Hedge(), **written)

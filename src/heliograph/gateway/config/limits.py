"""The `limits` tables: of all exchanges, or of those with one provider."""

from msgspec.structs import replace

from heliograph.gateway.config.amounts import read_amounts
from heliograph.gateway.config.document import Node
from heliograph.gateway.config.schema import LIMIT_RANGES
from heliograph.gateway.config.values import Reading
from heliograph.gateway.types import Limits


def read_limits(reading: Reading, node: Node, key: str) -> Limits:
    """Read *node* over the defaults."""
    written = read_amounts(
        reading, node, key, what="a table of limits", ranges=LIMIT_RANGES
    )
    return replace(Limits(), **written)

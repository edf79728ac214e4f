"""The `retries` table: how often the same provider may be asked again."""

from msgspec.structs import replace

from heliograph.gateway.config.schema import RETRY_RANGES
from heliograph.gateway.types import Retries
from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading


def read_retries(reading: Reading, node: Node, key: str) -> Retries:
    """Read *node* over the defaults."""
    written = read_amounts(
        reading, node, key, what="a table of retries' bounds", ranges=RETRY_RANGES
    )
    return replace(Retries(), **written)

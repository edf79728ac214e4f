"""The `limits` tables: of all exchanges, or of those with one provider."""

from collections.abc import Mapping

from msgspec.structs import replace

from heliograph.gateway.config.schema import ALL_LIMIT_RANGES, LIMIT_RANGES
from heliograph.gateway.types import Limits
from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import Reading


def read_limits(reading: Reading, node: Node, key: str) -> Limits:
    """Read the limits of all exchanges."""
    return _read(reading, node, key, ranges=ALL_LIMIT_RANGES)


def read_provider_limits(reading: Reading, node: Node, key: str) -> Limits:
    """Read the limits of the calls to one provider."""
    return _read(reading, node, key, ranges=LIMIT_RANGES)


def _read(
    reading: Reading, node: Node, key: str, *, ranges: Mapping[str, Range]
) -> Limits:
    written = read_amounts(reading, node, key, what="a table of limits", ranges=ranges)
    return replace(Limits(), **written)

"""The `rescue` policy: of the whole file, or of one route."""

from heliograph.gateway.config.schema import RESCUE_POLICIES
from heliograph.gateway.types import RescuePolicy
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading, read_choice


def read_rescue(reading: Reading, node: Node, key: str) -> RescuePolicy | None:
    """Read what is done about a stream that breaks."""
    return read_choice(
        reading, node, key, what="rescue policy", choices=RESCUE_POLICIES
    )

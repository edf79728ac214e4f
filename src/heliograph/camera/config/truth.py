"""Keys that are either so or not."""

from heliograph.yaml_reading.document import Node, ScalarNode, describe
from heliograph.yaml_reading.values import Reading


def read_truth(reading: Reading, node: Node, key: str) -> bool | None:
    """Return whether true or false is written; None where neither is."""
    if isinstance(node, ScalarNode) and node.kind == "boolean":
        return node.value.lower() == "true"
    message = f"expected true or false, found {describe(node)}"
    reading.report(node, key, message, fix="write true or false")
    return None

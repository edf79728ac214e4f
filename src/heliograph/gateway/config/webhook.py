"""Where news is posted to: an address that may be a secret as a whole."""

from heliograph.gateway.config.url import fault_of_url
from heliograph.gateway.types import Secret
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading
from heliograph.yaml_reading.variables import resolve


def read_webhook(reading: Reading, node: Node, key: str) -> Secret | None:
    """Read an address, or the `env.NAME` that holds it; a query may be its secret."""
    text = resolve(reading, node, key, what="an address")
    if text is None:
        return None
    reading.keep_secret(text)
    fault = fault_of_url(text.partition("?")[0])
    if fault is not None:
        message, fix = fault
        reading.report(node, key, message, fix=fix)
        return None
    return Secret(text)

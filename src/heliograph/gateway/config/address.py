"""The `base_url` of a provider."""

from heliograph.gateway.config.url import fault_of_url, moved, url_from_variable
from heliograph.gateway.types import Endpoint
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading
from heliograph.yaml_reading.variables import resolve


def read_base_url(reading: Reading, node: Node, key: str) -> str | None:
    """Read an address without a slash at its end.

    What was written is never repeated: it may hold a password.
    """
    text = resolve(reading, node, key, what="an address")
    if text is None:
        return None
    fault = fault_of_url(text)
    if fault is not None:
        reading.report(node, key, fault[0], fix=fault[1])
        return None
    return text.rstrip("/")


def read_row(
    reading: Reading, node: Node, key: str, *, row: Endpoint
) -> Endpoint | None:
    """Return *row*, at the address its variable holds when that is set.

    *node* and *key* are the place a bad variable is reported at; then it is None.
    """
    found = url_from_variable(row, reading.environ)
    if found is None:
        return row
    variable, url = found
    fault = fault_of_url(url)
    if fault is None:
        return moved(row, variable, url)
    reading.report(
        node, key, f"the environment variable {variable}: {fault[0]}", fix=fault[1]
    )
    return None

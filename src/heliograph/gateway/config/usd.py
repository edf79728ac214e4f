"""Amounts of dollars: as integers of nano-dollars."""

from heliograph.gateway.catalog.money import DIGITS_MAX, USD_MAX, parse_usd
from heliograph.yaml_reading.document import Node, ScalarNode, describe
from heliograph.yaml_reading.values import Reading, shown

_FIX = (
    f"write dollars such as 20 or 0.25, with at most {DIGITS_MAX} decimals and up to "
    f"{USD_MAX}"
)


def read_usd(reading: Reading, node: Node, key: str, *, fix: str = _FIX) -> int | None:
    """Return the nano-dollars that are written, as a number or as a text."""
    if not isinstance(node, ScalarNode) or node.kind not in {"number", "text"}:
        message = f"expected an amount of dollars, found {describe(node)}"
        reading.report(node, key, message, fix=fix)
        return None
    try:
        return parse_usd(node.value)
    except ValueError as error:
        reading.report(node, key, f"{shown(node.value)} {error}", fix=fix)
        return None

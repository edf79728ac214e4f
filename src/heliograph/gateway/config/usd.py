"""Amounts of dollars, read exactly: as integers of nano-dollars."""

import re

from heliograph.gateway.config.document import Node, ScalarNode, describe
from heliograph.gateway.config.values import Reading, shown

NANO = 10**9
_DIGITS = 9
_USD = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_FIX = "write dollars such as 20 or 0.25, with at most nine decimals"


def read_usd(reading: Reading, node: Node, key: str) -> int | None:
    """Return the nano-dollars that are written, as a number or as a text."""
    if not isinstance(node, ScalarNode) or node.kind not in {"number", "text"}:
        message = f"expected an amount of dollars, found {describe(node)}"
        reading.report(node, key, message, fix=_FIX)
        return None
    match = _USD.fullmatch(node.value)
    if match is None:
        reading.report(node, key, f"{shown(node.value)} is no amount", fix=_FIX)
        return None
    fraction = (match[2] or "").ljust(_DIGITS, "0")
    return int(match[1]) * NANO + int(fraction)

"""The `ledger` key: where exchanges are recorded, or `off`."""

from pathlib import Path

from heliograph.gateway.config.document import MappingNode, Node, ScalarNode
from heliograph.gateway.config.keys import resolve
from heliograph.gateway.config.place import (
    fault_of_place,
    keeping,
    usual_keeping,
)
from heliograph.gateway.config.schema import LEDGER_KEYS
from heliograph.gateway.config.values import Reading, read_table, refuse_unknown_keys
from heliograph.gateway.types import Keeping

_WHAT = "off, a path or URL, or a table of the ledger's settings"


def read_ledger(reading: Reading, node: Node, key: str) -> Keeping:
    """Read *node*: a table, or only where the ledger is."""
    usual = usual_keeping(reading.environ)
    if isinstance(node, ScalarNode):
        return _read_place(reading, node, key, what=_WHAT) or usual
    table = read_table(reading, node, key, what=_WHAT)
    if table is None:
        return usual
    refuse_unknown_keys(reading, table, key, known=LEDGER_KEYS)
    return _read_url(reading, table, key) or usual


def _read_url(reading: Reading, table: MappingNode, key: str) -> Keeping | None:
    entry = table.entries.get("url")
    if entry is None:
        return None
    return _read_place(reading, entry.value, f"{key}.url", what="a path or URL, or off")


def _read_place(reading: Reading, node: Node, key: str, *, what: str) -> Keeping | None:
    text = resolve(reading, node, key, what=what)
    if text is None:
        return None
    reading.keep_secret(text)
    fault = fault_of_place(text)
    if fault is not None:
        reading.report(node, key, fault[0], fix=fault[1])
        return None
    return keeping(text, Path(reading.file).parent, reading.environ)

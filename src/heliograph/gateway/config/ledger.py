"""The `ledger` key: where exchanges are recorded, or `off`."""

from pathlib import Path

from msgspec.structs import replace

from heliograph.gateway.config.place import (
    fault_of_place,
    keeping,
    usual_keeping,
)
from heliograph.gateway.config.schema import BODIES_RANGES, LEDGER_RANGES
from heliograph.gateway.types import Bodies, Keeping
from heliograph.yaml_reading.amounts import read_amounts
from heliograph.yaml_reading.document import MappingNode, Node, ScalarNode
from heliograph.yaml_reading.values import Reading
from heliograph.yaml_reading.variables import resolve

_WHAT = "off, a path or URL, or a table of the ledger's settings"


def read_ledger(reading: Reading, node: Node, key: str) -> Keeping:
    """Read *node*: a table, or only where the ledger is."""
    usual = usual_keeping(reading.environ)
    if isinstance(node, ScalarNode):
        return _read_place(reading, node, key, what=_WHAT) or usual
    written = read_amounts(
        reading, node, key, what=_WHAT, ranges=LEDGER_RANGES, also=("url", "bodies")
    )
    if not isinstance(node, MappingNode):
        return usual
    return replace(
        _read_url(reading, node, key) or usual,
        bodies=_read_bodies(reading, node, f"{key}.bodies"),
        **written,
    )


def _read_bodies(reading: Reading, table: MappingNode, key: str) -> Bodies | None:
    """Read whether, and how, what was said is kept; an empty table keeps it."""
    entry = table.entries.get("bodies")
    if entry is None:
        return None
    written = read_amounts(
        reading,
        entry.value,
        key,
        what="a table, {} for the usual bounds",
        ranges=BODIES_RANGES,
    )
    return replace(Bodies(), **written)


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

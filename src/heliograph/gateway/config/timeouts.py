"""The `timeouts` tables: of one provider, or the defaults of all."""

from msgspec.structs import replace

from heliograph.gateway.config.schema import TIMEOUT_KEYS, TIMEOUT_S_MAX
from heliograph.gateway.types import Timeouts
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.values import (
    Reading,
    read_number,
    read_table,
    refuse_unknown_keys,
)


def read_timeouts(
    reading: Reading, node: Node, key: str, *, defaults: Timeouts
) -> Timeouts:
    """Read *node* over *defaults*. A bound that is no good keeps its default."""
    table = read_table(reading, node, key, what="a table of timeouts")
    if table is None:
        return defaults
    refuse_unknown_keys(reading, table, key, known=TIMEOUT_KEYS)
    written = {
        name: seconds
        for name in TIMEOUT_KEYS
        if (seconds := _read_seconds(reading, table, key, name=name)) is not None
    }
    timeouts = replace(defaults, **written)
    if written and timeouts.connect_s > timeouts.total_s:
        _report_too_long(reading, table, key, timeouts=timeouts)
    return timeouts


def _read_seconds(
    reading: Reading, table: MappingNode, key: str, *, name: str
) -> float | None:
    entry = table.entries.get(name)
    if entry is None:
        return None
    where = f"{key}.{name}"
    seconds = read_number(reading, entry.value, where)
    if seconds is None:
        return None
    if seconds <= 0 or seconds > TIMEOUT_S_MAX:
        reading.report(
            entry.value,
            where,
            f"{seconds:g} is not a time to wait",
            fix=f"write seconds above 0 and up to {TIMEOUT_S_MAX:g}",
        )
        return None
    return seconds


def _report_too_long(
    reading: Reading, table: MappingNode, key: str, *, timeouts: Timeouts
) -> None:
    name = "connect_s" if "connect_s" in table.entries else "total_s"
    entry = table.entries.get(name)
    reading.report(
        entry.value if entry else table,
        f"{key}.{name}",
        f"connect_s ({timeouts.connect_s:g}) is longer than total_s"
        f" ({timeouts.total_s:g})",
        fix=f"write a connect_s of at most {timeouts.total_s:g}",
    )

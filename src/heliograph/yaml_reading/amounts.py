"""Tables that hold numbers only, each within its range."""

from collections.abc import Mapping

from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.ranges import Range
from heliograph.yaml_reading.values import (
    Reading,
    read_number,
    read_table,
    refuse_unknown_keys,
)


def read_amounts(
    reading: Reading,
    node: Node,
    key: str,
    *,
    what: str,
    ranges: Mapping[str, Range],
    also: tuple[str, ...] = (),
) -> dict[str, float]:
    """Read the numbers that are written and good; a count comes as an int.

    *also* names what the table may hold beside them.
    """
    table = read_table(reading, node, key, what=what)
    if table is None:
        return {}
    refuse_unknown_keys(reading, table, key, known=(*also, *ranges))
    return {
        name: number
        for name, allowed in ranges.items()
        if (number := read_amount(reading, table, key, name=name, allowed=allowed))
        is not None
    }


def read_amount(
    reading: Reading, table: MappingNode, key: str, *, name: str, allowed: Range
) -> float | None:
    """Read the number called *name* of *table*, if it is there and good."""
    entry = table.entries.get(name)
    if entry is None:
        return None
    where = f"{key}.{name}"
    number = read_number(reading, entry.value, where)
    if number is None:
        return None
    if allowed.holds(number):
        return int(number) if allowed.whole else number
    reading.report(
        entry.value, where, f"{number:.10g} cannot be used", fix=f"write {allowed}"
    )
    return None

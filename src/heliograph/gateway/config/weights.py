"""The `weight` of a key or of a route's target."""

from heliograph.gateway.config.schema import WEIGHT_MAX
from heliograph.yaml_reading.document import MappingNode
from heliograph.yaml_reading.values import Reading, read_number


def read_weight(reading: Reading, table: MappingNode, key: str) -> float | None:
    """Read the weight *table* holds: 1 when it holds none, None when it is bad."""
    entry = table.entries.get("weight")
    if entry is None:
        return 1.0
    where = f"{key}.weight"
    weight = read_number(reading, entry.value, where)
    if weight is None or 0 <= weight <= WEIGHT_MAX:
        return weight
    fault = "is negative" if weight < 0 else "is too large"
    reading.report(
        entry.value,
        where,
        f"{weight:g} {fault}",
        fix=f"write a share of the traffic, from 0 to {WEIGHT_MAX:.0f}",
    )
    return None

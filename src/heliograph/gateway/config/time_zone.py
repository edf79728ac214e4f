"""The name of a time zone, as the machine knows it."""

from zoneinfo import ZoneInfo

from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading, read_text, shown


def read_time_zone(reading: Reading, node: Node, key: str) -> str | None:
    """Read a name such as `Europe/Berlin`."""
    name = read_text(reading, node, key, what="a time zone")
    if name is None or name == "UTC":
        return name
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        fix = 'write a name such as "Europe/Berlin", or leave it out for UTC'
        message = f"time zone {shown(name)} is not known on this machine"
        reading.report(node, key, message, fix=fix)
        return None
    return name

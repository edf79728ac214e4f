"""Names of models, parameters and routes."""

import re
from collections.abc import Sequence

from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading, read_text, shown

_SHORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHORT_NAME_FIX = "use up to 64 letters, digits, dots, dashes and underscores"


def is_short_name(name: str) -> bool:
    """Tell whether *name* can stand in `provider/model`, in headers and metrics."""
    return _SHORT_NAME.fullmatch(name) is not None


def is_one_word(name: str) -> bool:
    """Tell whether *name* is printable ASCII without spaces."""
    return name.isascii() and name.isprintable() and " " not in name


def read_names(
    reading: Reading, places: Sequence[tuple[str, Node]], *, what: str
) -> tuple[str, ...] | None:
    """Read the name at each of *places* (key and node); None when one is bad.

    Each stands once.
    """
    names: dict[str, None] = {}
    for where, item in places:
        name = read_text(reading, item, where, what=what)
        if name is None:
            continue
        if not is_one_word(name):
            reading.report(
                item,
                where,
                f"{shown(name)} holds a space or a character outside ASCII",
                fix="write one name to an item",
            )
        elif name in names:
            reading.report(
                item,
                where,
                f"{shown(name)} stands in this list already",
                fix="remove one of the two",
            )
        else:
            names[name] = None
    return tuple(names) if len(names) == len(places) else None

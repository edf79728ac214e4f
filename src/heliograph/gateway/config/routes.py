"""The `routes` table: names callers ask for, and what each stands for."""

import re

from heliograph.gateway.config.hedge import read_hedge
from heliograph.gateway.config.rescue import read_rescue
from heliograph.gateway.config.schema import BALANCES, ROUTE_KEYS, ROUTE_TARGET_KEYS
from heliograph.gateway.config.targets import Known, read_target
from heliograph.gateway.config.weights import read_weight
from heliograph.gateway.types import Balance, Route
from heliograph.yaml_reading.document import (
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_one_word, is_short_name
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_table,
    read_text,
    refuse_unknown_keys,
    shown,
)

Targets = tuple[tuple[str, float], ...]

_CHOICE_KEYS = ("to", "balance", "sticky_header")
"""What only a route with targets of its own can have."""
# https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def read_routes(reading: Reading, node: Node, known: Known) -> dict[str, Route]:
    """Read every route whose name can be asked for."""
    table = read_table(reading, node, "routes", what="a table of routes")
    entries = table.entries.values() if table else ()
    routes = [
        _read_route(reading, entry, known)
        for entry in entries
        if _has_good_name(reading, entry.key, known)
    ]
    return {route.name: route for route in routes if route is not None}


def _has_good_name(reading: Reading, node: ScalarNode, known: Known) -> bool:
    """Check that the name means this route and nothing else."""
    name = node.value
    if "/" in name and is_one_word(name):
        return read_target(reading, node, "routes", known) is not None
    owners = known.owners(name)
    if not is_short_name(name):
        message, fix = f"{shown(name)} cannot be a route's name", SHORT_NAME_FIX
    elif name in known.models:
        message, fix = f"{shown(name)} is a provider's name", "choose another name"
    elif owners:
        message = f"{shown(name)} is a model that {' and '.join(owners)} lists"
        if len(owners) > 1:
            message = f"{shown(name)} is a model that {' and '.join(owners)} list"
        fix = f'choose another name, or write "{owners[0]}/{name}" for that model alone'
    else:
        return True
    reading.report(node, "routes", message, fix=fix)
    return False


def _read_route(reading: Reading, entry: Entry, known: Known) -> Route | None:
    name = entry.key.value
    key = f"routes.{name}"
    table = read_table(reading, entry.value, key, what="a table of a route's settings")
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=ROUTE_KEYS)
    targets = _read_targets(reading, entry.key, table, known)
    balance = _read_balance(reading, table, key)
    sticky_header = _read_sticky_header(reading, table, key)
    rescue = table.entries.get("rescue")
    hedge = table.entries.get("hedge")
    route = Route(
        name=name,
        targets=targets,
        balance=balance,
        sticky_header=sticky_header,
        rescue=read_rescue(reading, rescue.value, f"{key}.rescue") if rescue else None,
        hedge=read_hedge(reading, hedge.value, f"{key}.hedge") if hedge else None,
    )
    return route if targets else None


def _read_targets(
    reading: Reading, name: ScalarNode, table: MappingNode, known: Known
) -> Targets:
    """Read `to`; a route named like a model stands for that model alone."""
    key = f"routes.{name.value}"
    if "/" in name.value:
        _refuse_choice(reading, table, key, name=name.value)
        return ((name.value, 1.0),)
    entry = table.entries.get("to")
    if entry is None:
        fix = 'add "to: provider/model", or a list of them'
        reading.report(table, key, '"to" is missing', fix=fix)
        return ()
    return _read_to(reading, entry.value, f"{key}.to", known)


def _refuse_choice(
    reading: Reading, table: MappingNode, key: str, *, name: str
) -> None:
    for choice in _CHOICE_KEYS:
        entry = table.entries.get(choice)
        if entry is not None:
            reading.report(
                entry.key,
                f"{key}.{choice}",
                f"{shown(name)} is one model: there is nothing to choose from",
                fix="remove this, or give the route a name without a slash",
            )


def _read_to(reading: Reading, node: Node, key: str, known: Known) -> Targets:
    if not isinstance(node, SequenceNode):
        target = read_target(reading, node, key, known)
        return () if target is None else ((target, 1.0),)
    items = read_list(reading, node, key, what="a list of provider/model") or ()
    found: dict[str, float] = {}
    for position, item in enumerate(items, start=1):
        where = f"{key}[{position}]"
        target, weight = _read_item(reading, item, where, known)
        if target is None or weight is None:
            continue
        if target in found:
            message = f"{shown(target)} stands in this list already"
            reading.report(item, where, message, fix="remove one of the two")
        else:
            found[target] = weight
    if len(found) == len(items) and not any(found.values()) and found:
        message = "all weights are 0, so no target would be used"
        fix = "give one target a weight above 0"
        reading.report(node, key, message, fix=fix)
    return tuple(found.items())


def _read_item(
    reading: Reading, item: Node, key: str, known: Known
) -> tuple[str | None, float | None]:
    """Read a `provider/model`, or a table with its weight."""
    if not isinstance(item, MappingNode):
        return read_target(reading, item, key, known), 1.0
    refuse_unknown_keys(reading, item, key, known=ROUTE_TARGET_KEYS)
    weight = read_weight(reading, item, key)
    entry = item.entries.get("target")
    if entry is None:
        fix = 'add "target: provider/model"'
        reading.report(item, key, '"target" is missing', fix=fix)
        return None, weight
    return read_target(reading, entry.value, f"{key}.target", known), weight


def _read_balance(reading: Reading, table: MappingNode, key: str) -> Balance:
    entry = table.entries.get("balance")
    if entry is None:
        return "weighted"
    where = f"{key}.balance"
    found = read_choice(reading, entry.value, where, what="balance", choices=BALANCES)
    return found or "weighted"


def _read_sticky_header(reading: Reading, table: MappingNode, key: str) -> str | None:
    entry = table.entries.get("sticky_header")
    if entry is None:
        return None
    where = f"{key}.sticky_header"
    text = read_text(reading, entry.value, where, what="a header's name")
    if text is None or _HEADER_NAME.fullmatch(text):
        return text and text.lower()
    fix = "write letters, digits and dashes, such as x-session-id"
    reading.report(entry.value, where, f"{shown(text)} is not a header's name", fix=fix)
    return None

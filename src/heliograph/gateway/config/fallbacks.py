"""The `fallbacks` list: which target is tried after which."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from heliograph.gateway.config.schema import FALLBACK_KEYS
from heliograph.gateway.config.targets import Known, read_target
from heliograph.yaml_reading.document import Node, ScalarNode, SequenceNode
from heliograph.yaml_reading.values import (
    Reading,
    read_list,
    read_table,
    refuse_unknown_keys,
    shown,
)

_ITEM = "a table with from and to"


class Rule(Struct, frozen=True):
    """One item of the list, as written."""

    node: ScalarNode
    key: str
    source: str
    targets: tuple[str, ...]


def read_fallbacks(
    reading: Reading, node: Node, known: Known
) -> Mapping[str, tuple[str, ...]]:
    """Read the list and follow every chain to its end.

    A chain begins at a target or at a route; it leads to targets only.
    """
    rules: dict[str, Rule] = {}
    items = read_list(reading, node, "fallbacks", what="a list of fallbacks") or ()
    for position, item in enumerate(items, start=1):
        rule = _read_rule(reading, item, f"fallbacks[{position}]", known)
        if rule is None:
            continue
        first = rules.setdefault(rule.source, rule)
        if first is not rule:
            reading.report(
                rule.node,
                f"{rule.key}.from",
                f"{shown(rule.source)} has fallbacks in line {first.node.line} already",
                fix='write one item with a list under "to"',
            )
    _report_circles(reading, rules)
    return MappingProxyType({source: followed(source, rules) for source in rules})


def followed(source: str, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return what is tried after *source*: its own first, then theirs, each once."""
    order = [source]
    seen = {source}
    for target in order:
        rule = rules.get(target)
        fresh = [t for t in (rule.targets if rule else ()) if t not in seen]
        order += fresh
        seen.update(fresh)
    return tuple(order[1:])


def _read_rule(
    reading: Reading,
    item: Node,
    key: str,
    known: Known,
) -> Rule | None:
    table = read_table(reading, item, key, what=_ITEM)
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=FALLBACK_KEYS)
    missing = [name for name in FALLBACK_KEYS if name not in table.entries]
    for name in missing:
        reading.report(
            table, key, f'"{name}" is missing', fix=f'add "{name}: provider/model"'
        )
    if missing:
        return None
    node = table.entries["from"].value
    source = read_target(reading, node, f"{key}.from", known, or_route=True)
    targets = _read_targets(reading, table.entries["to"].value, f"{key}.to", known)
    if source is None or targets is None or not isinstance(node, ScalarNode):
        return None
    if source in targets:
        reading.report(
            node,
            key,
            f"{shown(source)} falls back to itself",
            fix="name another target",
        )
        return None
    return Rule(node, key, source, targets)


def _read_targets(
    reading: Reading,
    node: Node,
    key: str,
    known: Known,
) -> tuple[str, ...] | None:
    if not isinstance(node, SequenceNode):
        target = read_target(reading, node, key, known)
        return None if target is None else (target,)
    items = read_list(reading, node, key, what="a list of provider/model") or ()
    found: list[str] = []
    for position, item in enumerate(items, start=1):
        target = read_target(reading, item, f"{key}[{position}]", known)
        if target in found:
            reading.report(
                item,
                f"{key}[{position}]",
                f"{shown(target or '')} stands in this list already",
                fix="remove one of the two",
            )
        elif target is not None:
            found.append(target)
    return tuple(found) or None


def _report_circles(reading: Reading, rules: Mapping[str, Rule]) -> None:
    """Report each circle at the rule of it that stands first in the file."""
    done: set[str] = set()
    for circle in (found for start in rules for found in _circles(start, rules, done)):
        first = min(circle, key=lambda name: rules[name].node.line)
        turn = circle.index(first)
        names = [*circle[turn:], *circle[:turn], first]
        reading.report(
            rules[first].node,
            rules[first].key,
            f"the fallbacks go in a circle: {' -> '.join(names)}",
            fix='remove one of these from its "to"',
        )


def _circles(
    start: str, rules: Mapping[str, Rule], done: set[str]
) -> Iterator[list[str]]:
    """Walk from *start*; yield the way each time it leads back into itself.

    *done* holds what was walked before and is added to. The walk keeps its own
    stack: a chain may be longer than Python's.
    """
    path: dict[str, None] = {}
    stack: list[tuple[str, bool]] = [(start, False)]
    while stack:
        name, leaving = stack.pop()
        if leaving:
            done.add(path.popitem()[0])
        elif name in path:
            way = list(path)
            yield way[way.index(name) :]
        elif name in rules and name not in done:
            path[name] = None
            stack.append((name, True))
            stack.extend((target, False) for target in reversed(rules[name].targets))

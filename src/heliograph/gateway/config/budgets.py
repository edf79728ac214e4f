"""The `budgets` list: what may be spent, by whom, in which time."""

from collections.abc import Sequence
from typing import Any

from heliograph.gateway.config.schema import (
    BUDGET_KEYS,
    BUDGET_RANGES,
    CAP_KEYS,
    PERIODS,
    SCOPE_KEYS,
    STORE_DOWN,
    WINDOWS,
)
from heliograph.gateway.config.targets import Known, read_target
from heliograph.gateway.config.time_zone import read_time_zone
from heliograph.gateway.config.usd import read_usd
from heliograph.gateway.config.webhook import read_webhook
from heliograph.gateway.types import Budget, CapKind, CapRule, Scope
from heliograph.yaml_reading.amounts import read_amount
from heliograph.yaml_reading.document import MappingNode, Node, ScalarNode
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_short_name
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_table,
    read_text,
    refuse_unknown_keys,
    shown,
)

_ITEM = "a table with name and a cap, such as usd and per"
_RATES: tuple[tuple[CapKind, str], ...] = (
    ("tokens", "tokens_per_minute"),
    ("requests", "requests_per_minute"),
    ("concurrent", "concurrent_max"),
)


def read_budgets(reading: Reading, node: Node, known: Known) -> tuple[Budget, ...]:
    """Read every budget that is good; their names are one each."""
    items = read_list(reading, node, "budgets", what="a list of budgets") or ()
    found: dict[str, Budget] = {}
    for position, item in enumerate(items, start=1):
        where = f"budgets[{position}]"
        table = read_table(reading, item, where, what=_ITEM)
        if table is None:
            continue
        refuse_unknown_keys(reading, table, where, known=BUDGET_KEYS)
        budget = _read_budget(reading, table, where, known)
        if budget is None:
            continue
        if budget.name in found:
            message = f"there is a budget {shown(budget.name)} already"
            reading.report(item, f"{where}.name", message, fix="choose another name")
        found[budget.name] = budget
    return tuple(found.values())


def _read_budget(
    reading: Reading, table: MappingNode, key: str, known: Known
) -> Budget | None:
    """Read one budget; what is bad in it is reported, and it may be left out."""
    name = _read_name(reading, table, key)
    caps = _read_caps(reading, table, key)
    scope = _read_scope(reading, table, key, known)
    rest = _read_rest(reading, table, key, known)
    if name is None or not caps:
        return None
    return Budget(name, caps, scope=scope, **rest)


def _read_name(reading: Reading, table: MappingNode, key: str) -> str | None:
    entry = table.entries.get("name")
    if entry is None:
        reading.report(table, key, '"name" is missing', fix='add "name:" with a word')
        return None
    name = read_text(reading, entry.value, f"{key}.name", what="a name")
    if name is None or is_short_name(name):
        return name
    message = f"{shown(name)} cannot be a budget's name"
    reading.report(entry.value, f"{key}.name", message, fix=SHORT_NAME_FIX)
    return None


def _read_caps(reading: Reading, table: MappingNode, key: str) -> tuple[CapRule, ...]:
    """Read the caps of a budget; it must have one."""
    if not any(name in table.entries for name in CAP_KEYS):
        fix = f"add one of: {', '.join(CAP_KEYS)}"
        reading.report(table, key, "the budget has no cap", fix=fix)
        return ()
    caps = list(_read_money(reading, table, key))
    for kind, name in _RATES:
        allowed = BUDGET_RANGES[name]
        number = read_amount(reading, table, key, name=name, allowed=allowed)
        if number is not None:
            caps.append(CapRule(kind, int(number)))
    return tuple(caps)


def _read_money(reading: Reading, table: MappingNode, key: str) -> Sequence[CapRule]:
    """Read the cap of money, and the window it needs."""
    entry, per, window = (table.entries.get(n) for n in ("usd", "per", "window"))
    if entry is None:
        for other in (per, window):
            if other is not None:
                message = "says in which time money is counted, and there is no usd"
                where = f"{key}.{other.key.value}"
                reading.report(other.key, where, message, fix='add "usd: 20"')
        return ()
    nano = read_usd(reading, entry.value, f"{key}.usd")
    if per is None:
        fix = f'add "per: day", or one of {", ".join(PERIODS)}'
        reading.report(table, key, '"per" is missing beside usd', fix=fix)
        return ()
    period = read_choice(
        reading, per.value, f"{key}.per", what="period", choices=PERIODS
    )
    kind = (
        read_choice(
            reading, window.value, f"{key}.window", what="window", choices=WINDOWS
        )
        if window is not None
        else "calendar"
    )
    if nano is None or period is None or kind is None:
        return ()
    return (CapRule("usd", nano, period, kind),)


def _read_scope(reading: Reading, table: MappingNode, key: str, known: Known) -> Scope:
    """Read `for`: whom a budget is for."""
    entry = table.entries.get("for")
    if entry is None:
        return Scope()
    where = f"{key}.for"
    scope = read_table(reading, entry.value, where, what="a table such as {team: x}")
    if scope is None:
        return Scope()
    refuse_unknown_keys(reading, scope, where, known=SCOPE_KEYS)
    found: dict[str, str] = {}
    for name in SCOPE_KEYS:
        if name not in scope.entries:
            continue
        node, place = scope.entries[name].value, f"{where}.{name}"
        text = (
            read_target(reading, node, place, known)
            if name == "model"
            else read_text(reading, node, place, what="a name")
        )
        if text is not None and name == "provider" and text not in known.models:
            fix = f"its providers are: {', '.join(known.models)}"
            message = f"provider {shown(text)} is not in this file"
            reading.report(node, place, message, fix=fix)
        elif text is not None:
            found[name] = text
    return Scope(**found)


def _read_rest(
    reading: Reading, table: MappingNode, key: str, known: Known
) -> dict[str, Any]:
    """Read what else a budget says; what is bad keeps its default."""
    entries = table.entries
    soft = read_amount(reading, table, key, name="soft", allowed=BUDGET_RANGES["soft"])
    found: dict[str, Any] = {"soft": soft}
    name = "output_tokens_max"
    bound = read_amount(reading, table, key, name=name, allowed=BUDGET_RANGES[name])
    if bound is not None:
        found[name] = int(bound)
    if "time_zone" in entries:
        node = entries["time_zone"].value
        found["zone"] = read_time_zone(reading, node, f"{key}.time_zone")
    if "webhook" in entries:
        node = entries["webhook"].value
        found["webhook"] = read_webhook(reading, node, f"{key}.webhook")
        if soft is None:
            message = "is told of the soft limit, and there is none"
            fix = 'add "soft: 0.8"'
            reading.report(entries["webhook"].key, f"{key}.webhook", message, fix=fix)
    if "store_down" in entries:
        node, place = entries["store_down"].value, f"{key}.store_down"
        found["store_down"] = read_choice(
            reading, node, place, what="policy", choices=STORE_DOWN
        )
    if "on_cap" in entries:
        node, place = entries["on_cap"].value, f"{key}.on_cap"
        if not (isinstance(node, ScalarNode) and node.value == "refuse"):
            found["on_cap"] = read_target(reading, node, place, known, or_route=True)
    return {name: value for name, value in found.items() if value is not None}

"""Budgets: what is spent and reserved of each cap, and when it begins anew."""

from typing import Any, NamedTuple

from msgspec import to_builtins
from starlette.requests import Request

from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import (
    count_field,
    iso_of,
    read_query,
    text_field,
)
from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger import virtual_keys
from heliograph.gateway.ledger.accounts import key_of, own_budget
from heliograph.gateway.ledger.budget_sums import CapSum, sums_of
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.windows import Span, Window, window_of
from heliograph.gateway.types import Budget, CapRule

LIMIT, LIMIT_MAX = 200, 1000
FIELDS = {
    "name": text_field("only the budget that is called so; a key's own is `key ID`"),
    "limit": count_field(f"how many budgets; {LIMIT} if left out", LIMIT_MAX),
}


class Asked(NamedTuple):
    """One cap, and where now is in its window."""

    budget: Budget
    rule: CapRule
    key: str
    window: Window
    span: Span


async def listed(house: House, request: Request) -> dict[str, Any]:
    """List the config's budgets, then those that virtual keys carry."""
    wall_s = house.clock.wall_s()
    asked = read_query(request, FIELDS, wall_s)
    name, limit = asked.get("name"), asked.get("limit", LIMIT)
    configured = house.engine.config.budgets

    def question(database: Database) -> tuple[list[Budget], list[Asked], list[CapSum]]:
        keys = virtual_keys.listed(database)
        own = [own_budget(key) for key in keys if key.revoked_at is None]
        budgets = [*configured, *(budget for budget in own if budget is not None)]
        if name is not None:
            budgets = [budget for budget in budgets if budget.name == name]
        caps = [
            asked_of(budget, rule, wall_s)
            for budget in budgets[:limit]
            for rule in budget.caps
        ]
        sums = sums_of(database, [(cap.key, cap.span.since_s) for cap in caps])
        return budgets, caps, sums

    budgets, caps, sums = await house.desk.ask(question)
    free = free_here(house)
    told: dict[str, list[dict[str, Any]]] = {}
    for cap, found in zip(caps, sums, strict=True):
        reserved = max(0, found.leased - free.get(cap.key, 0))
        told.setdefault(cap.budget.name, []).append(cap_as_json(cap, found, reserved))
    return {
        "data": [
            budget_as_json(budget, told.get(budget.name, []))
            for budget in budgets[:limit]
        ],
        "left_out": max(0, len(budgets) - limit),
    }


def asked_of(budget: Budget, rule: CapRule, wall_s: float) -> Asked:
    """Say where a cap's window is now."""
    window = window_of(rule, budget.zone)
    span = window.span(wall_s)
    return Asked(budget, rule, key_of(budget, rule), window, span)


def free_here(house: House) -> dict[str, int]:
    """Say what this process has leased of caps and nobody holds: it is not reserved."""
    budgets = house.engine.budgets
    if budgets is None:
        return {}
    return {key: cap.free for key, cap in budgets.caps.items()}


def budget_as_json(budget: Budget, caps: list[dict[str, Any]]) -> dict[str, Any]:
    """Write a budget."""
    scope = {name: value for name, value in to_builtins(budget.scope).items() if value}
    return {
        "name": budget.name,
        "for": scope,
        "soft": budget.soft,
        "on_cap": budget.on_cap or "refuse",
        "caps": caps,
    }


def cap_as_json(cap: Asked, found: CapSum, reserved: int) -> dict[str, Any]:
    """Write one cap; money is in dollars."""
    rule = cap.rule
    timeless = rule.kind == "concurrent"
    resets_s = None
    if not timeless and (rule.window == "calendar" or found.oldest_s is not None):
        resets_s = cap.window.frees_at_s(cap.span, found.oldest_s or cap.span.bucket_s)
    return {
        "kind": rule.kind,
        "per": None if timeless else rule.per,
        "window": None if timeless else rule.window,
        "limit": amount(rule, rule.limit),
        "spent": amount(rule, found.spent),
        "reserved": amount(rule, reserved),
        "left": amount(rule, max(0, rule.limit - found.spent - reserved)),
        "used": round(min(1.0, (found.spent + reserved) / max(1, rule.limit)), 4),
        "resets_at": iso_of(resets_s),
    }


def amount(rule: CapRule, number: int) -> str | int:
    """Write an amount: dollars as a text, so that none is lost."""
    return print_usd(number) if rule.kind == "usd" else number

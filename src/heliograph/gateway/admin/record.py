"""Recorded exchanges: a page of them, or one with its attempts."""

from collections.abc import Mapping
from typing import Any, get_args

from starlette.requests import Request

from heliograph.gateway.admin.errors import NOT_FOUND, AdminError
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import (
    Field,
    choice_field,
    count_field,
    iso_of,
    read_query,
    text_field,
    time_field,
)
from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger import search
from heliograph.gateway.ledger.database import Database, Row
from heliograph.gateway.ledger.search import Sought
from heliograph.gateway.types import Outcome

LIMIT, LIMIT_MAX = 50, 500
NUMBER_DIGITS_MAX = 18
TOKENS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
AS_THEY_ARE = (
    "request_id", "outcome", "status", "asked_model", "provider", "model", "route",
    "virtual_key", "team", "project", "camera", "finish", "rescue",
)  # fmt: skip


def read_number(text: str, _now_s: float) -> int:
    """Read the number of an exchange."""
    if not text.isascii() or not text.isdecimal() or len(text) > NUMBER_DIGITS_MAX:
        raise ValueError("must be the `next` of the page before")
    return int(text)


NARROWING = {
    "key": text_field("only those of the virtual key with this id"),
    "team": text_field("only this team's"),
    "project": text_field("only this project's"),
    "camera": text_field("only this camera's"),
    "tag": text_field("only those that have this tag"),
    "route": text_field("only those that went by this route"),
    "provider": text_field("only those that this provider answered"),
    "model": text_field("only those that this model answered"),
    "outcome": choice_field("only those that ended so", *get_args(Outcome)),
    "error": text_field("only those that failed so, such as `rate_limited`, or `any`"),
    "request_id": text_field("only the one that was answered with this x-request-id"),
}
SOUGHT = frozenset(NARROWING) & frozenset(Sought.__struct_fields__)
PAGING = {
    "since": time_field("only those that ended since: `7d` (ago), a day, a moment"),
    "until": time_field("only those that ended before"),
    "before": Field("the `next` of the page before", read_number),
    "limit": count_field(f"how many; {LIMIT} if left out", LIMIT_MAX),
}
FIELDS = {**NARROWING, **PAGING}
NO_FIELDS: dict[str, Field] = {}


async def listed(house: House, request: Request) -> dict[str, Any]:
    """List exchanges, the newest first."""
    asked = read_query(request, FIELDS, house.clock.wall_s())
    narrowed: dict[str, Any] = {name: asked[name] for name in SOUGHT if name in asked}
    sought = Sought(
        virtual_key=asked.get("key"),
        tags=(asked["tag"],) if "tag" in asked else (),
        **narrowed,
        **within(asked),
    )
    limit, before = asked.get("limit", LIMIT), asked.get("before")

    def question(database: Database) -> dict[str, Any]:
        return page_as_json(search.search(database, sought, before, limit))

    return await house.desk.ask(question)


def within(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Read between which moments is looked."""
    since_s, until_s = asked.get("since", 0.0), asked.get("until")
    return {
        "since_ms": int(max(0.0, since_s) * 1000),
        "until_ms": None if until_s is None else int(max(0.0, until_s) * 1000),
    }


def page_as_json(page: search.Page) -> dict[str, Any]:
    """Write a page, and where to go on."""
    return {"data": [as_json(row) for row in page.rows], **rest_of(page)}


def rest_of(page: search.Page) -> dict[str, Any]:
    """Say where to go on."""
    below = page.below
    return {
        "next": None if below is None else str(below),
        "looked_back_to": None if below is None else iso_of(search.seconds_of(below)),
    }


async def shown(house: House, request: Request) -> dict[str, Any]:
    """Show one exchange with its attempts, and its bodies where those are kept."""
    read_query(request, NO_FIELDS, 0.0)
    number = request.path_params["number"]

    def question(database: Database) -> dict[str, Any]:
        row = search.one(database, number) if number <= search.NEWEST else None
        if row is None:
            said = "There is no such exchange, or it is not kept any more."
            fix = "List them: GET /admin/api/v1/exchanges"
            raise AdminError(NOT_FOUND, "no_such_exchange", said, fix)
        attempts = search.attempts_of(database, number)
        kept = search.said_in(database, number)
        return {
            **as_json(row),
            "attempts": [attempt_as_json(one) for one in attempts],
            "request": kept and kept[0],
            "answer": kept and kept[1],
        }

    return await house.desk.ask(question)


def as_json(row: Row) -> dict[str, Any]:
    """Write an exchange; '' in the table is what is not there."""
    got: dict[str, Any] = dict(zip(search.COLUMNS, row, strict=True))
    unknown = got["unknown_costs"]
    return {
        "id": str(got["exchange_id"]),
        **{name: got[name] if got[name] != "" else None for name in AS_THEY_ARE},
        "started_at": iso_of(got["started_ms"] / 1000),
        "duration_ms": got["duration_us"] / 1000,
        "first_byte_ms": milliseconds(got["first_byte_us"]),
        "stream": bool(got["stream"]),
        "hedged": bool(got["hedged"]),
        "tags": got["tags"].split(",") if got["tags"] else [],
        **{name: got[name] for name in TOKENS},
        "cost_usd": None if unknown else print_usd(got["cost_nano"]),
        "known_cost_usd": print_usd(got["cost_nano"]),
        "unknown_costs": unknown,
        "error": error_of(got),
    }


def attempt_as_json(row: Row) -> dict[str, Any]:
    """Write an attempt; its times count from the start of its exchange."""
    got: dict[str, Any] = dict(zip(search.ATTEMPT_COLUMNS, row, strict=True))
    cost = got["cost_nano"]
    return {
        "provider": got["provider"],
        "model": got["model"],
        "provider_key": got["provider_key"] or None,
        "started_ms": got["started_us"] / 1000,
        "ended_ms": milliseconds(got["ended_us"]),
        **{name: got[name] for name in TOKENS},
        "cost_usd": None if cost is None else print_usd(cost),
        "cost_basis": got["cost_basis"] or None,
        "error": error_of(got),
    }


def error_of(got: dict[str, Any]) -> dict[str, Any] | None:
    """Write who is to blame, and for what."""
    if not got["error_kind"]:
        return None
    error = {"blame": got["error_blame"], "kind": got["error_kind"]}
    return {**error, "status": got["error_status"]} if "error_status" in got else error


def milliseconds(us: int | None) -> float | None:
    """Write microseconds as milliseconds."""
    return None if us is None else us / 1000

"""What was spent, by whatever is asked for: as `heliograph costs` tells it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from heliograph.gateway.admin.errors import bad_value
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import (
    Field,
    choice_field,
    count_field,
    read_query,
    text_field,
    time_field,
)
from heliograph.gateway.ledger.costs import DIMENSIONS, FILTERS, Costs, costs
from heliograph.gateway.ledger.costs_page import as_csv, members
from heliograph.gateway.ledger.periods import hours_between, shown_hour

SINCE_S = 7 * 86_400
DAYS_MAX = 3700
BY_MAX = 4
ROWS, ROWS_MAX = 1000, 10_000
CSV_TYPE = "text/csv; charset=utf-8"


def read_by(text: str, _now_s: float) -> tuple[str, ...]:
    """Read what costs are asked by."""
    names = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown or not 1 <= len(names) <= BY_MAX:
        raise ValueError(f"must be 1 to {BY_MAX} of {', '.join(DIMENSIONS)}")
    return names


FIELDS = {
    "by": Field(
        f"one or more of {', '.join(f'`{name}`' for name in DIMENSIONS)}, with commas;"
        " `model` if left out",
        read_by,
    ),
    "since": time_field("from when: `7d` (ago), a day, a moment; 7d if left out"),
    "until": time_field("up to when; now if left out"),
    **{name: text_field(f"only what has this {name}") for name in FILTERS},
    "limit": count_field(f"how many rows; {ROWS} if left out", ROWS_MAX),
    "format": choice_field("in what form; JSON if left out", "json", "csv"),
}


async def told(house: House, request: Request) -> dict[str, Any] | Response:
    """Add up what was spent; hours are never cut."""
    now_s = house.clock.wall_s()
    asked = read_query(request, FIELDS, now_s)
    since_s, until_s = asked.get("since", now_s - SINCE_S), asked.get("until", now_s)
    if not 0 <= since_s < until_s or until_s - since_s > DAYS_MAX * 86_400:
        said = f"`since` must be before `until`, and not by more than {DAYS_MAX} days."
        raise bad_value("since", said, "Move `since`.")
    hours = hours_between(since_s, until_s)
    by = asked.get("by", ("model",))
    where = {name: asked[name] for name in FILTERS if name in asked}
    limit = asked.get("limit", ROWS)
    if asked.get("format") != "csv":
        return await house.desk.ask(
            lambda database: as_document(
                costs(database, by, hours, where), hours, limit
            )
        )
    table = await house.desk.ask(
        lambda database: as_csv(costs(database, by, hours, where))
    )
    headers = {"content-disposition": 'attachment; filename="costs.csv"'}
    return Response(table, headers=headers, media_type=CSV_TYPE)


def as_document(found: Costs, hours: tuple[int, int], limit: int) -> dict[str, Any]:
    """Write the first rows of an answer, and how many more there are."""
    return {
        "since": shown_hour(hours[0]),
        "until": shown_hour(hours[1]),
        "by": found.by,
        "data": [members(found.by, row) for row in found.rows[:limit]],
        "total": members((), found.total),
        "left_out": max(0, len(found.rows) - limit),
    }

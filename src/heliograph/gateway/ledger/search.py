"""Finds recorded exchanges, the newest first, a page at a time.

The record has one order, that in which exchanges were written, and their numbers say
when: a stretch of time is a stretch of the primary key. What is looked for is looked
for along it, a stretch at a time and for a bounded time: a page may therefore come back
with less than was asked for, and says from where to go on. So a question about what is
rare costs no more than one about what is not, and writing pays for no further index.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from heliograph.gateway.ledger.database import Database, Row, Value
from heliograph.gateway.ledger.write import NUMBERS_PER_MS

STRETCH = 20_000
"""How many exchanges are looked at before the clock is."""
LOOK_S = 0.1
DAY_NUMBERS = 86_400 * 1000 * NUMBERS_PER_MS
NEWEST = (1 << 63) - 1
COLUMNS = (
    "exchange_id", "request_id", "started_ms", "duration_us", "first_byte_us",
    "outcome", "status", "stream", "asked_model", "provider", "model", "route",
    "virtual_key", "team", "project", "camera", "tags", "input_tokens",
    "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens",
    "cost_nano", "unknown_costs", "finish", "error_blame", "error_kind", "rescue",
    "hedged",
)  # fmt: skip
ATTEMPT_COLUMNS = (
    "position", "provider", "model", "provider_key", "started_us", "ended_us",
    "error_blame", "error_kind", "error_status", "input_tokens", "output_tokens",
    "cached_tokens", "cache_write_tokens", "reasoning_tokens", "cost_nano",
    "cost_basis",
)  # fmt: skip
JOINED = "FROM exchanges JOIN askers ON askers.asker_id = exchanges.asker_id"
ASKER_COLUMNS = ("route", "virtual_key", "team", "project", "camera")
SUMMED_COLUMNS = ("provider", "model")
OWN_COLUMNS = ("outcome", "request_id")
HAS_TAG = "REPLACE(',' || tags || ',', ?, '') <> ',' || tags || ','"
"""Compared to the letter by every database, which LIKE is not."""
HAS_NAME = "REPLACE(',' || tags, ?, '') <> ',' || tags"
"""The same for what a tag begins with."""


class Sought(Struct, frozen=True):
    """What is looked for; None: whichever. `error` is a kind, or `any`.

    *tags* must all be there, and one that is *named* so: `camera` is in `camera=gate`.
    *since_ms* and *until_ms* are of when exchanges were written, which is at their end.
    """

    virtual_key: str | None = None
    team: str | None = None
    project: str | None = None
    camera: str | None = None
    tags: tuple[str, ...] = ()
    named: str | None = None
    route: str | None = None
    provider: str | None = None
    model: str | None = None
    outcome: str | None = None
    error: str | None = None
    request_id: str | None = None
    since_ms: int = 0
    until_ms: int | None = None


class Page(Struct, frozen=True):
    """What was found, as rows of `COLUMNS`, and below which number to look on.

    None: there is no more.
    """

    rows: list[Row]
    below: int | None


def search(
    database: Database,
    sought: Sought,
    below: int | None,
    count: int,
    *,
    now_s: Callable[[], float] = time.monotonic,
) -> Page:
    """Find up to *count* exchanges that were written before the number *below*."""
    until = NEWEST if sought.until_ms is None else sought.until_ms * NUMBERS_PER_MS
    top = min(until, NEWEST if below is None else below)
    bottom = max(sought.since_ms * NUMBERS_PER_MS, first_number(database, sought))
    if sought.request_id is not None:
        rows = found(database, sought, bottom, top, count)
        return Page(rows, None)
    give_up_s = now_s() + LOOK_S
    rows = []
    while top > bottom and len(rows) < count:
        edge = max(bottom, edge_below(database, top))
        rows += found(database, sought, edge, top, count - len(rows))
        top = edge
        if now_s() >= give_up_s:
            break
    if len(rows) == count:
        return Page(rows, int(rows[-1][0] or 0))
    return Page(rows, top if top > bottom else None)


def found(
    database: Database, sought: Sought, bottom: int, top: int, count: int
) -> list[Row]:
    """Find up to *count* exchanges numbered from *bottom* to below *top*."""
    conditions, values = conditions_of(sought)
    names = ", ".join(COLUMNS)
    return database.run(
        f"SELECT {names} {JOINED} "
        f"WHERE exchange_id >= ? AND exchange_id < ? {conditions}"
        "ORDER BY exchange_id DESC LIMIT ?",
        (bottom, top, *values, count),
    )


def seconds_of(exchange_id: int) -> float:
    """Say when the exchange of that number was written, in seconds since 1970."""
    return exchange_id / NUMBERS_PER_MS / 1000


def edge_below(database: Database, top: int) -> int:
    """Return the number of the exchange that is a stretch below *top*; 0: none is."""
    rows = database.run(
        "SELECT exchange_id FROM exchanges WHERE exchange_id < ? "
        "ORDER BY exchange_id DESC LIMIT 1 OFFSET ?",
        (top, STRETCH),
    )
    return int(rows[0][0] or 0) if rows else 0


def first_number(database: Database, sought: Sought) -> int:
    """Return below which number nothing can be that is looked for.

    The sums by the day, which are few, say when there first was any.
    """
    conditions, values = summed_conditions(sought)
    if not conditions:
        return 0
    rows = database.run(
        f"SELECT MIN(day) FROM days WHERE {' AND '.join(conditions)}",  # noqa: S608 - names of ours; values are bound
        values,
    )
    first = rows[0][0] if rows else None
    return NEWEST if first is None else int(first) * DAY_NUMBERS


def summed_conditions(sought: Sought) -> tuple[list[str], list[Value]]:
    """Write what exchanges must be, in columns that the sums have too."""
    conditions: list[str] = []
    values: list[Value] = []
    for name in SUMMED_COLUMNS:
        value = getattr(sought, name)
        if value is not None:
            conditions.append(f"{name} = ?")
            values.append(value)
    text, of_askers = asker_conditions(sought)
    if of_askers:
        conditions.append(f"asker_id IN (SELECT asker_id FROM askers WHERE {text})")  # noqa: S608 - the same
        values += of_askers
    return conditions, values


def conditions_of(sought: Sought) -> tuple[str, list[Value]]:
    """Write what exchanges must be, beside their number."""
    conditions, values = summed_conditions(sought)
    for name in OWN_COLUMNS:
        value = getattr(sought, name)
        if value is not None:
            conditions.append(f"{name} = ?")
            values.append(value)
    if sought.error == "any":
        conditions.append("error_kind <> ''")
    elif sought.error is not None:
        conditions.append("error_kind = ?")
        values.append(sought.error)
    return "".join(f"AND exchanges.{one} " for one in conditions), values


def asker_conditions(sought: Sought) -> tuple[str, list[Value]]:
    """Write who must have asked."""
    conditions: list[str] = []
    values: list[Value] = []
    for name in ASKER_COLUMNS:
        value = getattr(sought, name)
        if value is not None:
            conditions.append(f"askers.{name} = ?")
            values.append(value)
    for tag in sought.tags:
        conditions.append(HAS_TAG)
        values.append(f",{tag},")
    if sought.named is not None:
        conditions.append(HAS_NAME)
        values.append(f",{sought.named}=")
    return " AND ".join(conditions), values


def one(database: Database, exchange_id: int) -> Row | None:
    """Return one exchange, as a row of `COLUMNS`."""
    names = ", ".join(COLUMNS)
    rows = database.run(
        f"SELECT {names} {JOINED} WHERE exchange_id = ?",
        (exchange_id,),
    )
    return rows[0] if rows else None


def attempts_of(database: Database, exchange_id: int) -> list[Row]:
    """Return the attempts of an exchange, in order, as rows of `ATTEMPT_COLUMNS`."""
    names = ", ".join(ATTEMPT_COLUMNS)
    return database.run(
        f"SELECT {names} FROM every_attempt WHERE exchange_id = ? ORDER BY position",  # noqa: S608 - the same
        (exchange_id,),
    )


def said_in(database: Database, exchange_id: int) -> tuple[str, str] | None:
    """Return request and answer of an exchange, where the config has them kept."""
    sql = "SELECT request, answer FROM bodies WHERE exchange_id = ?"
    rows = database.run(sql, (exchange_id,))
    return (str(rows[0][0]), str(rows[0][1])) if rows else None


def answers_of(database: Database, numbers: Sequence[int]) -> dict[int, str]:
    """Return the answers of those exchanges of which they are kept."""
    if not numbers:
        return {}
    places = ", ".join("?" * len(numbers))
    rows = database.run(
        f"SELECT exchange_id, answer FROM bodies WHERE exchange_id IN ({places})",  # noqa: S608 - places of ours; values are bound
        tuple(numbers),
    )
    return {int(number or 0): str(answer) for number, answer in rows}

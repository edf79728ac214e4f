"""Writes a batch of exchanges: rows, hours and whatever else counts them, in one go."""

from collections.abc import Callable, Sequence

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.rows import Batch, Entry
from heliograph.gateway.types import Exchange

Poster = Callable[[Database, Sequence[Entry]], None]
"""Adds what a batch's exchanges count for elsewhere, within the batch's transaction; it
is called again with the same ones when that failed.
"""

HOUR_KEYS = (
    "hour",
    "provider",
    "model",
    "route",
    "virtual_key",
    "team",
    "project",
    "camera",
    "tags",
)
HOUR_SUMS = (
    "exchanges",
    "answered",
    "duration_us",
    "attempts",
    "failed_attempts",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano",
    "unknown_costs",
)
EXCHANGE_COLUMNS = 29
ATTEMPT_COLUMNS = 17


def places(count: int) -> str:
    """Write *count* placeholders."""
    return ", ".join("?" * count)


INSERT_EXCHANGE = f"INSERT INTO exchanges VALUES ({places(EXCHANGE_COLUMNS)})"  # noqa: S608 - no value is in it
INSERT_ATTEMPT = f"INSERT INTO attempts VALUES ({places(ATTEMPT_COLUMNS)})"  # noqa: S608 - the same
INSERT_TAG = "INSERT INTO tags VALUES (?, ?)"
ADD_HOUR = (
    f"INSERT INTO hours VALUES ({places(len(HOUR_KEYS) + len(HOUR_SUMS))}) "  # noqa: S608 - the same
    f"ON CONFLICT ({', '.join(HOUR_KEYS)}) DO UPDATE SET "
    + ", ".join(f"{name} = hours.{name} + excluded.{name}" for name in HOUR_SUMS)
)
NUMBER = (
    "UPDATE counters SET value = value + ? WHERE name = 'exchanges' RETURNING value"
)
SIGN = (
    "INSERT INTO writers VALUES (?, ?, ?) ON CONFLICT (writer) DO UPDATE "
    "SET batch = excluded.batch, written_ms = excluded.written_ms"
)


def write(
    database: Database,
    exchanges: Sequence[Exchange],
    posters: Sequence[Poster],
    signature: tuple[str, int, int],
) -> None:
    """Write *exchanges* in one transaction, all or none.

    *signature* is the writer's name, the number of the batch among its own, and the
    time in ms; `was_written` finds it. The first statement takes a row that all writers
    take first, so that no two of them can wait for each other.
    """
    with database.transaction():
        count = len(exchanges)
        ((last,),) = database.run(NUMBER, (count,))
        batch = Batch(exchanges, int(last or 0) - count + 1)
        database.run_many(INSERT_EXCHANGE, batch.exchanges)
        if batch.attempts:
            database.run_many(INSERT_ATTEMPT, batch.attempts)
        if batch.tags:
            database.run_many(INSERT_TAG, batch.tags)
        database.run_many(ADD_HOUR, batch.hour_rows())
        for post in posters:
            post(database, batch.entries)
        database.run(SIGN, signature)


def was_written(database: Database, writer: str, number: int) -> bool:
    """Tell whether *writer* has committed its batch *number*, whatever it was told.

    The transaction of a connection that was lost may yet come through: it holds the row
    that all writers take first, so whoever has taken it knows how that one ended.
    """
    with database.transaction():
        database.run(NUMBER, (0,))
        found = database.run("SELECT batch FROM writers WHERE writer = ?", (writer,))
    return bool(found) and int(found[0][0] or 0) >= number

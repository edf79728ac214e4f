"""Writes a batch of exchanges: rows, hours and whatever else counts them, in one go."""

from collections.abc import Callable, Sequence

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.rows import Askers, Batch
from heliograph.gateway.types import Exchange

Poster = Callable[[Database, Sequence[Exchange], int], None]
"""Adds what a batch's exchanges count for elsewhere, within the batch's transaction; it
is called again with the same ones when that failed. The number is the `exchange_id` of
the first; the others count on.
"""

NUMBERS_PER_MS = 1000
SUM_KEYS = ("provider", "model", "asker_id")
HOUR_KEYS = ("hour", *SUM_KEYS)
DAY_KEYS = ("day", *SUM_KEYS)
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
ASKER_COLUMNS = 7
EXCHANGE_COLUMNS = 26
ATTEMPT_COLUMNS = 17


def places(count: int) -> str:
    """Write *count* placeholders."""
    return ", ".join("?" * count)


INSERT_ASKER = f"INSERT INTO askers VALUES ({places(ASKER_COLUMNS)}) ON CONFLICT (asker_id) DO NOTHING"  # noqa: E501, S608 - no value is in it
INSERT_EXCHANGE = f"INSERT INTO exchanges VALUES ({places(EXCHANGE_COLUMNS)})"  # noqa: S608 - the same
INSERT_ATTEMPT = f"INSERT INTO attempts VALUES ({places(ATTEMPT_COLUMNS)})"  # noqa: S608 - the same
ADD_HOUR, ADD_DAY = (
    f"INSERT INTO {table} VALUES ({places(len(keys) + len(HOUR_SUMS))}) "  # noqa: S608 - the same
    f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
    + ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in HOUR_SUMS)
    for table, keys in (("hours", HOUR_KEYS), ("days", DAY_KEYS))
)
NUMBER = (
    "UPDATE counters SET value = CASE WHEN value < ? THEN ? ELSE value END + ? "
    "WHERE name = 'exchanges' RETURNING value"
)
PRUNES = "SELECT value FROM counters WHERE name = 'prunes'"
"""A statement of its own: in PostgreSQL one that waited for its turn still sees what
was there before.
"""
SIGN = (
    "INSERT INTO writers VALUES (?, ?, ?) ON CONFLICT (writer) DO UPDATE "
    "SET batch = excluded.batch, written_ms = excluded.written_ms"
)


class Pen:
    """Writes with one connection, and knows which askers are in its database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.askers = Askers()
        self.prunes: int | None = None

    def write(
        self,
        exchanges: Sequence[Exchange],
        posters: Sequence[Poster],
        signature: tuple[str, int, int],
    ) -> None:
        """Write *exchanges* in one transaction, all or none.

        *signature* is the writer's name, the number of the batch among its own, and the
        time in ms; `was_written` finds it. The first statement takes a row that all
        writers take first, so that no two of them can wait for each other.
        """
        database, askers = self.database, self.askers
        least = signature[2] * NUMBERS_PER_MS
        with database.transaction():
            count = len(exchanges)
            ((last,),) = database.run(NUMBER, (least, least, count))
            ((prunes,),) = database.run(PRUNES)
            if prunes != self.prunes:
                askers.forget()
            first_id = int(last or 0) - count + 1
            batch = Batch(exchanges, first_id, askers)
            if askers.new:
                database.run_many(INSERT_ASKER, [*askers.new.values()])
            database.run_many(INSERT_EXCHANGE, batch.exchanges)
            if batch.attempts:
                database.run_many(INSERT_ATTEMPT, batch.attempts)
            database.run_many(ADD_HOUR, batch.hour_rows())
            database.run_many(ADD_DAY, batch.day_rows())
            for post in posters:
                post(database, exchanges, first_id)
            database.run(SIGN, signature)
        askers.note_written()
        self.prunes = int(prunes or 0)


def was_written(database: Database, writer: str, number: int) -> bool:
    """Tell whether *writer* has committed its batch *number*, whatever it was told.

    The transaction of a connection that was lost may yet come through: it holds the row
    that all writers take first, so whoever has taken it knows how that one ended.
    """
    with database.transaction():
        database.run(NUMBER, (0, 0, 0))
        found = database.run("SELECT batch FROM writers WHERE writer = ?", (writer,))
    return bool(found) and int(found[0][0] or 0) >= number

"""Takes away what is older than is to be kept, a little at a time.

Of exchanges their sums stay longer than they do themselves, so that the costs of a year
can be asked of a ledger that holds a month.
"""

import time
from collections.abc import Callable

from msgspec import Struct

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.rows import HOURS_OF_DAY
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.ledger.write import NUMBER, NUMBERS_PER_MS
from heliograph.gateway.types import Bodies, Keeping

LOOK_S = 60.0
STEP_ROWS = 2_000
DAY_S = 86_400
HOUR_MS = 3_600_000
WRITERS_DAYS = 7
MB = 1_000_000

EDGE = "SELECT exchange_id FROM exchanges ORDER BY exchange_id LIMIT 1 OFFSET ?"
OLDEST = "SELECT MIN(exchange_id) FROM exchanges"
KEEP_FROM = (
    "UPDATE counters SET value = CASE WHEN value < ? THEN ? ELSE value END "
    "WHERE name = 'kept_from_hour'"
)
DELETE_EXCHANGES = "DELETE FROM exchanges WHERE exchange_id < ?"
DELETE_ATTEMPTS = "DELETE FROM attempts WHERE exchange_id < ?"
DELETE_BODIES = "DELETE FROM bodies WHERE exchange_id < ?"
DELETE_WRITERS = "DELETE FROM writers WHERE written_ms < ?"
KEPT_FROM = "SELECT value FROM counters WHERE name = 'kept_from_hour'"
DELETE_DAYS = "DELETE FROM days WHERE day < ? RETURNING day"
DELETE_HOURS = "DELETE FROM hours WHERE hour < ?"
DELETE_ASKERS = (
    "DELETE FROM askers WHERE asker_id NOT IN (SELECT asker_id FROM days) "
    "AND asker_id NOT IN (SELECT asker_id FROM exchanges)"
)
COUNT_PRUNE = "UPDATE counters SET value = value + 1 WHERE name = 'prunes'"


class Pruned(Struct, frozen=True):
    """What was taken away; *more*: it was not all there is to take."""

    exchanges: int = 0
    more: bool = False


def prune(database: Database, store: Store, keeping: Keeping, now_s: float) -> Pruned:
    """Take one step: some exchanges that are too old or too many, or else old sums."""
    since = int((now_s - keeping.keep_days * DAY_S) * 1e3) * NUMBERS_PER_MS
    ((oldest,),) = database.run(OLDEST)
    too_old = oldest is not None and int(oldest) < since
    too_large = keeping.size_mb_max is not None and (
        store.size_bytes(database) > keeping.size_mb_max * MB
    )
    if oldest is not None and (too_old or too_large):
        found = database.run(EDGE, (STEP_ROWS,))
        edge = int(found[0][0] or 0) if found else now_number(now_s)
        taken = take_away(database, edge if too_large else min(edge, since))
        store.give_back(database)
        return Pruned(taken, more=taken > 0)
    take_bodies_away(database, keeping, now_s)
    take_sums_away(database, keeping, now_s)
    return Pruned()


def now_number(now_s: float) -> int:
    """Return the number that no exchange recorded until now has reached."""
    return int(now_s * 1e3 + 1) * NUMBERS_PER_MS


def take_away(database: Database, edge: int) -> int:
    """Take away the exchanges before *edge*; say how many they were.

    Hours that are no longer whole are told first, so that no audit asks for them.
    """
    hour = -(-edge // (NUMBERS_PER_MS * HOUR_MS))
    with database.transaction():
        database.run(NUMBER, (0, 0, 0))  # in turn with those who write
        count = "SELECT COUNT(*) FROM exchanges WHERE exchange_id < ?"
        ((taken,),) = database.run(count, (edge,))
        database.run(KEEP_FROM, (hour, hour))
        database.run(DELETE_BODIES, (edge,))
        database.run(DELETE_ATTEMPTS, (edge,))
        database.run(DELETE_EXCHANGES, (edge,))
    return int(taken or 0)


def take_bodies_away(database: Database, keeping: Keeping, now_s: float) -> None:
    """Take away what was said longer ago than is kept; switched off, in a week."""
    kept = keeping.bodies or Bodies()
    edge = int((now_s - kept.keep_days * DAY_S) * 1e3) * NUMBERS_PER_MS
    database.run(DELETE_BODIES, (edge,))


def take_sums_away(database: Database, keeping: Keeping, now_s: float) -> None:
    """Take away the sums of days long past, and who asked in no other."""
    day = int(now_s - keeping.keep_sums_days * DAY_S) // DAY_S
    with database.transaction():
        database.run(NUMBER, (0, 0, 0))
        written_ms = int((now_s - WRITERS_DAYS * DAY_S) * 1e3)
        database.run(DELETE_WRITERS, (written_ms,))
        ((kept_from,),) = database.run(KEPT_FROM)
        day = min(day, int(kept_from or 0) // HOURS_OF_DAY)
        if database.run(DELETE_DAYS, (day,)):
            database.run(DELETE_HOURS, (day * HOURS_OF_DAY,))
            database.run(COUNT_PRUNE)
            database.run(DELETE_ASKERS)


class Pruner:
    """What the ledger's thread does of it: a step a turn while there is more."""

    def __init__(
        self,
        store: Store,
        keeping: Keeping,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.keeping = keeping
        self.wall_s = wall_s
        self.next_s = 0.0
        self.taken = 0

    def do_chore(self, database: Database) -> None:
        """Look about once a minute; take one step, so that writing goes on."""
        now_s = self.wall_s()
        if now_s < self.next_s:
            return
        done = prune(database, self.store, self.keeping, now_s)
        self.taken += done.exchanges
        self.next_s = now_s if done.more else now_s + LOOK_S

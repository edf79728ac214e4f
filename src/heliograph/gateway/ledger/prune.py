"""Takes away what is older than is to be kept, a little at a time.

Of exchanges their sums stay longer than they do themselves, so that the costs of a year
can be asked of a ledger that holds a month. Whoever writes waits for no more than one
step, and each is of a bounded number of rows.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from heliograph.gateway.ledger.abandoned import Abandoned
from heliograph.gateway.ledger.database import Database, Value
from heliograph.gateway.ledger.rows import HOUR_MS, HOURS_OF_DAY
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.ledger.write import NUMBER, NUMBERS_PER_MS
from heliograph.gateway.types import Bodies, Keeping

LOOK_S = 60.0
STEP_ROWS = 2_000
STEP_SUMS = 500  # of a day; of each there are up to 24 of hours
STEP_BODIES = 200
SHARE = 10
"""For the size alone no step takes more than one in so many exchanges."""
DAY_S = 86_400
WRITERS_DAYS = 7
MB = 1_000_000

OLDEST = "SELECT MIN(exchange_id) FROM exchanges"
EDGE = "SELECT exchange_id FROM exchanges ORDER BY exchange_id LIMIT 1 OFFSET ?"
COUNT = "SELECT COUNT(*) FROM exchanges"
EDGE_OF_BODIES = (
    "SELECT exchange_id FROM bodies WHERE exchange_id < ? "
    "ORDER BY exchange_id LIMIT 1 OFFSET ?"
)
KEEP_FROM = (
    "UPDATE counters SET value = CASE WHEN value < ? THEN ? ELSE value END "
    "WHERE name = 'kept_from_hour'"
)
DELETE_EXCHANGES = "DELETE FROM exchanges WHERE exchange_id < ?"
DELETE_ATTEMPTS = "DELETE FROM attempts WHERE exchange_id < ?"
DELETE_BODIES = "DELETE FROM bodies WHERE exchange_id < ?"
DELETE_WRITERS = (
    "DELETE FROM writers WHERE writer IN "
    "(SELECT writer FROM writers WHERE written_ms < ? LIMIT ?) RETURNING writer"
)
KEPT_FROM = "SELECT value FROM counters WHERE name = 'kept_from_hour'"
OLDEST_DAY = "SELECT MIN(day) FROM days WHERE day < ?"
LAST_OF_STEP = (
    "SELECT provider, model, asker_id FROM days WHERE day = ? "
    "ORDER BY provider, model, asker_id LIMIT 1 OFFSET ?"
)
UP_TO = " AND (provider, model, asker_id) <= (?, ?, ?)"
DELETE_DAY = "DELETE FROM days WHERE day = ?"
DELETE_HOURS = "DELETE FROM hours WHERE hour >= ? AND hour < ?"
IN_NO_DAY = "asker_id NOT IN (SELECT asker_id FROM days)"
GONE_ASKERS = (
    f"SELECT asker_id FROM askers WHERE {IN_NO_DAY} "  # noqa: S608 - no value is in it
    "AND asker_id NOT IN (SELECT asker_id FROM exchanges) LIMIT ?"
)
COUNT_PRUNE = "UPDATE counters SET value = value + 1 WHERE name = 'prunes'"
SUMS: Mapping[str, tuple[int, tuple[str, ...]]] = MappingProxyType(
    {
        "hours": (64, ("provider", "model")),
        "days": (64, ("provider", "model")),
        "askers": (20, ("route", "virtual_key", "team", "project", "camera", "tags")),
        "budget_charges": (45, ("cap", "cap")),
    }
)
"""What stays when exchanges go: the bytes of a row in SQLite, and its texts."""


class Pruned(Struct, frozen=True):
    """What a step has taken away; *more*: it was not all there is to take."""

    exchanges: int = 0
    more: bool = False


class Pruner:
    """Takes a step when it is asked to; *say* tells where that cannot be enough."""

    def __init__(
        self,
        store: Store,
        keeping: Keeping,
        wall_s: Callable[[], float] = time.time,
        say: Callable[[str], object] = str,
    ) -> None:
        self.store = store
        self.keeping = keeping
        self.wall_s = wall_s
        self.say = say
        self.next_s = 0.0
        self.taken = 0
        self.sums_bytes: int | None = None  # measured once while there is more to take
        self.is_cramped = False
        self.askers_due = True
        self.abandoned = Abandoned()

    def do_chore(self, database: Database) -> None:
        """Look about once a minute; take one step, so that writing goes on."""
        now_s = self.wall_s()
        if now_s < self.next_s:
            return
        done = self.step(database)
        self.taken += done.exchanges
        self.next_s = now_s if done.more else now_s + LOOK_S

    def step(self, database: Database) -> Pruned:
        """Take some exchanges that are too old or too many, or else what is old."""
        now_s = self.wall_s()
        edge = self.edge(database, now_s)
        if edge is not None and (taken := take_away(database, edge)):
            self.store.give_back(database)
            return Pruned(taken, more=True)
        self.sums_bytes = None
        more = [
            self.take_bodies_away(database, now_s),
            take_writers_away(database, now_s),
            self.take_sums_away(database, now_s),
            self.abandoned.step(database, now_s),
        ]
        return Pruned(more=any(more))

    def edge(self, database: Database, now_s: float) -> int | None:
        """Say before which number exchanges go in this step; None: none do."""
        since = number_at(now_s - self.keeping.keep_days * DAY_S)
        ((oldest,),) = database.run(OLDEST)
        if oldest is None:
            return None
        if int(oldest) < since:
            found = database.run(EDGE, (STEP_ROWS,))
            edge = min(since, int(found[0][0] or 0)) if found else since
        elif self.is_too_large(database) and (count := share(database)):
            ((number,),) = database.run(EDGE, (count,))
            edge = int(number or 0)
        else:
            return None
        return bounded(database, edge)

    def is_too_large(self, database: Database) -> bool:
        """Say whether it holds more than it may, and taking exchanges away helps."""
        most_mb = self.keeping.size_mb_max
        if most_mb is None or self.store.size_bytes(database) <= most_mb * MB:
            self.is_cramped = False
            return False
        if self.sums_bytes is None:
            self.sums_bytes = sums_bytes(database)
        was_cramped, self.is_cramped = self.is_cramped, self.sums_bytes > most_mb * MB
        if self.is_cramped and not was_cramped:
            self.say(
                f"warning: the ledger {self.store.name} is larger than size_mb_max "
                f"({most_mb:g} MB), and its sums alone are: about "
                f"{self.sums_bytes / MB:.1f} MB. No exchange is taken away for that: "
                "raise ledger.size_mb_max, or lower ledger.keep_sums_days"
            )
        return not self.is_cramped

    def take_bodies_away(self, database: Database, now_s: float) -> bool:
        """Take away what was said longer ago than is kept; switched off, in a week."""
        kept = self.keeping.bodies or Bodies()
        edge = number_at(now_s - kept.keep_days * DAY_S)
        nearer = bounded(database, edge)
        database.run(DELETE_BODIES, (nearer,))
        if nearer < edge:
            self.store.give_back(database)
        return nearer < edge

    def take_sums_away(self, database: Database, now_s: float) -> bool:
        """Take away sums of the oldest day that is long past, then who asked in none.

        Those of a day go with those of its hours, so that they agree all the while.
        """
        end = int(now_s - self.keeping.keep_sums_days * DAY_S) // DAY_S
        with database.transaction():
            database.run(NUMBER, (0, 0, 0))  # in turn with those who write
            ((kept_from,),) = database.run(KEPT_FROM)
            end = min(end, int(kept_from or 0) // HOURS_OF_DAY)
            ((day,),) = database.run(OLDEST_DAY, (end,))
            if day is not None:
                take_day_away(database, int(day))
                self.askers_due = True
                return True
        if self.askers_due:
            self.askers_due = take_askers_away(database)
        return self.askers_due


def number_at(wall_s: float) -> int:
    """Return the number that exchanges have which are recorded at *wall_s*."""
    return int(wall_s * 1e3) * NUMBERS_PER_MS


def share(database: Database) -> int:
    """Say how many exchanges a step may take for the size: never all there are."""
    if database.run(EDGE, (STEP_ROWS * SHARE,)):
        return STEP_ROWS
    ((count,),) = database.run(COUNT)
    count = int(count or 0)
    return count // SHARE or min(1, max(0, count - 1))


def sums_bytes(database: Database) -> int:
    """Say about how large that is which stays when exchanges go."""
    total = 0
    for table, (row_bytes, texts) in SUMS.items():
        lengths = " + ".join(f"LENGTH({text})" for text in texts)
        sql = f"SELECT COUNT(*), SUM({lengths}) FROM {table}"  # noqa: S608 - names of ours
        ((count, text_bytes),) = database.run(sql)
        total += int(count or 0) * row_bytes + int(text_bytes or 0)
    return total


def bounded(database: Database, edge: int) -> int:
    """Bring *edge* nearer, where too many bodies are before it for one step."""
    found = database.run(EDGE_OF_BODIES, (edge, STEP_BODIES))
    return int(found[0][0] or 0) if found else edge


def take_away(database: Database, edge: int) -> int:
    """Take away the exchanges before *edge*; say how many they were.

    Hours that are no longer whole are told first, so that no audit asks for them.
    """
    hour = -(-edge // (NUMBERS_PER_MS * HOUR_MS))
    with database.transaction():
        database.run(NUMBER, (0, 0, 0))
        ((taken,),) = database.run(f"{COUNT} WHERE exchange_id < ?", (edge,))
        database.run(KEEP_FROM, (hour, hour))
        database.run(DELETE_BODIES, (edge,))
        database.run(DELETE_ATTEMPTS, (edge,))
        database.run(DELETE_EXCHANGES, (edge,))
    return int(taken or 0)


def take_writers_away(database: Database, now_s: float) -> bool:
    """Forget some of who wrote long ago; say whether there may be more."""
    written_ms = int((now_s - WRITERS_DAYS * DAY_S) * 1e3)
    return len(database.run(DELETE_WRITERS, (written_ms, STEP_ROWS))) == STEP_ROWS


def take_day_away(database: Database, day: int) -> None:
    """Take away sums of one day, the first by their key, and those of its hours."""
    last = database.run(LAST_OF_STEP, (day, STEP_SUMS - 1))
    up_to: str
    values: tuple[Value, ...]
    up_to, values = (UP_TO, last[0]) if last else ("", ())
    hours = (day * HOURS_OF_DAY, (day + 1) * HOURS_OF_DAY)
    database.run(DELETE_DAY + up_to, (day, *values))
    database.run(DELETE_HOURS + up_to, (*hours, *values))


def take_askers_away(database: Database) -> bool:
    """Forget some of those who asked in no day that is kept; say whether any were.

    They are looked for outside of the transaction, for that takes long. Whoever has
    asked meanwhile stands in a day again.
    """
    found = [asker for (asker,) in database.run(GONE_ASKERS, (STEP_SUMS,))]
    if found:
        places = ", ".join("?" * len(found))
        sql = f"DELETE FROM askers WHERE asker_id IN ({places}) AND {IN_NO_DAY}"  # noqa: S608 - names of ours
        with database.transaction():
            database.run(NUMBER, (0, 0, 0))
            database.run(COUNT_PRUNE)
            database.run(sql, found)
    return bool(found)

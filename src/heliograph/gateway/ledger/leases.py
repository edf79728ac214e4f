"""Slices of caps, leased from the store; used by the ledger's thread alone.

Several processes share a cap by its rows of leases. After every transaction what is
spent in the window and all leases together are at most the cap; what a process has
spent passes from its lease to `budget_spent` in the transaction that records the
exchange. So a process may spend its slice without asking anybody.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from heliograph.gateway.ledger.accounts import USD_KEY
from heliograph.gateway.ledger.charges import charges_of
from heliograph.gateway.ledger.database import Database, DatabaseError, Row
from heliograph.gateway.ledger.passed import Passed
from heliograph.gateway.types import Charge, Exchange

DEAD_S = 5.0
"""A holder whose beat stands still for so long has died."""

STANDS = (
    "SELECT"
    " (SELECT COALESCE(CAST(SUM(amount) AS BIGINT), 0) FROM budget_spent"
    " WHERE cap = ? AND bucket_s >= ?),"
    " (SELECT MIN(bucket_s) FROM budget_spent"
    " WHERE cap = ? AND bucket_s >= ? AND amount > 0),"
    " (SELECT COALESCE(CAST(SUM(amount) AS BIGINT), 0) FROM budget_leases"
    " WHERE cap = ? AND holder <> ?),"
    " (SELECT MIN(holder) FROM budget_leases"
    " WHERE cap = ? AND holder <> ? AND lacks > 0)"
)
"""One statement, so that it sees one moment: others post between two of ours."""
LEASE = (
    "INSERT INTO budget_leases (cap, holder, amount, lacks) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (cap, holder)"
    " DO UPDATE SET amount = excluded.amount, lacks = excluded.lacks"
)
END_LEASE = "DELETE FROM budget_leases WHERE cap = ? AND holder = ?"
BEAT = (
    "INSERT INTO budget_holders (holder, beat) VALUES (?, 1)"
    " ON CONFLICT (holder) DO UPDATE SET beat = budget_holders.beat + 1"
)
SPEND = (
    "INSERT INTO budget_spent (cap, bucket_s, amount) VALUES (?, ?, ?)"
    " ON CONFLICT (cap, bucket_s)"
    " DO UPDATE SET amount = budget_spent.amount + excluded.amount"
)
MOVE = "UPDATE budget_leases SET amount = amount - ? WHERE cap = ? AND holder = ?"
CHARGE = "INSERT INTO budget_charges VALUES (?, ?, ?, ?)"
FORGET_TURNS = 200
"""So many times a lease is renewed before buckets that have passed are forgotten."""
NOTICE = (
    "INSERT INTO budget_notices (cap, window_s) VALUES (?, ?)"
    " ON CONFLICT (cap, window_s) DO NOTHING RETURNING cap"
)
FORGET_NOTICES = "DELETE FROM budget_notices WHERE cap = ? AND window_s < ?"


class Ask(NamedTuple):
    """How one cap stands in this process, and what more of it is wanted.

    `reserved`, `free` and `charged` are the cap's own; `need` must come at once or not
    at all, `want` is welcome. `soft` is where its operator wants to be told, in the
    window that began at `window_s`.
    """

    cap: str
    limit: int
    since_s: int
    window_s: int
    reserved: int
    free: int
    charged: int
    need: int = 0
    want: int = 0
    soft: int | None = None


class Told(NamedTuple):
    """What the store said: what was granted, and how the cap stands for all.

    `posted` is how much of what the process ever charged is in the store. Somebody else
    `lacks` some of it: free slices should go back. `notice`: the soft limit has been
    reached, and it falls to us to say so.
    """

    cap: str
    granted: int
    spent: int
    others: int
    posted: int
    oldest_s: int
    lacks: bool
    notice: bool


Tell = Callable[["list[Told] | DatabaseError"], object]
Sums = Mapping[tuple[str, int], int]
"""How much was charged, by cap and bucket."""
Posting = tuple[Exchange, Sequence[Charge]]
"""An exchange that is being written, and what it was charged."""
NONE: Sums = MappingProxyType({})
NOBODY = 0
"""Stands for an exchange that was charged and is not recorded."""


class Leases:
    """All slices of one process, its *holder*'s name being its own.

    `ask`, `forget` and `say_farewell` are for the process; the rest is the ledger's
    thread's, as is `passed`, which forgets what is older than its windows.
    """

    def __init__(self, holder: str, clock_s: Callable[[], float]) -> None:
        self.holder = holder
        self.clock_s = clock_s
        self.posted: defaultdict[str, int] = defaultdict(int)
        self.posting: dict[int, Posting] = {}  # by identity: a batch may come again
        self.given_up: Counter[tuple[str, int]] = Counter()  # charged, yet to be spent
        self.passed = Passed()
        self.beats: dict[str, tuple[int, float]] = {}
        self.asked: tuple[Sequence[Ask], Tell, Sums] | None = None
        self.farewell: tuple[Mapping[str, int], Sums] | None = None
        self.turns = 0

    def ask(self, asks: Sequence[Ask], tell: Tell, forgone: Sums = NONE) -> None:
        """Have the thread lease what *asks* want, and *tell* what came of it.

        *forgone* was charged to exchanges that will not be recorded; it counts as spent
        unless an error is told.
        """
        self.asked = (asks, tell, forgone)

    def say_farewell(self, charged: Mapping[str, int], forgone: Sums = NONE) -> None:
        """Have all slices given back once all that was *charged*, by cap, is posted.

        Of that *forgone* was never passed on.
        """
        self.farewell = (charged, forgone)

    def forget(self, caps: Iterable[str]) -> None:
        """Forget *caps* that were given back, and of which nothing is to be posted."""
        for cap in caps:
            self.posted.pop(cap, None)

    # the thread

    def do_chore(self, database: Database) -> None:
        """Lease what is asked for. All that has ended until now has been written."""
        for _, charges in self.posting.values():
            for cap, _, amount in charges:
                self.posted[cap] += amount
        self.posting.clear()
        asked, self.asked = self.asked, None
        if asked is not None:
            asks, tell, forgone = asked
            try:
                tell(self.renew(database, asks, forgone))
            except DatabaseError as error:
                tell(error)
                raise
        if self.farewell is not None:
            self.part(database, *self.farewell)

    def give_up(self, exchange: Exchange) -> None:
        """Have spent in the next turn what *exchange* was charged: its row is refused.

        It has been in a batch, and so among what is being posted.
        """
        self.posting.pop(id(exchange), None)
        for cap, bucket_s, amount in charges_of(exchange):
            self.given_up[cap, bucket_s] += amount

    def part(
        self, database: Database, charged: Mapping[str, int], forgone: Sums
    ) -> None:
        """Give all back, if nothing is to be posted any more but what is *forgone*."""
        forgone = self.given_up + Counter(forgone)
        more = by_cap(forgone)
        if any(
            self.posted[cap] + more[cap] < all_of for cap, all_of in charged.items()
        ):
            return
        with database.transaction(alone=True):
            self.forgo(database, forgone)
            self.release(database, self.holder)
        self.given_up.clear()
        self.farewell = None

    def post(
        self, database: Database, exchanges: Sequence[Exchange], first_id: int
    ) -> None:
        """Write what *exchanges* were charged, in the transaction of their own rows."""
        by_bucket: defaultdict[tuple[str, int], int] = defaultdict(int)
        rows: list[Row] = []
        for exchange_id, exchange in enumerate(exchanges, first_id):
            charges = charges_of(exchange)
            if not charges:
                continue
            self.posting[id(exchange)] = (exchange, charges)
            for cap, bucket_s, amount in charges:
                by_bucket[cap, bucket_s] += amount
                if USD_KEY in cap:
                    rows.append((exchange_id, cap, bucket_s, amount))
        if by_bucket:
            self.spend(database, by_bucket, rows)

    def spend(self, database: Database, sums: Sums, rows: Sequence[Row]) -> None:
        """Take *sums* from our leases to what is spent; *rows* say whose money is."""
        # In one order for all, so that two processes never wait for each other.
        spent = sorted((*where, amount) for where, amount in sums.items())
        database.run_many(SPEND, spent)
        holder = self.holder
        moved = [(amount, cap, holder) for cap, amount in sorted(by_cap(sums).items())]
        database.run_many(MOVE, moved)
        if rows:
            database.run_many(CHARGE, rows)

    def forgo(self, database: Database, forgone: Sums) -> None:
        """Spend what was charged to exchanges that nobody has recorded."""
        if forgone:
            rows = [
                (NOBODY, cap, bucket_s, amount)
                for (cap, bucket_s), amount in forgone.items()
                if USD_KEY in cap
            ]
            self.spend(database, forgone, rows)

    def renew(
        self, database: Database, asks: Sequence[Ask], forgone: Sums = NONE
    ) -> list[Told]:
        """Say that we live, and lease what *asks* want of what is there.

        What is *forgone* is spent before, as is what was given up: all of it, or the
        turn has failed. Where only the answer to its commit was lost, it will be spent
        twice: rather than never.
        """
        self.turns += 1
        if self.turns % FORGET_TURNS == 0:
            self.passed.note({ask.cap: ask.since_s for ask in asks})
        forgone = self.given_up + Counter(forgone)
        more = by_cap(forgone)
        with database.transaction(alone=True):
            database.run(BEAT, (self.holder,))
            self.bury(database)
            self.forgo(database, forgone)
            told = [
                self.lease(database, ask, self.posted[ask.cap] + more[ask.cap])
                for ask in asks
            ]
        self.given_up.clear()
        for cap, amount in more.items():
            self.posted[cap] += amount
        return told

    def lease(self, database: Database, ask: Ask, posted: int) -> Told:
        """Set one lease anew, to what the process holds and what it gets.

        *posted* is how much of what it was ever charged is in the store.
        """
        spent, oldest_s, others, lacking = self.stands(database, ask)
        outstanding = ask.reserved + ask.charged - posted
        held = outstanding + ask.free
        room = ask.limit - spent - others - held
        more = 0
        if ask.need <= room:
            more = ask.need + max(0, min(ask.want - ask.need, (room - ask.need) // 2))
        amount = max(outstanding, held + min(more, room))
        lacks = ask.need if amount - outstanding < ask.free + ask.need else 0
        if amount or lacks:
            database.run(LEASE, (ask.cap, self.holder, amount, lacks))
        else:
            database.run(END_LEASE, (ask.cap, self.holder))
        return Told(
            ask.cap,
            amount - held,
            spent,
            others,
            posted,
            oldest_s,
            # Of two who lack some, one must give way.
            bool(lacking) and (not ask.need or lacking < self.holder),
            self.is_notice(database, ask, spent + outstanding - ask.reserved),
        )

    def stands(self, database: Database, ask: Ask) -> tuple[int, int, int, str]:
        """Read what is spent, its oldest bucket, others' leases, and who lacks some."""
        cap, since_s, holder = ask.cap, ask.since_s, self.holder
        values = (cap, since_s, cap, since_s, cap, holder, cap, holder)
        ((spent, oldest_s, others, lacking),) = database.run(STANDS, values)
        return (
            int(spent or 0),
            int(oldest_s or since_s),
            int(others or 0),
            str(lacking or ""),
        )

    def is_notice(self, database: Database, ask: Ask, spent: int) -> bool:
        """Say whether the soft limit is reached and nobody has told of it yet."""
        if ask.soft is None or spent < ask.soft:
            return False
        first = bool(database.run(NOTICE, (ask.cap, ask.window_s)))
        if first:
            database.run(FORGET_NOTICES, (ask.cap, ask.window_s))
        return first

    def bury(self, database: Database) -> None:
        """Free the slices of holders whose beat stands still.

        By our own clock: those of several machines need not agree.
        """
        now_s = self.clock_s()
        seen = {}
        for holder, beat in database.run("SELECT holder, beat FROM budget_holders"):
            name, count = str(holder), int(beat or 0)
            if name == self.holder:
                continue
            last = self.beats.get(name)
            if last is None or last[0] != count:
                seen[name] = (count, now_s)
            elif now_s - last[1] < DEAD_S:
                seen[name] = last
            else:
                self.release(database, name)
        self.beats = seen

    def release(self, database: Database, holder: str) -> None:
        """Give back all slices of *holder*."""
        database.run("DELETE FROM budget_leases WHERE holder = ?", (holder,))
        database.run("DELETE FROM budget_holders WHERE holder = ?", (holder,))


def by_cap(sums: Sums) -> Counter[str]:
    """Add up *sums* by their caps."""
    found: Counter[str] = Counter()
    for (cap, _), amount in sums.items():
        found[cap] += amount
    return found

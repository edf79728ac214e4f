"""Slices of a cap in several processes: together they never exceed it, ever."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.gateway.ledger.accounts import key_of
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.budgets import GOOD_S, ask_of, take
from heliograph.gateway.ledger.caps import Amount, Cap, Hold, reserve
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.leases import DEAD_S, Leases
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.opening import open_database
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.windows import SECONDS
from heliograph.gateway.types import Budget, CapRule, Charge, Exchange

LIMIT = 1000


def amount(number: int) -> Amount:
    return (number, number, 1, 1)


class Process:
    """What one gateway knows of one cap, and what it has under way."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.leases = Leases(name, lambda: world.now_s)
        rule = world.budget.caps[0]
        self.cap = Cap(key_of(world.budget, rule), rule, world.budget)
        self.good_until_s = 0.0
        self.holds: list[Hold] = []
        self.ended: list[Exchange] = []
        self.unwritten: list[Charged] = []
        self.forgone: list[Charged] = []
        self.sums: Counter[tuple[str, int]] = Counter()

    def reserve(self, number: int) -> bool:
        now_s = self.world.now_s
        if self.good_until_s <= now_s:
            return False
        found = reserve([self.cap], amount(number), now_s)
        if not isinstance(found, Hold):
            return False
        self.holds.append(found)
        return True

    def settle(self, which: int, share: float) -> None:
        if not self.holds:
            return
        hold = self.holds.pop(which % len(self.holds))
        charges: list[Charge] = []
        truth = int(hold.amount[0] * share)
        hold.settle(amount(truth), charges)
        charged = (hold.at_s, truth, self)
        self.world.charged.append(charged)
        self.unwritten.append(charged)
        self.ended.append(Exchange("r", charges=charges))

    def forgo(self) -> None:
        """Turn away what has ended, as a ledger that holds too much does."""
        for exchange in self.ended:
            for cap, bucket_s, number in exchange.charges or ():
                self.sums[cap, bucket_s] += number
        self.forgone += self.unwritten
        self.ended.clear()
        self.unwritten.clear()

    def refuse(self) -> None:
        """Give up what has ended, as where the database takes no such rows."""
        database = self.world.database
        with suppress(LookupError), database.transaction():
            self.leases.post(database, self.ended, self.world.ids)
            raise LookupError
        for exchange in self.ended:
            self.leases.give_up(exchange)
        self.forgone += self.unwritten
        self.ended.clear()
        self.unwritten.clear()

    def record(self) -> None:
        """Write what has ended, as the ledger's thread does, and then its chores."""
        database = self.world.database
        with database.transaction():
            self.leases.post(database, self.ended, self.world.ids)
        self.world.ids += len(self.ended)
        self.ended.clear()
        self.unwritten.clear()
        self.leases.do_chore(database)

    def renew(self, need: int = 0) -> None:
        """Ask for slices, as the loop does, and take in the answer."""
        cap, now_s = self.cap, self.world.now_s
        self.record()
        for told in self.leases.renew(
            self.world.database, [ask_of(cap, now_s, 0.25, (need,))], self.sums
        ):
            take(cap, told, now_s)
        self.sums.clear()
        self.forgone.clear()
        self.good_until_s = now_s + GOOD_S

    @property
    def reserved(self) -> int:
        return sum(hold.amount[0] for hold in self.holds)


Charged = tuple[float, int, Process]
"""When it was reserved, how much was charged, by whom."""


class World:
    """Processes that share a store, and what is true of them all."""

    def __init__(self, rule: CapRule, database: Database, count: int) -> None:
        self.database = database
        self.now_s = 1_800_000_000.0
        self.budget = Budget("b", (rule,))
        self.charged: list[Charged] = []
        self.ids = 1
        self.born = 0
        self.processes = [self.bear() for _ in range(count)]

    def bear(self) -> Process:
        self.born += 1
        return Process(self, f"p{self.born}")

    def crash(self, which: int) -> None:
        """Let one die: what it had not written is not known to anybody."""
        dead = self.processes[which]
        for each in (*dead.unwritten, *dead.forgone):
            self.charged.remove(each)
        self.processes[which] = self.bear()

    def live(self, seconds: float) -> None:
        """Let time pass; who is alive renews its slices now and then."""
        while seconds > 0:
            self.now_s += min(seconds, 2.0)
            seconds -= 2.0
            for process in self.processes:
                process.renew()

    def taken(self) -> int:
        """What was spent in the window that ends now, and what may yet be."""
        cap = self.processes[0].cap
        if cap.rule.window == "rolling":
            since_s = self.now_s - SECONDS[cap.rule.per]
        else:
            since_s = cap.window.span(self.now_s).since_s
        spent = sum(truth for at_s, truth, _ in self.charged if at_s > since_s)
        return spent + sum(process.reserved for process in self.processes)


TABLES = ("spent", "charges", "leases", "holders", "notices")


def world(rule: CapRule, database: Database, count: int = 3) -> World:
    """Begin with nothing spent."""
    migrate(database)
    for table in TABLES:
        database.run(f"DELETE FROM budget_{table}")  # noqa: S608 -- ours
    return World(rule, database, count)


@contextmanager
def in_memory() -> Iterator[Database]:
    with closing(SqliteDatabase(Path(":memory:"))) as database:
        yield database


WHO = st.integers(0, 2)
AMOUNT = st.integers(1, LIMIT // 2)
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), WHO, AMOUNT),
        st.tuples(st.just("reserve"), WHO, AMOUNT),
        st.tuples(st.just("settle"), WHO, st.integers(0, 100)),
        st.tuples(st.just("renew"), WHO, AMOUNT),
        st.tuples(st.just("record"), WHO, st.just(0)),
        st.tuples(st.just("forgo"), WHO, st.just(0)),
        st.tuples(st.just("refuse"), WHO, st.just(0)),
        st.tuples(st.just("crash"), WHO, st.just(0)),
        st.tuples(st.just("pass"), WHO, st.integers(1, 40)),
    ),
    max_size=60,
)
RULES = st.sampled_from(
    [
        CapRule("usd", LIMIT, "minute", "rolling"),
        CapRule("usd", LIMIT, "minute", "calendar"),
        CapRule("usd", LIMIT, "day", "calendar"),
        CapRule("tokens", LIMIT, "minute", "rolling"),
    ]
)


def do(world: World, doing: tuple[str, int, int]) -> None:
    what, who, number = doing
    process = world.processes[who]
    if what == "reserve" and not process.reserve(number):
        process.renew(number)
        process.reserve(number)
    elif what == "settle":
        process.settle(number, number / 100)
    elif what == "renew":
        process.renew(number)
    elif what == "record":
        process.record()
    elif what == "forgo":
        process.forgo()
    elif what == "refuse":
        process.refuse()
    elif what == "crash":
        world.crash(who)
    elif what == "pass":
        world.live(number / 4)


@settings(max_examples=150, deadline=None)
@given(rule=RULES, doings=DOINGS)
def test_spent_and_reserved_never_exceed_the_cap(
    rule: CapRule, doings: list[tuple[str, int, int]]
) -> None:
    with in_memory() as database:
        play(world(rule, database), doings)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rule=RULES, doings=DOINGS)
def test_nor_do_they_in_postgres(
    rule: CapRule, doings: list[tuple[str, int, int]], postgres_url: str
) -> None:
    with closing(open_database(postgres_url)) as database:
        play(world(rule, database), doings)


def play(shared: World, doings: list[tuple[str, int, int]]) -> None:
    for doing in doings:
        do(shared, doing)
        assert shared.taken() <= LIMIT


@settings(max_examples=60, deadline=None)
@given(rule=RULES, doings=DOINGS)
def test_once_all_has_ended_the_store_holds_just_what_was_spent(
    rule: CapRule, doings: list[tuple[str, int, int]]
) -> None:
    with in_memory() as database:
        shared = world(rule, database)
        for doing in doings:
            do(shared, doing)
        for process in shared.processes:
            while process.holds:
                process.settle(0, 0.5)
            process.record()
            assert process.cap.reserved == 0
            charged = {process.cap.key: process.cap.charged}
            process.leases.say_farewell(charged, process.sums)
            process.leases.do_chore(shared.database)
        ((spent,),) = shared.database.run("SELECT SUM(amount) FROM budget_spent")
        assert (spent or 0) == sum(truth for _, truth, _ in shared.charged)
        alive = {process.leases.holder for process in shared.processes}
        held = shared.database.run("SELECT DISTINCT holder FROM budget_leases")
        assert not alive & {holder for (holder,) in held}


def test_the_slice_of_the_dead_is_free_again_when_its_beat_stood_still(
    database: Database,
) -> None:
    shared = world(CapRule("usd", LIMIT, "day", "calendar"), database)
    dead, alive = shared.processes[:2]
    dead.renew(LIMIT)
    assert dead.reserve(LIMIT)
    alive.renew(100)
    assert not alive.reserve(100)
    shared.crash(0)
    shared.now_s += DEAD_S / 2
    alive.renew(100)
    assert not alive.reserve(100)
    shared.now_s += DEAD_S / 2
    alive.renew(100)
    assert alive.reserve(100)


def test_one_that_only_slept_finds_its_slice_gone_and_spends_none_of_it(
    database: Database,
) -> None:
    shared = world(CapRule("usd", LIMIT, "day", "calendar"), database)
    asleep, awake = shared.processes[:2]
    asleep.renew(LIMIT // 2)
    awake.renew(1)
    for _ in range(4):
        shared.now_s += DEAD_S / 3
        awake.renew(1)
    awake.renew(LIMIT)
    assert awake.reserve(LIMIT)
    assert not asleep.reserve(1)
    asleep.renew(1)
    assert not asleep.reserve(1)
    assert shared.taken() <= LIMIT


LOST = pytest.mark.parametrize("lose", [Process.forgo, Process.refuse])


@LOST
def test_what_is_charged_to_an_exchange_without_a_row_is_spent_all_the_same(
    database: Database, lose: Callable[[Process], None]
) -> None:
    shared = world(CapRule("usd", LIMIT, "day", "calendar"), database, 2)
    one, other = shared.processes
    one.renew(LIMIT)
    assert one.reserve(700)
    one.settle(0, 1.0)
    assert one.reserve(100)
    lose(one)
    one.renew()
    assert (one.cap.unposted, one.cap.reserved) == (0, 100)
    assert database.run("SELECT SUM(amount) FROM budget_spent") == [(700,)]
    assert audit(database) == []
    other.renew(300)
    assert not other.reserve(300)
    one.renew()  # it is told that somebody lacks some
    one.renew()  # and gives it back
    other.renew(200)
    assert other.reserve(200)


@LOST
def test_a_turn_that_fails_has_spent_nothing_of_it(
    database: Database, lose: Callable[[Process], None]
) -> None:
    shared = world(CapRule("usd", LIMIT, "day", "calendar"), database, 1)
    (one,) = shared.processes
    one.renew(LIMIT)
    assert one.reserve(700)
    one.settle(0, 1.0)
    lose(one)
    broken = ask_of(one.cap, shared.now_s, 0.25)._replace(limit="no number")  # type: ignore[arg-type] # so that it fails
    with pytest.raises(TypeError):
        one.leases.renew(database, [broken], one.sums)
    assert database.run("SELECT SUM(amount) FROM budget_spent") == [(None,)]
    one.renew()
    assert database.run("SELECT SUM(amount) FROM budget_spent") == [(700,)]
    assert one.cap.unposted == 0


def test_what_one_lacks_the_other_gives_back(database: Database) -> None:
    shared = world(CapRule("usd", LIMIT, "day", "calendar"), database, 2)
    rich, poor = shared.processes
    rich.renew(700)
    poor.renew(600)
    assert not poor.reserve(600)
    rich.renew()  # it is told that somebody lacks some
    rich.renew()  # and gives it back
    poor.renew(600)
    assert poor.reserve(600)


@pytest.mark.parametrize("limit", [0, 1, LIMIT])
def test_a_soft_limit_is_told_once_in_a_window(database: Database, limit: int) -> None:
    rule = CapRule("usd", LIMIT, "minute", "calendar")
    shared = world(rule, database, 2)
    for process in shared.processes:
        process.cap.budget = Budget("b", (rule,), soft=0.5)
    told = []
    for minute in range(2):
        shared.now_s += 60 * minute
        for process in shared.processes:
            process.renew(limit)
            if limit and process.reserve(limit):
                process.settle(0, 1.0)
            process.record()
            ask = ask_of(process.cap, shared.now_s, 0.25)
            answers = process.leases.renew(shared.database, [ask])
            told += [each.notice for each in answers]
            take(process.cap, answers[0], shared.now_s)
    assert sum(told) == (2 if limit == LIMIT else 0)

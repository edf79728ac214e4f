"""What is older, or more, than is to be kept."""

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.ledger import bodies
from heliograph.gateway.ledger import prune as module
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.costs import costs
from heliograph.gateway.ledger.database import Database, Row, Value
from heliograph.gateway.ledger.prune import Pruner, sums_bytes
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping, Said, Secret
from ledger_parts import AT_S, Told, answered, ids, one

Make = Callable[..., Recorder]
DAY_S = 86_400


@pytest.fixture
def store(place: str) -> Store:
    found = store_at(Keeping(Secret(place)))
    assert found is not None
    return found


@pytest.fixture
def filled(recorder_here: Make, database: Database) -> Database:
    """An exchange a day, for ten days; each has a failed attempt beside."""
    now_s = AT_S
    recorder = recorder_here(Told(), wall_s=lambda: now_s)
    for day in range(10):
        now_s = AT_S + day * DAY_S
        good, bad = attempt(None), attempt(failed("reset"), CLAUDE)
        good.cost_nano, bad.cost_nano = 5, 1
        made = exchange(bad, good, request_id=f"hg-{day}", tags=(f"day={day}",))
        made.started_at = now_s - 0.5
        recorder.record(made)
        recorder.turn()
    return database


def all_of(database: Database, store: Store, keeping: Keeping, now_s: float) -> int:
    pruner, taken = Pruner(store, keeping, lambda: now_s), 0
    while (done := pruner.step(database)).more:
        taken += done.exchanges
    return taken


def test_what_is_too_old_goes_and_its_sums_stay(
    filled: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 2)
    now_s = AT_S + 9 * DAY_S + 1
    assert all_of(filled, store, Keeping(keep_days=3), now_s) == 7
    assert ids(filled) == ["hg-7", "hg-8", "hg-9"]
    assert one(filled, "SELECT COUNT(*) FROM attempts") == (6,)
    assert costs(filled, [], (0, 10**6)).total.cost_nano == 60
    assert audit(filled) == []
    assert all_of(filled, store, Keeping(keep_days=3), now_s) == 0


def test_old_sums_go_with_those_who_asked_then(filled: Database, store: Store) -> None:
    now_s = AT_S + 9 * DAY_S + 1
    keeping = Keeping(keep_days=3, keep_sums_days=5)
    all_of(filled, store, keeping, now_s)
    assert costs(filled, [], (0, 10**6)).total.exchanges == 6
    assert one(filled, "SELECT COUNT(*) FROM askers") == (6,)
    sql = "SELECT value FROM counters WHERE name = 'prunes'"
    assert one(filled, sql) == (1,)
    assert audit(filled) == []


def test_sums_stay_as_long_as_their_exchanges(filled: Database, store: Store) -> None:
    keeping = Keeping(keep_days=6, keep_sums_days=1)
    all_of(filled, store, keeping, AT_S + 9 * DAY_S + 1)
    assert len(ids(filled)) == 6
    # The day that the cut goes through is kept whole.
    assert costs(filled, [], (0, 10**6)).total.exchanges == 7
    assert audit(filled) == []


def test_all_may_go(filled: Database, store: Store) -> None:
    assert all_of(filled, store, Keeping(keep_days=0), AT_S + 20 * DAY_S) == 10
    assert audit(filled) == []


def test_who_wrote_long_ago_is_forgotten(filled: Database, store: Store) -> None:
    assert one(filled, "SELECT COUNT(*) FROM writers") == (1,)
    all_of(filled, store, Keeping(keep_days=99), AT_S + 20 * DAY_S)
    assert one(filled, "SELECT COUNT(*) FROM writers") == (0,)


def test_what_is_recorded_afterwards_agrees_too(
    filled: Database, store: Store, recorder_here: Make
) -> None:
    now_s = AT_S + 9 * DAY_S + 1
    recorder = recorder_here(Told(), wall_s=lambda: now_s)
    asked = answered(1, tags=("day=0",))
    asked.started_at = now_s
    recorder.record(asked)
    recorder.turn()
    all_of(filled, store, Keeping(keep_days=3, keep_sums_days=3), now_s)
    recorder.record(asked)
    asked.request_id = "hg-again"
    recorder.turn()
    assert one(filled, "SELECT COUNT(*) FROM askers WHERE tags = 'day=0'") == (1,)


def test_a_file_that_is_too_large_loses_the_oldest_and_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    store = SqliteFile(path)
    now_s = AT_S
    recorder = Recorder(store, Told(), wall_s=lambda: now_s)
    for hour in range(30):
        now_s = AT_S + hour * 3600
        for number in range(500):
            made = answered(number, asked_model="m" * 150)
            made.request_id, made.started_at = f"hg-{hour}-{number}", now_s
            recorder.record(made)
        recorder.turn()
    database = recorder.database
    assert database is not None
    before = store.size_bytes(database)
    assert before > 3_000_000
    keeping = Keeping(keep_days=900, size_mb_max=2)
    taken = all_of(database, store, keeping, now_s)
    assert 0 < taken < 15_000
    assert store.size_bytes(database) <= 2_000_000
    database.run("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < 2_100_000
    left = ids(database)
    assert len(left) == 15_000 - taken
    assert left[-1] == "hg-29-499"
    assert audit(database) == []
    database.close()


def test_a_pruner_takes_a_step_a_turn_while_there_is_more(
    filled: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 3)
    now_s = AT_S + 9 * DAY_S + 1
    pruner = Pruner(store, Keeping(keep_days=3), lambda: now_s)
    left = []
    for _ in range(5):
        pruner.do_chore(filled)
        left.append(len(ids(filled)))
    assert left == [7, 4, 3, 3, 3]
    assert pruner.taken == 7
    now_s += 2 * DAY_S
    pruner.do_chore(filled)
    assert len(ids(filled)) == 1


def test_for_its_size_alone_no_ledger_is_emptied(
    filled: Database,
    store: Store,
    recorder_here: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "size_bytes", lambda _: 2_000_000)
    recorder = recorder_here(Told(), wall_s=lambda: AT_S + 10 * DAY_S)
    for number in range(10, 25):
        recorder.record(answered(number))
    recorder.turn()
    pruner = Pruner(store, Keeping(size_mb_max=1, keep_days=99), lambda: AT_S)
    taken = []
    while (done := pruner.step(filled)).more:
        taken.append(done.exchanges)
    assert taken == [2, 2, 2, *[1] * 18]
    assert ids(filled) == ["hg-24"]


def test_sums_that_alone_are_too_large_cost_no_exchange(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    recorder = Recorder(SqliteFile(path), Told(), wall_s=lambda: AT_S)
    for number in range(50):
        recorder.record(answered(number))
    recorder.turn()
    database = recorder.database
    assert database is not None
    store, before = SqliteFile(path), sums_bytes(database)
    empty = store.size_bytes(database)
    who = product(range(500_000, 500_150), range(1 << 60, (1 << 60) + 100))
    rows: list[Row] = [
        (h, "anthropic", "claude-sonnet-4-6", a, *[10**6] * 12) for h, a in who
    ]
    with database.transaction():
        database.run_many(f"INSERT INTO hours VALUES ({', '.join('?' * 16)})", rows)  # noqa: S608 - no value is in it
    used = store.size_bytes(database) - empty
    assert sums_bytes(database) - before == pytest.approx(used, rel=0.3)
    now_s, told = AT_S, Told()
    keeping = Keeping(keep_days=99, size_mb_max=1)
    pruner = Pruner(store, keeping, lambda: now_s, told)
    for _ in range(3):
        pruner.do_chore(database)
        now_s += 61
    assert len(ids(database)) == 50
    (said,) = told.lines
    assert "its sums alone are: about 1." in said
    assert "lower ledger.keep_sums_days" in said
    pruner.keeping = Keeping(keep_days=99, size_mb_max=used / 1e6)
    pruner.do_chore(database)
    assert 0 < len(ids(database)) < 50
    database.close()


def test_no_step_takes_more_than_its_share_and_sums_agree_after_each(
    recorder_here: Make,
    database: Database,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = recorder_here(Told(), wall_s=lambda: AT_S + DAY_S, posters=[bodies.post])
    for number in range(12):
        made = answered(number, tags=(f"n={number % 6}",), said=Said(b"ask", 9))
        made.started_at += 3600 * (number // 6)
        recorder.record(made)
    recorder.turn()
    for name in ("STEP_ROWS", "STEP_SUMS", "STEP_BODIES"):
        monkeypatch.setattr(module, name, 2)
    keeping = Keeping(keep_days=2, keep_sums_days=2)
    pruner = Pruner(store, keeping, lambda: AT_S + 99 * DAY_S)
    tables = ("exchanges", "bodies", "days", "hours", "askers")
    counts = [rows_of(database, tables)]
    while pruner.step(database).more:
        counts.append(rows_of(database, tables))
        assert audit(database) == []
    gone = [
        tuple(a - b for a, b in zip(x, y, strict=True)) for x, y in pairwise(counts)
    ]
    assert gone[:6] == [(2, 2, 0, 0, 0)] * 6
    assert gone[6:9] == [(0, 0, 2, 4, 0)] * 3
    assert gone[9:12] == [(0, 0, 0, 0, 2)] * 3
    assert counts[-1] == (0, 0, 0, 0, 0)


def test_bodies_go_some_at_a_time(
    recorder_here: Make,
    database: Database,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STEP_BODIES", 4)
    recorder = recorder_here(Told(), wall_s=lambda: AT_S, posters=[bodies.post])
    for number in range(9):
        recorder.record(answered(number, said=Said(b"ask", 9)))
    recorder.turn()
    pruner = Pruner(store, Keeping(keep_days=99), lambda: AT_S + 8 * DAY_S)
    left = [rows_of(database, ("bodies", "exchanges"))]
    while pruner.step(database).more:
        left.append(rows_of(database, ("bodies", "exchanges")))
    left.append(rows_of(database, ("bodies", "exchanges")))
    assert left == [(9, 9), (5, 9), (1, 9), (0, 9)]


def test_an_asker_that_asks_again_meanwhile_stays(
    filled: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = filled.run
    raced: list[Value] = []

    def race(sql: str, values: Sequence[Value] = ()) -> list[Row]:
        found = run(sql, values)
        if sql == module.GONE_ASKERS and found and not raced:
            raced.append(found[0][0])
            columns = ", ".join(["999999", "'p'", "'m'", "?", *["0"] * 12])
            run(f"INSERT INTO days VALUES ({columns})", (raced[0],))  # noqa: S608 - ours
        return found

    monkeypatch.setattr(filled, "run", race)
    all_of(filled, store, Keeping(keep_days=3, keep_sums_days=5), AT_S + 9.1 * DAY_S)
    assert len(raced) == 1
    sql = "SELECT COUNT(*) FROM askers WHERE asker_id = ?"
    assert run(sql, (raced[0],)) == [(1,)]
    assert one(filled, "SELECT COUNT(*) FROM askers") == (7,)


def rows_of(database: Database, tables: Sequence[str]) -> tuple[int, ...]:
    """Count the rows of tables."""
    counts = [database.run(f"SELECT COUNT(*) FROM {table}") for table in tables]  # noqa: S608 - ours
    return tuple(int(count[0][0] or 0) for count in counts)

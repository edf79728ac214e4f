"""What is older, or more, than is to be kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.ledger import prune as module
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.costs import costs
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.prune import Pruner, prune
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping, Secret
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
    taken = 0
    while (done := prune(database, store, keeping, now_s)).more:
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

"""Of caps that nobody leases any more nothing stays once all windows have passed."""

import pytest

from heliograph.gateway.ledger import abandoned as module
from heliograph.gateway.ledger.abandoned import AGAIN_S, WINDOW_S_MAX, Abandoned
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.leases import Ask, Leases
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.passed import KEPT_S
from heliograph.gateway.types import Exchange

NOW_S = 1_800_000_000
LONG_AGO_S = NOW_S - WINDOW_S_MAX - KEPT_S - 1
COUNT = (
    "SELECT (SELECT COUNT(*) FROM budget_charges), "
    "(SELECT COUNT(*) FROM budget_notices), COUNT(*) FROM budget_spent"
)


def charge(database: Database, cap: str, bucket_s: int) -> None:
    """Charge *cap* in a bucket, and tell of its soft limit."""
    leases = Leases("own", float)
    with database.transaction():
        leases.post(database, [Exchange("r", charges=[(cap, bucket_s, 5)])], 1)
        leases.is_notice(database, Ask(cap, 9, 0, bucket_s, 0, 0, 0, soft=1), 5)


def all_steps(database: Database, abandoned: Abandoned, now_s: float) -> int:
    """Take every step; all that is left agrees all the while."""
    steps = 1
    while abandoned.step(database, now_s):
        assert audit(database) == []
        steps += 1
    return steps


@pytest.fixture
def filled(database: Database) -> Database:
    """Caps of ten keys that were used long ago, and of one that still counts."""
    migrate(database)
    for number in range(10):
        charge(database, f"key {number}|usd|month", LONG_AGO_S)
    charge(database, "key 5|tokens|minute", LONG_AGO_S)
    charge(database, "key 3|usd|month", LONG_AGO_S + 1)
    return database


def test_what_is_older_than_any_window_goes_in_bounded_steps(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 40)
    abandoned = Abandoned()
    assert filled.run(COUNT) == [(11, 11, 12)]
    # A step looks at two caps, and the last one sees that there is no more.
    assert all_steps(filled, abandoned, NOW_S) == 6
    assert filled.run(COUNT) == [(1, 1, 1)]
    assert filled.run("SELECT cap, bucket_s, amount FROM budget_spent") == [
        ("key 3|usd|month", LONG_AGO_S + 1, 5)
    ]
    assert audit(filled) == []


def test_all_caps_are_gone_through_once_a_day(filled: Database) -> None:
    abandoned = Abandoned()
    all_steps(filled, abandoned, NOW_S)
    charge(filled, "key 1|usd|month", LONG_AGO_S)
    assert not abandoned.step(filled, NOW_S + AGAIN_S - 1)
    assert filled.run(COUNT) == [(2, 2, 2)]
    all_steps(filled, abandoned, NOW_S + AGAIN_S)
    assert filled.run(COUNT) == [(0, 0, 0)]


def test_a_lease_stays_and_so_does_what_was_told_of_calls_at_once(
    filled: Database,
) -> None:
    cap = "key 7|concurrent|"
    leases = Leases("own", float)
    ask = Ask(cap, 9, 0, 0, 5, 0, 0, soft=1)
    leases.renew(filled, [ask])
    with filled.transaction():
        assert leases.is_notice(filled, ask, 5)
    all_steps(filled, Abandoned(), NOW_S)
    assert filled.run("SELECT cap, amount FROM budget_leases") == [(cap, 5)]
    assert filled.run("SELECT cap FROM budget_notices ORDER BY cap") == [
        ("key 3|usd|month",),
        (cap,),
    ]
    leases.release(filled, "own")
    all_steps(filled, Abandoned(), NOW_S)
    assert filled.run("SELECT cap FROM budget_notices") == [("key 3|usd|month",)]

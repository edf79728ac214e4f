"""What was spent long ago is forgotten in steps, with all that was charged of it."""

import pytest

from heliograph.gateway.ledger import passed as module
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.leases import FORGET_TURNS, Ask, Leases
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.passed import KEPT_S, LOOK_ROWS, Passed
from heliograph.gateway.types import Exchange

MONTH_S = 1_800_000_000
CAP = "b|usd|x"
OTHER = "c|tokens|x"
COUNT = "SELECT (SELECT COUNT(*) FROM budget_charges), COUNT(*) FROM budget_spent"
SPENT = "SELECT bucket_s, amount FROM budget_spent WHERE cap = ? ORDER BY bucket_s"


def charge(database: Database, cap: str, *buckets_s: int) -> None:
    """Charge *cap* once in each bucket, 1, 2, 3 and so on."""
    exchanges = [
        Exchange("r", charges=[(cap, bucket_s, amount)])
        for amount, bucket_s in enumerate(buckets_s, 1)
    ]
    with database.transaction():
        Leases("own", float).post(database, exchanges, 1)


@pytest.fixture
def filled(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A month of ten charges that has passed, and one that is; steps of four rows."""
    migrate(database)
    monkeypatch.setattr(module, "STEP_ROWS", 4)
    charge(database, CAP, *[MONTH_S] * 10, MONTH_S + KEPT_S)
    return database


def test_a_window_goes_in_steps_and_agrees_all_the_while(filled: Database) -> None:
    passed = Passed()
    passed.note({CAP: MONTH_S + KEPT_S + 1})
    left = []
    while passed.due:
        passed.do_chore(filled)
        assert audit(filled) == []
        left += filled.run(COUNT)
    assert left == [(7, 2), (3, 2), (1, 1)]
    assert filled.run(SPENT, (CAP,)) == [(MONTH_S + KEPT_S, 11)]


def test_a_charge_that_comes_late_stays_as_long_as_it_may_count(
    filled: Database,
) -> None:
    passed = Passed()
    passed.note({CAP: MONTH_S + KEPT_S})
    passed.do_chore(filled)
    assert passed.due == {}
    assert filled.run(COUNT) == [(11, 2)]
    passed.note({CAP: MONTH_S + KEPT_S + 1})
    passed.do_chore(filled)
    charge(filled, CAP, MONTH_S)  # between two steps
    while passed.due:
        passed.do_chore(filled)
        assert audit(filled) == []
    assert filled.run(COUNT) == [(1, 1)]


def test_a_window_of_many_buckets_that_nobody_audits_goes_in_steps_too(
    filled: Database,
) -> None:
    charge(filled, OTHER, *range(MONTH_S, MONTH_S + 10))
    passed = Passed()
    passed.note({OTHER: MONTH_S + KEPT_S + 9})
    left = []
    while passed.due:
        passed.do_chore(filled)
        left.append(len(filled.run(SPENT, (OTHER,))))
    assert left == [6, 2, 1]
    assert filled.run(COUNT) == [(11, 3)]


def test_to_look_at_many_caps_takes_several_steps(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_ROWS", 3 * LOOK_ROWS)
    passed = Passed()
    passed.note({f"{number}|usd|x": MONTH_S for number in range(5)})
    passed.do_chore(filled)
    assert len(passed.due) == 2


def test_whoever_leases_has_forgotten_what_passed_before_its_window(
    filled: Database,
) -> None:
    leases = Leases("own", float)
    ask = Ask(CAP, 1000, MONTH_S + KEPT_S + 1, MONTH_S, 0, 0, 0)
    for _ in range(FORGET_TURNS):
        assert leases.passed.due == {}
        leases.renew(filled, [ask])
    assert leases.passed.due == {CAP: MONTH_S + 1}
    assert filled.run(COUNT) == [(11, 2)]  # not in the transaction that all wait for

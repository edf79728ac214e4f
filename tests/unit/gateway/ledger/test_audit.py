"""Sums that agree, and each that does not told of."""

from collections.abc import Callable

import pytest

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.ledger.audit import audit, totals
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.recorder import Recorder
from ledger_parts import AT_S, Told, answered

Make = Callable[..., Recorder]


@pytest.fixture
def filled(recorder_here: Make, database: Database) -> Database:
    recorder = recorder_here(Told())
    for number in range(1, 40):
        made = answered(number, tags=(f"n={number % 3}",))
        made.started_at += number * 600
        recorder.record(made)
    for number, cost_nano in enumerate([7, None]):
        lost, took_over = attempt(failed("reset"), CLAUDE), attempt(None, OPENAI)
        lost.cost_nano, took_over.cost_nano = cost_nano, 5
        rescued = exchange(lost, took_over, request_id=f"hg-r{number}", started_at=AT_S)
        recorder.record(rescued)
    recorder.record(exchange(request_id="hg-refused", started_at=AT_S))
    recorder.turn()
    return database


def test_what_the_recorder_has_written_agrees(filled: Database) -> None:
    assert audit(filled) == []
    seen = totals(filled)
    assert (seen.exchanges, seen.unknown_costs) == (42, 1)
    assert seen.cost_nano == 39 * 40 // 2 + 7 + 5 + 5
    assert "42 exchanges" in str(seen)
    assert "1 attempts of unknown cost" in str(seen)


def test_an_empty_ledger_agrees(recorder_here: Make, database: Database) -> None:
    recorder_here(Told()).turn()
    assert audit(database) == []
    assert totals(database).exchanges == 0


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DELETE FROM exchanges WHERE request_id = 'hg-7'", "hour "),
        ("UPDATE exchanges SET cost_nano = cost_nano + 1 WHERE request_id = 'hg-7'",
         "hour "),
        ("UPDATE exchanges SET unknown_costs = 1 WHERE request_id = 'hg-7'",
         "1 unknown costs"),
        ("UPDATE hours SET cost_nano = cost_nano + 1 WHERE provider = 'anthropic'",
         "anthropic/claude-sonnet-4-6: attempts and their sum differ"),
        ("UPDATE days SET exchanges = exchanges + 1 WHERE provider = 'anthropic'",
         "its hours and their sum differ by 1 exchanges, 0 nano-dollars"),
        ("UPDATE attempts SET model = 'other' WHERE cost_nano = 7",
         "anthropic/other: attempts and their sum differ by 1 attempts, 7"),
        ("UPDATE attempts SET cost_nano = 8 WHERE cost_nano = 7",
         "its cost and that of its attempts differ by -1 nano-dollars"),
        ("UPDATE attempts SET cost_nano = 0 WHERE cost_nano IS NULL",
         "differ by 0 nano-dollars, 1 unknown costs"),
        ("DELETE FROM askers WHERE tags = 'n=1'", "not known"),
        ("UPDATE exchanges SET request_id = 'hg-7' WHERE request_id = 'hg-8'",
         "hg-7 is recorded more than once"),
        ("INSERT INTO budget_spent VALUES ('b|usd|x', 0, 5)",
         "budget b|usd|x, window 0: charged and spent differ by -5 nano-dollars"),
        (("INSERT INTO budget_charges SELECT exchange_id, 'b|usd|x', 0, cost_nano + 1 "
         "FROM exchanges WHERE request_id = 'hg-7'"),
         "budget b|usd|x was charged 8 nano-dollars, and it cost 7"),
    ],
)  # fmt: skip
def test_what_was_changed_behind_the_ledgers_back_is_found(
    filled: Database, harm: str, told: str
) -> None:
    filled.run(harm)
    found = audit(filled)
    assert found != []
    assert any(told in line for line in found), found


def test_a_ledger_that_is_all_wrong_is_told_in_a_few_lines(filled: Database) -> None:
    filled.run("UPDATE attempts SET cost_nano = 9")
    filled.run("UPDATE exchanges SET request_id = 'one', asker_id = exchange_id")
    found = audit(filled)
    assert len(found) == 21
    assert found[-1].endswith(" more")


def test_hours_of_which_only_sums_are_kept_are_not_asked_for(filled: Database) -> None:
    filled.run("DELETE FROM attempts")
    filled.run("DELETE FROM exchanges")
    assert audit(filled) != []
    filled.run("UPDATE counters SET value = 1000000 WHERE name = 'kept_from_hour'")
    assert audit(filled) == []

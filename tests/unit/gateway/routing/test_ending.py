"""How an exchange ended: settled, abandoned, stopped, and without a key."""

import pytest
from msgspec.structs import replace

from exchange_cases import OPENAI, SECRET, attempt, exchange, failed, target
from heliograph.gateway.routing.ending import abandon, settle, withhold
from heliograph.gateway.types import Blame


@pytest.mark.parametrize(
    ("blame", "outcome"),
    [
        (Blame.CALLER, "refused"),
        (Blame.TARGET, "failed"),
        (Blame.PROVIDER, "failed"),
    ],
)
def test_blame_decides_between_refused_and_failed(blame: Blame, outcome: str) -> None:
    failure = failed("any", blame)
    record = exchange(attempt(failure))
    settle(record, failure)
    assert (record.outcome, record.failure) == (outcome, failure)


def test_a_caller_who_leaves_ends_the_attempt_under_way() -> None:
    under_way = attempt(None)
    under_way.ended_s = None
    record = exchange(attempt(failed("reset")), under_way, outcome="failed")
    abandon(record, 2.5)
    assert record.outcome == "client_gone"
    assert under_way.ended_s == 2.5
    assert under_way.failure is not None
    assert under_way.failure.kind == "client_gone"
    assert record.attempts[0].failure == failed("reset")
    assert record.answered_by is None


def test_a_caller_who_leaves_after_the_answer_changes_nothing() -> None:
    record = exchange(attempt(None))
    abandon(record, 2.5)
    assert record.outcome == "answered"
    assert record.failure is None


@pytest.mark.parametrize("member", ["message", "type", "code", "param"])
def test_a_key_that_a_provider_quotes_is_blotted_out(member: str) -> None:
    words = {"message": "m", "type": "t", "code": "c", "param": "p"}
    quoting = {**words, member: f"no such key: {SECRET}!"}
    failure = failed("bad_request", Blame.CALLER)
    failure = replace(failure, **quoting)
    shown = withhold(failure, target(OPENAI).key)
    assert getattr(shown, member) == "no such key: ***!"
    assert SECRET not in repr(shown)
    others = [getattr(shown, name) for name in words if name != member]
    assert others == [words[name] for name in words if name != member]


def test_a_failure_without_the_key_stays_as_it_is() -> None:
    failure = failed("reset")
    assert withhold(failure, target(OPENAI).key) is failure
    assert withhold(failure, None) is failure

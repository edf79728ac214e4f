"""What is said when a budget leaves no room: which, how much, until when."""

import pytest

from heliograph.gateway.ledger.accounts import key_of
from heliograph.gateway.ledger.caps import Cap
from heliograph.gateway.ledger.refusal import refusal
from heliograph.gateway.types import (
    OVER_BUDGET,
    Blame,
    Budget,
    CapKind,
    CapRule,
    Failure,
    Scope,
)

NOW_S = 1_795_733_000.0  # 2026-11-26T22:43:20Z


def cap_of(rule: CapRule, scope: Scope = Scope()) -> Cap:  # noqa: B008 - frozen
    budget = Budget("street", (rule,), scope=scope)
    cap = Cap(key_of(budget, rule), rule, budget)
    cap.oldest_s = cap.enter(NOW_S).since_s
    return cap


def told(cap: Cap, need: int, *, blind: bool = False) -> Failure:
    failure = refusal(cap, need, NOW_S, blind=blind)
    assert failure.kind in OVER_BUDGET
    assert failure.code == failure.kind
    return failure


def test_money_that_is_spent_is_not_asked_for_again() -> None:
    cap = cap_of(CapRule("usd", 2_500_000_000, "day", "calendar"))
    cap.left = 0
    failure = told(cap, 10_000)
    assert (failure.blame, failure.status) == (Blame.CALLER, 402)
    assert (failure.kind, failure.type) == ("budget_exceeded", "insufficient_quota")
    assert failure.retry_after_s is None
    assert failure.message == (
        "Budget `street` ($2.5 per day) leaves no room for this request: it resets at"
        " 2026-11-27T00:00:00Z."
    )


def test_a_request_that_is_too_large_is_told_so() -> None:
    cap = cap_of(CapRule("usd", 2_500_000_000, "day", "calendar"))
    cap.left = 1_000_000
    failure = told(cap, 2_000_000)
    assert failure.status == 402
    assert failure.message.endswith(
        "$0.001 is left, and the request may take $0.002: a smaller `max_tokens` takes"
        " less."
    )


@pytest.mark.parametrize("kind", ["tokens", "requests"])
def test_a_rate_says_when_to_come_back(kind: CapKind) -> None:
    cap = cap_of(CapRule(kind, 60))
    cap.left = 0
    cap.oldest_s = int(NOW_S) - 40
    failure = told(cap, 1)
    assert (failure.status, failure.kind) == (429, "budget_rate_limited")
    assert failure.type == "rate_limit_error"
    assert failure.retry_after_s == 21
    assert f"(60 {kind} per rolling minute)" in failure.message


def test_what_calls_under_way_hold_may_come_back_soon() -> None:
    for rule in (CapRule("usd", 100, "day", "calendar"), CapRule("concurrent", 3)):
        cap = cap_of(rule)
        cap.left = 50
        failure = told(cap, 10)
        assert (failure.status, failure.kind) == (429, "budget_held")
        assert failure.retry_after_s == 1


def test_a_store_that_does_not_answer_is_no_fault_of_the_caller() -> None:
    cap = cap_of(CapRule("usd", 100, "day", "calendar"))
    failure = told(cap, 10, blind=True)
    assert (failure.status, failure.kind) == (503, "budget_unknown")
    assert failure.retry_after_s == 1


def test_where_a_target_is_bounded_another_may_answer() -> None:
    cap = cap_of(CapRule("usd", 100, "day", "calendar"), Scope(provider="openai"))
    cap.left = 0
    assert told(cap, 10).blame is Blame.TARGET

"""What a call is taken to have come to, counted or not."""

import pytest

from heliograph.gateway.engine.holding import truth_of
from heliograph.gateway.ledger.caps import Amount, Cap, Hold
from heliograph.gateway.ledger.rows import COST_NANO_MAX
from heliograph.gateway.types import (
    Attempt,
    Budget,
    CapKind,
    CapRule,
    CostBasis,
    Endpoint,
    Provider,
    Target,
    Usage,
)

TARGET = Target(Provider("p", Endpoint("p", "openai", "http://x/v1")), "m", None)
RESERVED: Amount = (900, 80, 1, 1)


def held(*kinds: CapKind) -> Hold:
    rules = [CapRule(kind, 1000) for kind in kinds]
    caps = [Cap(rule.kind, rule, Budget("b", (rule,))) for rule in rules]
    return Hold(caps, RESERVED, 0.0)


def ended(
    cost_nano: int | None, basis: CostBasis | None, usage: Usage | None = None
) -> Attempt:
    return Attempt(TARGET, 0.0, 1.0, usage=usage, cost_nano=cost_nano, cost_basis=basis)


def test_what_was_counted_is_the_truth() -> None:
    attempt = ended(70, "usage", Usage(5, 2))
    assert truth_of(attempt, held("usd", "tokens")) == (70, 7, 1, 0)
    assert truth_of(ended(0, "free"), held("usd", "tokens")) == (0, 0, 1, 0)


@pytest.mark.parametrize("basis", ["unknown_price", "unknown_usage"])
def test_under_a_cap_of_dollars_an_unknown_cost_is_the_one_reserved(
    basis: CostBasis,
) -> None:
    attempt = ended(None, basis, Usage(5, 2))
    assert truth_of(attempt, held("tokens", "usd")) == (900, 7, 1, 0)
    assert (attempt.cost_nano, attempt.cost_basis) == (900, "estimate")


def test_a_cost_that_no_ledger_could_hold_is_not_known_either() -> None:
    attempt = ended(1 << 70, "usage", Usage(5, 2))
    assert truth_of(attempt, held("usd")) == (900, 7, 1, 0)
    assert (attempt.cost_nano, attempt.cost_basis) == (900, "estimate")
    dear = Hold(held("usd").caps, (1 << 70, 80, 1, 1), 0.0)
    attempt = ended(None, "unknown_usage")
    assert truth_of(attempt, dear) == (COST_NANO_MAX, 80, 1, 0)


@pytest.mark.parametrize("basis", ["unknown_price", "unknown_usage"])
def test_without_one_it_stays_unknown(basis: CostBasis) -> None:
    attempt = ended(None, basis, Usage(5, 2))
    assert truth_of(attempt, held("tokens", "requests")) == (0, 7, 1, 0)
    assert (attempt.cost_nano, attempt.cost_basis) == (None, basis)

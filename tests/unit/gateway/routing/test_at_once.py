"""The first step without a plan is the plan's own first step, and the plan goes on."""

import pytest

from heliograph.gateway.routing.failover import Outcome, at_once, failover
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Choice, Named
from heliograph.gateway.types import (
    Blame,
    Config,
    Endpoint,
    Failure,
    Key,
    Limits,
    Provider,
    Route,
    Secret,
)

ENDPOINT = Endpoint("x", "openai", "https://x.test/v1")
KEYS = tuple(Key(f"one#{place}", Secret("k")) for place in (1, 2))
CONFIG = Config({})
DOWN = Failure(Blame.PROVIDER, "timeout", "it was silent")
UNLUCKY = Failure(Blame.PROVIDER, "server_error", "it broke")


def provider(name: str, keys: int = 1, limits: Limits | None = None) -> Provider:
    return Provider(name, ENDPOINT, KEYS[:keys], limits=limits)


def named(*first: Provider, then: tuple[Provider, ...] = ()) -> Named:
    choices = tuple(Choice(one, "m") for one in first)
    rest = tuple(Choice(one, "m") for one in then)
    return Named(Route("r", ()), choices, (1.0,) * len(first), rest)


def health() -> Health:
    return Health(CONFIG, lambda: 0.5)


def test_one_target_that_is_well_needs_no_plan() -> None:
    known = health()
    one = provider("one")
    step = at_once(named(one), known, 0.0)
    assert step is not None
    plan = failover([Choice(one, "m")], health(), now_s=0.0)
    planned = next(plan)
    assert planned is not None
    assert step.health is known.of(one, "m", KEYS[0])
    assert (step.probe, step.wait_s, step.patience_s) == (
        planned.probe,
        planned.wait_s,
        planned.patience_s,
    )


@pytest.mark.parametrize("failures", [5, 6])
def test_who_is_down_is_planned_for(failures: int) -> None:
    known, one = health(), provider("one")
    target = known.of(one, "m", KEYS[0])
    for _ in range(failures):
        target.begin(0.0, stream=False, probe=False).end(DOWN, 0.0)
    assert at_once(named(one), known, 1.0) is None


def test_a_key_that_rests_is_planned_for() -> None:
    known, one = health(), provider("one")
    known.of(one, "m", KEYS[0]).key_rest.begin("quota_exhausted", 10.0)
    assert at_once(named(one), known, 1.0) is None
    assert at_once(named(one), known, 11.0) is not None


def test_a_full_gate_is_planned_for() -> None:
    known, one = health(), provider("one", limits=Limits(concurrent_max=1))
    gate = known.of(one, "m", KEYS[0]).provider.gate
    assert gate is not None
    assert gate.enter()
    assert at_once(named(one), known, 1.0) is None


@pytest.mark.parametrize(
    "asked", [named(provider("one"), provider("two")), named(provider("one", keys=2))]
)
def test_several_to_choose_from_are_planned_for(asked: Named) -> None:
    assert at_once(asked, health(), 0.0) is None


def test_a_plan_goes_on_behind_who_has_begun() -> None:
    known, one, two = health(), provider("one"), provider("two")
    step = at_once(named(one, then=(two,)), known, 0.0)
    assert step is not None
    step.health.begin(0.0, stream=False, probe=False).end(DOWN, 1.0)
    order = [Choice(one, "m"), Choice(two, "m")]
    plan = failover(order, known, now_s=1.0, begun=step.health)
    first = next(plan)
    assert first is not None
    assert first.health is step.health
    second = plan.send(Outcome(1.0, DOWN, of=step.health))
    assert second is not None
    assert second.health.target.provider is two


def test_a_lone_failure_of_who_has_begun_is_repeated_and_paid_for_once() -> None:
    known, one = health(), provider("one")
    target = known.of(one, "m", KEYS[0])
    before = target.provider.allowance.tokens
    step = at_once(named(one), known, 0.0)
    assert step is not None
    earned = target.provider.allowance.tokens - before
    assert earned == pytest.approx(target.provider.allowance.share)
    step.health.begin(0.0, stream=False, probe=False).end(UNLUCKY, 1.0)
    plan = failover([Choice(one, "m")], known, now_s=1.0, begun=target)
    next(plan)
    again = plan.send(Outcome(1.0, UNLUCKY, of=target))
    assert again is not None
    assert again.health is target
    assert again.wait_s > 0
    assert target.provider.allowance.tokens == pytest.approx(before + earned - 1)

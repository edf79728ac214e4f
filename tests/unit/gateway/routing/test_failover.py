"""The plan, walked by hand: no loop, no socket, no clock."""

from collections.abc import Iterable

import pytest

from heliograph.gateway.routing.failover import Outcome, failover
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Choice
from heliograph.gateway.types import (
    Blame,
    Config,
    Endpoint,
    Failure,
    Key,
    Provider,
    Secret,
)


def provider(name: str, *weights: float) -> Provider:
    keys = tuple(
        Key(f"{name}#{index}", Secret(f"secret-{index}"), weight)
        for index, weight in enumerate(weights, 1)
    )
    return Provider(name, Endpoint(name, "openai", "http://127.0.0.1:1/v1"), keys)


def failed(blame: Blame, kind: str = "some_kind") -> Failure:
    return Failure(blame, kind, "said")


CLAUDE = Choice(provider("anthropic", 0.5, 0.5), "claude")
GPT = Choice(provider("openai", 1.0), "gpt")
LOCAL = Choice(provider("local"), "small")
CONFIG = Config(providers={})
DOWN = failed(Blame.PROVIDER)
KEY_BAD = failed(Blame.TARGET)


def walk(
    choices: Iterable[Choice], outcomes: Iterable[Failure | None], draw: float = 0.0
) -> list[str]:
    """Return the targets the plan named, as `model` or `model:key-number`."""
    plan = failover(list(choices), Health(CONFIG, lambda: draw), now_s=0.0)
    named = []
    step = next(plan)
    for outcome in outcomes:
        assert step is not None
        target = step.health.target
        named.append(f"{target.model}:{target.key.id}" if target.key else target.model)
        try:
            step = plan.send(Outcome(0.0, outcome))
        except StopIteration:
            return named
    named.append("more")
    return named


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param([None], ["claude:anthropic#1"], id="an-answer-ends-it"),
        pytest.param(
            [DOWN, None],
            ["claude:anthropic#1", "gpt:openai#1"],
            id="a-provider-fault-skips-its-other-key",
        ),
        pytest.param(
            [KEY_BAD, None],
            ["claude:anthropic#1", "claude:anthropic#2"],
            id="a-target-fault-tries-the-next-key",
        ),
        pytest.param(
            [KEY_BAD, KEY_BAD, None],
            ["claude:anthropic#1", "claude:anthropic#2", "gpt:openai#1"],
            id="no-key-is-tried-twice",
        ),
        pytest.param(
            [failed(Blame.TARGET, "model_not_found"), None],
            ["claude:anthropic#1", "gpt:openai#1"],
            id="an-unknown-model-is-unknown-to-every-key",
        ),
        pytest.param(
            [failed(Blame.CALLER)],
            ["claude:anthropic#1"],
            id="the-callers-fault-is-nobody-elses-business",
        ),
        pytest.param(
            [DOWN, KEY_BAD, None],
            ["claude:anthropic#1", "gpt:openai#1", "small"],
            id="a-provider-without-keys-is-tried-once",
        ),
        pytest.param(
            [DOWN, DOWN, DOWN],
            ["claude:anthropic#1", "gpt:openai#1", "small"],
            id="the-list-ends",
        ),
    ],
)
def test_blame_decides_who_is_next(
    outcomes: list[Failure | None], expected: list[str]
) -> None:
    assert walk([CLAUDE, GPT, LOCAL], outcomes) == expected


def test_of_keys_that_all_rest_the_one_with_the_least_to_wait_is_asked() -> None:
    known = Health(CONFIG, lambda: 0.0)
    keys = CLAUDE.provider.keys
    for key, wait_s in zip(keys, (30.0, 20.0), strict=True):
        limited = Failure(
            Blame.TARGET, "rate_limited", "said", 429, retry_after_s=wait_s
        )
        target = known.of(CLAUDE.provider, CLAUDE.model, key)
        target.begin(0.0, stream=False, probe=False).end(limited, 0.0)
    plan = failover([CLAUDE], known, now_s=1.0)
    step = next(plan)
    assert step is not None
    assert step.health.target.key is keys[1]
    with pytest.raises(StopIteration):
        plan.send(Outcome(1.0, KEY_BAD))


def test_a_provider_that_is_down_is_not_asked_for_its_other_model() -> None:
    other = Choice(CLAUDE.provider, "claude-small")
    assert walk([CLAUDE, other, GPT], [DOWN, None]) == [
        "claude:anthropic#1",
        "gpt:openai#1",
    ]


def test_the_draw_chooses_the_key() -> None:
    assert walk([CLAUDE], [None], draw=0.75) == ["claude:anthropic#2"]


def test_after_a_key_failed_the_draw_is_among_the_others() -> None:
    assert walk([CLAUDE], [KEY_BAD, None], draw=0.99) == [
        "claude:anthropic#2",
        "claude:anthropic#1",
    ]


def test_a_break_of_the_second_of_two_is_not_the_first_ones_fault() -> None:
    health = Health(CONFIG, lambda: 0.0)
    other = Choice(CLAUDE.provider, "claude-small")
    plan = failover([CLAUDE, GPT, other], health, now_s=0.0)
    first = next(plan)
    assert first is not None
    second = plan.send(Outcome(1.0, late=True))
    assert second is not None
    assert second.health.target.model == "gpt"
    third = plan.send(Outcome(2.0, DOWN, of=second.health))
    assert third is not None
    assert third.health.target.model == "claude-small"


def test_both_of_two_are_noted_when_both_fail() -> None:
    health = Health(CONFIG, lambda: 0.0)
    other = Choice(CLAUDE.provider, "claude-small")
    plan = failover([CLAUDE, GPT, other, LOCAL], health, now_s=0.0)
    next(plan)
    second = plan.send(Outcome(1.0, late=True))
    assert second is not None
    third = plan.send(Outcome(2.0, DOWN, other=DOWN, of=second.health))
    assert third is not None
    assert third.health.target.model == "small"


def test_a_hedge_that_was_not_made_is_still_a_fallback() -> None:
    health = Health(CONFIG, lambda: 0.0)
    plan = failover([CLAUDE, GPT, LOCAL], health, now_s=0.0)
    first = next(plan)
    assert first is not None
    beside = plan.send(Outcome(1.0, late=True))
    assert beside is not None
    allowance = beside.health.provider.allowance
    earned = allowance.tokens
    then = plan.send(Outcome(2.0, DOWN, of=first.health, unmade=True))
    assert then is not None
    assert then.health is beside.health
    assert allowance.tokens == pytest.approx(earned)
    last = plan.send(Outcome(3.0, KEY_BAD))
    assert last is not None
    assert last.health.target.model == "small"


def test_so_is_one_that_was_not_made_beside_it() -> None:
    health = Health(CONFIG, lambda: 0.0)
    plan = failover([CLAUDE, GPT, LOCAL], health, now_s=0.0)
    next(plan)
    plan.send(Outcome(1.0, late=True))
    again = plan.send(Outcome(2.0, DOWN, unmade=True))
    assert again is not None
    beside = plan.send(Outcome(3.0, late=True))
    assert beside is not None
    assert beside.health.target.model == "small"
    last = plan.send(Outcome(4.0, DOWN, of=again.health, unmade=True))
    assert last is not None
    assert last.health is beside.health
    with pytest.raises(StopIteration):
        plan.send(Outcome(5.0, DOWN))


def test_who_was_passed_over_for_a_hedge_that_was_not_made_has_its_turn() -> None:
    health = Health(CONFIG, lambda: 0.0)
    resting = health.of(GPT.provider, GPT.model, GPT.provider.keys[0])
    resting.circuit.open(0.0, 0.0)
    plan = failover([CLAUDE, GPT, LOCAL], health, now_s=0.0)
    next(plan)
    beside = plan.send(Outcome(9.0, late=True))
    assert beside is not None
    assert beside.health.target.model == "small"  # a hedge is no probe
    then = plan.send(Outcome(9.5, DOWN, unmade=True))
    assert then is not None
    assert (then.health, then.probe) == (resting, True)


def plan_while_all_are_tried(*, allowance_left: bool) -> list[str]:
    """Walk a plan while both providers are down and a probe of each is under way."""
    health = Health(CONFIG, lambda: 0.0)
    targets = [
        health.of(choice.provider, choice.model, choice.provider.keys[0])
        for choice in (GPT, CLAUDE)
    ]
    for target in targets:
        target.provider.circuit.open(0.0, 0.0)
        target.begin(7.0, stream=False, probe=True)
        while not allowance_left and target.provider.allowance.spend(7.0):
            pass
    plan = failover([GPT, CLAUDE], health, now_s=7.0)
    named = []
    step = next(plan, None)
    while step is not None:
        named.append(step.health.target.model)
        assert not step.probe
        try:
            step = plan.send(Outcome(7.0, DOWN))
        except StopIteration:
            break
    return named


def test_who_is_being_tried_may_be_well_and_is_asked_beside_one_that_was_down() -> None:
    assert plan_while_all_are_tried(allowance_left=True) == ["gpt", "claude"]


def test_an_outage_of_all_does_not_double_its_calls() -> None:
    assert plan_while_all_are_tried(allowance_left=False) == ["gpt"]

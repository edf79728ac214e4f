"""401 and 403: on one key of two, on all keys; a caller is never told 401."""

from itertools import pairwise

import pytest

from faults.pair import (
    ALONE,
    PROMPT_S,
    TWO_KEYS,
    assert_answered,
    assert_refused,
    pair,
    seen_by,
)
from gateway.running import SteppedClock

STATUSES = [401, 403]
WEIGHTED = TWO_KEYS.replace(
    "[sk-sick-a111, sk-sick-a222]",
    "[{value: sk-a-dead, weight: 2}, {value: sk-a-much, weight: 3},"
    " {value: sk-a-some, weight: 1}]",
)


@pytest.mark.parametrize("status", STATUSES)
async def test_a_refused_key_is_asked_once_and_costs_nobody_an_answer(
    status: int, *, stream: bool
) -> None:
    clock = SteppedClock()
    async with pair(TWO_KEYS, clock=clock) as both:
        both.falls_sick({"status": status}, key="a111")
        told = await both.ask_often(20, stream=stream)
        clock.step(86_400)  # time mends no key: only a changed config does
        told += await both.ask_often(20, stream=stream)
        for each in told:
            assert_answered(each, by="sick")
        assert seen_by(both.calls(), "a111") == 1
        assert sum(len(each.attempts) for each in told) == len(told) + 1
        assert both.calls("well") == []


@pytest.mark.parametrize("status", STATUSES)
async def test_when_no_key_is_accepted_the_fallback_answers(
    status: int, *, stream: bool
) -> None:
    async with pair(TWO_KEYS) as both:
        both.falls_sick({"status": status})
        told = await both.ask_often(10, stream=stream)
        assert told[0].kinds == ["upstream_auth", "upstream_auth", None]
        assert told[0].took_s < PROMPT_S
        for each in told:
            assert_answered(each)
        assert len(both.calls()) == 2


@pytest.mark.parametrize("status", STATUSES)
async def test_a_key_that_is_not_accepted_is_never_the_callers_fault(
    status: int, *, stream: bool
) -> None:
    async with pair(ALONE) as both:
        both.falls_sick({"status": status})
        told = await both.ask(stream=stream)
        assert_refused(told, 502, "upstream_auth")
        assert "sk-sick" not in told.answer.error["message"]


async def test_the_traffic_of_a_dead_key_goes_to_the_others_by_their_weights() -> None:
    async with pair(WEIGHTED) as both:
        both.falls_sick({"status": 401}, key="dead")
        for each in await both.ask_often(400, at_once=8):
            assert_answered(each, by="sick")
        calls = both.calls()
        much, some = seen_by(calls, "much"), seen_by(calls, "some")
        assert much + some == 400
        # 3 to 1 with 400 draws: five standard deviations are 43.
        assert 257 < much < 343


async def test_no_key_is_shown_to_another_provider(*, stream: bool) -> None:
    async with pair(TWO_KEYS) as both:
        both.falls_sick({"status": 403})
        assert_answered(await both.ask(stream=stream))
        keys = {(seen.provider, seen.key) for seen in both.sim.log}
        assert keys == {("sick", "a111"), ("sick", "a222"), ("well", "b111")}
        assert all(a.started_s <= b.started_s for a, b in pairwise(both.sim.log))

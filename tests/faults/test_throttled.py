"""429: in every way that its wait is told, once and for ever, on one key and on all."""

from collections.abc import Mapping

import pytest

from faults.pair import (
    ALONE,
    PROMPT_S,
    TWO_KEYS,
    Told,
    assert_answered,
    assert_refused,
    pair,
    seen_by,
)
from gateway.running import SteppedClock

DATE = "Thu, 26 Nov 2026 12:00:00 GMT"
Headers = Mapping[str, str]
TOLD: dict[str, tuple[Headers, float, float]] = {
    # How the wait is told; the key rests at least so long, and at most so long.
    "seconds": ({"retry-after": "7"}, 7, 7),
    "a float": ({"retry-after": "1.5"}, 1.5, 1.5),
    "milliseconds": ({"retry-after-ms": "700"}, 0.7, 0.7),
    "milliseconds before seconds": (
        {"retry-after-ms": "700", "retry-after": "9"},
        0.7,
        0.7,
    ),
    "a date": (
        {"date": DATE, "retry-after": "Thu, 26 Nov 2026 12:00:05 GMT"},
        5,
        5,
    ),
    "far too long": ({"retry-after": "1e9"}, 3600, 3600),
    "for ever": ({"retry-after": "inf"}, 3600, 3600),
    "a Go duration of tokens": (
        {
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "1m30s",
            "x-ratelimit-remaining-requests": "5",
            "x-ratelimit-reset-requests": "17ms",
        },
        90,
        90,
    ),
    "a time of Anthropic's": (
        {
            "date": DATE,
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-11-26T12:00:20Z",
        },
        20,
        20,
    ),
    # Garbage is as good as nothing: a first rest of half a second to one.
    "nothing": ({}, 0.5, 1),
    "a negative number": ({"retry-after": "-5"}, 0.5, 1),
    "a word": ({"retry-after": "abc"}, 0.5, 1),
    "no number": ({"retry-after-ms": "nan"}, 0.5, 1),
    "a date that is past": (
        {"date": DATE, "retry-after": "Thu, 26 Nov 2026 11:00:00 GMT"},
        0.5,
        1,
    ),
}
QUOTAS: dict[str, Mapping[str, object]] = {
    "429 insufficient_quota": {
        "status": 429,
        "error": {"code": "insufficient_quota", "type": "insufficient_quota"},
    },
    "402": {"status": 402, "error": {"type": "billing_error"}},
}


def extra(told: list[Told]) -> int:
    """Count the attempts beyond one an exchange."""
    return sum(len(each.attempts) - 1 for each in told)


@pytest.mark.parametrize("how", TOLD)
async def test_a_limited_key_rests_for_as_long_as_it_says(
    how: str, *, stream: bool
) -> None:
    headers, least_s, most_s = TOLD[how]
    clock = SteppedClock()
    async with pair(TWO_KEYS, clock=clock) as both:
        both.falls_sick({"status": 429, "headers": headers}, key="a111")
        told = await both.ask_often(20, stream=stream)
        clock.step(least_s - 0.01)
        told += await both.ask_often(10, stream=stream)
        assert seen_by(both.calls(), "a111") == 1
        assert extra(told) == 1  # the other key answered the one that met the limit
        both.sim.set_rules([])
        clock.step(most_s - least_s + 0.02)
        told += await both.ask_often(20, stream=stream)
        assert seen_by(both.calls(), "a111") > 3
        assert both.calls("well") == []
        for each in told:
            assert_answered(each, by="sick")


async def test_a_wait_of_none_is_no_rest_and_no_loop_either(*, stream: bool) -> None:
    headers = {"retry-after": "0"}
    async with pair(TWO_KEYS, clock=SteppedClock()) as both:
        both.falls_sick({"status": 429, "headers": headers}, key="a111")
        for each in await both.ask_often(20, stream=stream):
            assert_answered(each, by="sick")
            assert len(each.attempts) <= 2


async def test_a_limit_that_is_met_again_doubles_the_rest() -> None:
    clock = SteppedClock()
    async with pair(TWO_KEYS, clock=clock) as both:
        both.falls_sick({"status": 429}, key="a111")
        await both.ask_often(20)
        for strike in range(1, 6):
            assert seen_by(both.calls(), "a111") == strike
            clock.step(2.0 ** (strike - 1) + 0.01)
            await both.ask_often(20)


@pytest.mark.parametrize("how", QUOTAS)
async def test_a_quota_used_up_on_one_key_of_two_costs_one_attempt(
    how: str, *, stream: bool
) -> None:
    clock = SteppedClock()
    async with pair(TWO_KEYS, clock=clock) as both:
        both.falls_sick(QUOTAS[how], key="a111")
        told = await both.ask_often(60, stream=stream)
        clock.step(500)  # it rests for ten minutes
        told += await both.ask_often(20, stream=stream)
        assert extra(told) == 1
        assert seen_by(both.calls(), "a111") == 1
        for each in told:
            assert_answered(each, by="sick")


async def test_a_limit_on_every_key_goes_to_the_fallback(*, stream: bool) -> None:
    limited = {"status": 429, "headers": {"retry-after": "60"}}
    async with pair(TWO_KEYS, clock=SteppedClock()) as both:
        both.falls_sick(limited)
        told = await both.ask_often(10, stream=stream)
        assert told[0].targets == ["sick", "sick", "well"]
        assert told[0].took_s < PROMPT_S
        assert len(both.calls()) == 2  # each key once, and then nobody asks
        for each in told:
            assert_answered(each)


async def test_a_limit_for_ever_is_told_with_the_shortest_wait(*, stream: bool) -> None:
    two = ALONE.replace("[sk-sick-a111]", "[sk-sick-a111, sk-sick-a222]")
    async with pair(two, clock=SteppedClock()) as both:
        waits = {"a111": "30", "a222": "20"}
        both.sim.set_rules(
            [
                {
                    "when": {"key": key},
                    "fault": {"status": 429, "headers": {"retry-after": wait}},
                }
                for key, wait in waits.items()
            ]
        )
        told = await both.ask(stream=stream)
        assert_refused(told, 429, "rate_limited")
        assert told.answer.headers["retry-after"] == "20"
        assert len(told.attempts) == 2
        # All rest: whoever rests shortest is asked, rather than nobody.
        again = await both.ask(stream=stream)
        assert_refused(again, 429, "rate_limited")
        assert [seen.key for seen in both.calls()[2:]] == ["a222"]


@pytest.mark.parametrize("how", QUOTAS)
async def test_a_quota_used_up_on_all_keys_is_not_told_to_be_retried(
    how: str, *, stream: bool
) -> None:
    async with pair(ALONE) as both:
        both.falls_sick(QUOTAS[how])
        told = await both.ask(stream=stream)
        assert_refused(told, 429, "quota_exhausted")
        assert len(told.attempts) == 1

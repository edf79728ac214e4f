"""Silence: before the headers, after them, before the first token, in the middle."""

import asyncio

import pytest

from faults.pair import (
    ALONE,
    PROMPT_S,
    SHORT,
    TWO_KEYS,
    assert_answered,
    assert_broken,
    assert_refused,
    pair,
)
from gateway.running import SAID, SteppedClock, until

FIRST_BYTE_S = 0.4
IDLE_S = 0.4
SOON_S = FIRST_BYTE_S + PROMPT_S
WHOLE = [{"kind": "silent"}, {"kind": "headers_then_silence"}, {"delay_s": 30}]
STREAMED: list[dict[str, object]] = [
    {"first_event_delay_s": 30},
    {"first_event_delay_s": 30, "ping_every_s": 0.1},
    {"stall_after_events": 1},
]
"""Silences that only a stream has: nothing with content came."""
SILENCES = [(what, stream) for what in WHOLE for stream in (False, True)] + [
    (what, True) for what in STREAMED
]
STALLS = [
    {"event_delay_s": 0.02, "stall_after_events": 6},
    {"event_delay_s": 0.02, "stall_after_events": 6, "ping_every_s": 0.1},
]
"""Keep-alives are no progress."""
BOUNDS = {"first_byte_s": FIRST_BYTE_S, "idle_s": IDLE_S}


@pytest.mark.parametrize(("what", "streamed"), SILENCES, ids=str)
async def test_a_silent_target_is_left_after_its_bound_and_not_asked_again(
    what: dict[str, object], *, streamed: bool
) -> None:
    async with pair(TWO_KEYS, bounds=BOUNDS) as both:
        both.falls_sick(what)
        told = await both.ask(stream=streamed)
        assert_answered(told)
        # Not once more, and not with its other key.
        assert told.targets == ["sick", "well"]
        assert told.kinds[0] in {"first_byte_timeout", "idle_timeout"}
        assert FIRST_BYTE_S - 0.05 <= told.took_s < SOON_S
        await until(lambda: both.calls()[0].outcome == "client_closed")


@pytest.mark.parametrize(("what", "streamed"), SILENCES, ids=str)
async def test_silence_with_nobody_else_to_ask_is_told_in_time(
    what: dict[str, object], *, streamed: bool
) -> None:
    async with pair(ALONE, bounds=BOUNDS) as both:
        both.falls_sick(what)
        told = await both.ask(stream=streamed)
        kind = told.kinds[0] or ""
        assert kind in {"first_byte_timeout", "idle_timeout"}
        assert_refused(told, 504, kind)
        assert len(told.attempts) == 1
        assert told.took_s < SOON_S
        await until(lambda: both.calls()[0].outcome == "client_closed")


async def test_after_a_few_silences_nobody_waits_any_more(*, stream: bool) -> None:
    async with pair(clock=SteppedClock(), bounds=BOUNDS) as both:
        both.falls_sick({"kind": "silent"})
        together = await both.ask_often(5, at_once=5, stream=stream)
        assert max(each.took_s for each in together) < SOON_S
        later = await both.ask_often(20, stream=stream)
        for each in together + later:
            assert_answered(each)
        assert [each.targets for each in later] == [["well"]] * 20
        assert len(both.calls()) == 5


async def test_a_slow_first_token_within_the_bound_is_waited_for() -> None:
    async with pair(bounds={"first_byte_s": 20}) as both:
        both.falls_sick({"first_event_delay_s": 0.6})
        told = await both.ask(stream=True)
        assert_answered(told, by="sick")
        assert told.line["first_byte_ms"] >= 550


@pytest.mark.parametrize("what", STALLS, ids=str)
async def test_a_stall_in_a_long_answer_is_finished_by_the_other(
    what: dict[str, object],
) -> None:
    async with pair(bounds=BOUNDS) as both:
        both.falls_sick(what)
        told = await both.ask(stream=True)
        assert_answered(told)
        assert told.line["rescue"] == "restart"
        assert told.kinds == ["idle_timeout", None]
        assert told.took_s < IDLE_S + PROMPT_S


@pytest.mark.parametrize("what", STALLS, ids=str)
async def test_a_stall_in_a_short_answer_is_never_seen(
    what: dict[str, object],
) -> None:
    async with pair(bounds=BOUNDS) as both:
        both.falls_sick(what)
        told = await both.ask(stream=True, max_tokens=SHORT)
        assert_answered(told)
        assert told.line["rescue"] == "held"
        assert told.answer.headers["x-heliograph-rescue"] == "held"
        assert told.took_s < IDLE_S + PROMPT_S


@pytest.mark.parametrize("what", STALLS, ids=str)
async def test_a_stall_that_nobody_mends_ends_in_an_error(
    what: dict[str, object],
) -> None:
    async with pair(ALONE, changed={"rescue": "off"}, bounds=BOUNDS) as both:
        both.falls_sick(what)
        told = await both.ask(stream=True)
        assert_broken(told, "idle_timeout")
        assert 0 < len(told.answer.text) < len(SAID)
        assert len(told.attempts) == 1
        assert told.took_s < IDLE_S + PROMPT_S


async def test_all_attempts_and_waits_share_the_callers_deadline(
    *, stream: bool
) -> None:
    header = "x-heliograph-timeout-ms: 700\r\n"
    async with pair(bounds=BOUNDS) as both:
        both.sim.set_rules([{"fault": {"kind": "silent"}}])
        async with asyncio.timeout(0.7 + PROMPT_S):
            told = await both.ask(stream=stream, header=header)
        assert_refused(told, 504, "caller_timeout")
        assert told.targets == ["sick", "well"]
        assert told.kinds == ["first_byte_timeout", "caller_timeout"]

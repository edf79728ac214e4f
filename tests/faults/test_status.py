"""500, 502, 503, 504, 529, 408, 409: once, and for ever."""

import pytest

from faults.pair import (
    ALONE,
    PROMPT_S,
    assert_answered,
    assert_refused,
    pair,
)
from gateway.running import SteppedClock

REPEATED = [500, 502, 503, 529]
"""A lone one may be bad luck: the same target is asked once more."""
NOT_REPEATED = [504, 408, 409]
KINDS = {
    500: "server_error",
    502: "server_error",
    503: "overloaded",
    529: "overloaded",
    504: "upstream_timeout",
    408: "upstream_timeout",
    409: "upstream_conflict",
}
STATUSES = {500: 502, 502: 502, 503: 503, 529: 503, 504: 502, 408: 502, 409: 502}
"""What a caller is told when nobody else can be asked."""
BACKOFF_S_MAX = 0.1


@pytest.mark.parametrize("status", REPEATED)
async def test_a_status_that_comes_once_is_mended_by_the_same_target(
    status: int, *, stream: bool
) -> None:
    async with pair() as both:
        both.falls_sick({"status": status}, first=1)
        told = await both.ask(stream=stream)
        assert_answered(told, by="sick")
        assert told.kinds == [KINDS[status], None]
        [gap_s] = told.gaps_s
        assert 0 <= gap_s < BACKOFF_S_MAX + PROMPT_S
        assert both.calls("well") == []


@pytest.mark.parametrize("status", NOT_REPEATED)
async def test_a_status_that_is_no_bad_luck_goes_to_the_fallback_at_once(
    status: int, *, stream: bool
) -> None:
    async with pair() as both:
        both.falls_sick({"status": status}, first=1)
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == [KINDS[status], None]
        assert_answered(await both.ask(stream=stream), by="sick")


@pytest.mark.parametrize("status", [*REPEATED, *NOT_REPEATED])
async def test_a_status_for_ever_costs_nobody_an_answer_and_hammers_nobody(
    status: int, *, stream: bool
) -> None:
    async with pair(clock=SteppedClock()) as both:
        both.falls_sick({"status": status})
        told = await both.ask_often(20, stream=stream)
        for each in told:
            assert_answered(each)
            assert each.took_s < PROMPT_S
            assert each.targets.count("sick") <= 2
        # Five in a row open the circuit; the budget allows few repeats before that.
        assert len(both.calls()) == 5
        assert [each.targets for each in told[5:]] == [["well"]] * 15


@pytest.mark.parametrize("status", [*REPEATED, *NOT_REPEATED])
async def test_a_status_for_ever_with_nobody_else_to_ask_is_told(
    status: int, *, stream: bool
) -> None:
    async with pair(ALONE) as both:
        both.falls_sick({"status": status})
        told = await both.ask(stream=stream)
        assert_refused(told, STATUSES[status], KINDS[status])
        assert len(told.attempts) == (2 if status in REPEATED else 1)
        assert all(gap_s < BACKOFF_S_MAX + PROMPT_S for gap_s in told.gaps_s)
        assert told.answer.error["type"] == "upstream_error"

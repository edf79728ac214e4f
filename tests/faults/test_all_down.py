"""Everybody is down: said at once, tried little, and over when anybody is back."""

from collections.abc import Mapping

import openai
import pytest

from faults.pair import PROMPT_S, TWO_KEYS, assert_answered, assert_refused, pair
from gateway.running import HELLO, SteppedClock

Fault = Mapping[str, object]
DOWN: dict[str, tuple[Fault, int, str]] = {
    "500": ({"status": 500}, 502, "server_error"),
    "503": ({"status": 503}, 503, "overloaded"),
    "resets": ({"kind": "reset"}, 502, "reset"),
}


@pytest.mark.parametrize("how", DOWN)
async def test_when_all_are_down_each_exchange_costs_one_attempt_and_no_wait(
    how: str, *, stream: bool
) -> None:
    fault, status, code = DOWN[how]
    async with pair(clock=SteppedClock()) as both:
        both.sim.set_rules([{"fault": fault}])
        await both.ask_often(12, stream=stream)
        for told in await both.ask_often(20, stream=stream):
            assert_refused(told, status, code)
            assert len(told.attempts) == 1  # the least bad, rather than nobody
            assert told.took_s < PROMPT_S
            assert 1 <= int(told.answer.headers["retry-after"]) <= 7


async def test_when_all_are_down_the_first_to_be_back_answers(*, stream: bool) -> None:
    async with pair(clock=SteppedClock()) as both:
        both.sim.set_rules([{"fault": {"status": 503}}])
        await both.ask_often(20, stream=stream)
        both.sim.set_rules([{"when": {"provider": "sick"}, "fault": {"status": 503}}])
        told = await both.ask_often(5, stream=stream)
        assert all(each.answer.status == 200 for each in told[1:])


@pytest.mark.parametrize("how", ["both are silent", "both begin and are silent"])
async def test_when_all_are_silent_the_deadline_holds_for_all_together(
    how: str, *, stream: bool
) -> None:
    kind = "silent" if how == "both are silent" else "headers_then_silence"
    bounds = {"first_byte_s": 0.6, "idle_s": 0.6, "total_s": 1.0, "connect_s": 0.5}
    async with pair(TWO_KEYS, bounds=bounds) as both:
        both.sim.set_rules([{"fault": {"kind": kind}}])
        told = await both.ask(stream=stream)
        assert told.answer.status == 504
        assert told.targets == ["sick", "well"]
        assert told.took_s < 1.0 + PROMPT_S


async def test_sdks_do_not_multiply_what_the_gateway_has_tried() -> None:
    async with pair(clock=SteppedClock()) as both:
        both.sim.set_rules([{"fault": {"status": 500}}])
        url = f"http://127.0.0.1:{both.gateway.port}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="k") as client:
            with pytest.raises(openai.InternalServerError) as raised:
                await client.chat.completions.create(
                    model="sick/m",
                    messages=HELLO,  # type: ignore[arg-type] # plain mappings are messages
                )
        assert raised.value.status_code == 502
        assert raised.value.code == "server_error"
        assert len(both.gateway.lines) == 1


async def test_one_that_is_limited_and_one_that_is_down_tell_the_wait(
    *, stream: bool
) -> None:
    async with pair() as both:
        limited = {"status": 429, "headers": {"retry-after": "17"}}
        both.sim.set_rules(
            [
                {"when": {"provider": "sick"}, "fault": limited},
                {"fault": {"status": 503}},
            ]
        )
        told = await both.ask(stream=stream)
        assert told.answer.status == 503
        assert told.answer.headers["retry-after"] == "17"
        both.sim.set_rules([])
        assert_answered(await both.ask(stream=stream))

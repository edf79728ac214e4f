"""What is the caller's own: told at once, tried nowhere else, held against nobody."""

from collections.abc import Mapping

import pytest

from faults.pair import PAIR, PROMPT_S, Told, assert_answered, pair
from gateway.running import SAID, SteppedClock
from heliograph.gateway.types import Breaker

Fault = Mapping[str, object]
REFUSALS: dict[str, tuple[Fault, int, str | None]] = {
    # What the provider says; the status and the code that the caller is told.
    "context length": (
        {"status": 400, "error": {"code": "context_length_exceeded"}},
        400,
        "context_length_exceeded",
    ),
    "context length in words": (
        {"status": 400, "error": {"message": "prompt is too long: 300000 tokens"}},
        400,
        "context_length_exceeded",
    ),
    "content filter": (
        {"status": 400, "error": {"code": "content_filter"}},
        400,
        "content_filter",
    ),
    "content policy": (
        {"status": 400, "error": {"code": "content_policy_violation"}},
        400,
        "content_policy_violation",
    ),
    "bad request": ({"status": 400, "error": {"message": "no"}}, 400, None),
    "too large": ({"status": 413}, 413, None),
    "unprocessable": ({"status": 422}, 422, None),
}
CUT: Fault = {"event_delay_s": 0.02, "cut_after_events": 6}
PREFILLING = """
providers:
  sick:
    base_url: {sim}/sick/v1
    keys: [sk-sick-a111]
    models: [m]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-b111]
    models: [claude-haiku-4-5]
fallbacks:
  - {from: sick/m, to: anthropic/claude-haiku-4-5}
"""


def assert_told(told: Told, status: int, code: str | None) -> None:
    """The caller was told at once, by the one provider that was asked."""
    assert (told.answer.status, told.answer.error["code"]) == (status, code)
    assert told.targets == ["sick"]
    assert told.attempts[0]["blame"] == "caller"
    assert told.line["outcome"] == "refused"
    assert told.line["output_tokens"] is None
    assert told.took_s < PROMPT_S


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_goes_back_to_the_caller_and_no_fallback_is_tried(
    what: str, *, stream: bool
) -> None:
    refusal, status, code = REFUSALS[what]
    async with pair() as both:
        both.falls_sick(refusal)
        told = await both.ask(stream=stream)
        assert_told(told, status, code)
        assert len(both.sim.log) == 1


@pytest.mark.parametrize("what", REFUSALS)
async def test_refusals_are_held_against_no_provider(what: str) -> None:
    async with pair(changed={"breaker": Breaker(failures=2, calls_min=2)}) as both:
        both.falls_sick(REFUSALS[what][0])
        for _ in range(10):
            assert (await both.ask()).targets == ["sick"]
        both.sim.set_rules([])
        assert_answered(await both.ask(), by="sick")


async def test_an_unknown_model_opens_no_circuit(*, stream: bool) -> None:
    async with pair(PAIR, clock=SteppedClock()) as both:
        both.falls_sick({"status": 404})
        for each in await both.ask_often(10, stream=stream):
            assert_answered(each)
            assert each.kinds == ["model_not_found", None]
        both.sim.set_rules([])
        assert_answered(await both.ask(stream=stream), by="sick")


async def test_an_answer_that_was_filtered_is_an_answer(*, stream: bool) -> None:
    async with pair() as both:
        both.falls_sick({"finish": "filter"})
        told = await both.ask(stream=stream)
        assert told.answer.status == 200
        assert told.line["finish"] == "content_filter"
        assert (told.line["outcome"], told.targets) == ("answered", ["sick"])


async def test_a_fallback_that_rejects_a_prefill_is_asked_anew_once() -> None:
    refusal = {"status": 400, "error": {"message": "no assistant message prefill"}}
    async with pair(PREFILLING) as both:
        when = {"when": {"provider": "sick"}, "fault": CUT}
        once = {"when": {"provider": "anthropic", "first": 1}, "fault": refusal}
        both.sim.set_rules([when, once])
        told = await both.ask(stream=True)
        assert_answered(told, by="anthropic")
        assert told.line["rescue"] == "restart"
        assert told.kinds == ["truncated", "bad_request", None]
        again = await both.ask(stream=True)
        assert_answered(again, by="anthropic")
        assert again.kinds == ["truncated", None]


async def test_a_fallback_that_takes_a_prefill_goes_on_from_the_text() -> None:
    async with pair(PREFILLING) as both:
        both.falls_sick(CUT)
        told = await both.ask(stream=True)
        assert_answered(told, by="anthropic")
        assert told.line["rescue"] == "prefill"
        assert told.line["output_tokens"] < len(SAID.split())

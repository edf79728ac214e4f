"""Streams that break: cut, garbled, without their end, with an error in the middle."""

from collections.abc import Mapping

import openai
import pytest

from faults.pair import (
    ALONE,
    PROMPT_S,
    SHORT,
    Pair,
    assert_answered,
    assert_broken,
    assert_refused,
    pair,
)
from gateway.running import HELLO, SAID
from heliograph.gateway.types import Retries

Fault = Mapping[str, object]
SLOWLY = {"event_delay_s": 0.02}
"""What comes in one packet with its break is mended before anything was sent."""
CUTS = ("end", "chunked", "close_delimited", "reset")
MIDWAY: dict[str, tuple[Fault, str]] = {
    **{
        f"cut {mode}": (
            {**SLOWLY, "cut_after_events": 6, "cut_mode": mode},
            "truncated",
        )
        for mode in CUTS
    },
    "a malformed event": ({**SLOWLY, "malformed_event": 6}, "malformed_event"),
    "an error event": ({**SLOWLY, "error_event": 6}, "error_event"),
    "no finish": ({**SLOWLY, "missing": "finish"}, "truncated"),
    "neither finish nor end": ({**SLOWLY, "missing": "both"}, "truncated"),
}
"""Breaks after content, and what they are called."""
EARLY: dict[str, tuple[Fault, str]] = {
    **{
        f"cut {mode}": ({"cut_after_events": 1, "cut_mode": mode}, "truncated")
        for mode in CUTS
    },
    "a malformed event": ({"malformed_event": 1}, "malformed_event"),
    "an error event": ({"error_event": 1}, "error_event"),
    "JSON for a stream": ({"kind": "json_for_stream"}, "not_a_stream"),
    "HTML for a stream": ({"kind": "html"}, "not_a_stream"),
    "an error for a stream": ({"kind": "error_200"}, "not_a_stream"),
    "plain text for a stream": ({"kind": "wrong_type"}, "not_a_stream"),
    "nothing": ({"kind": "empty"}, "empty"),
}
"""Breaks before any content."""
OFF = {"rescue": "off", "retries": Retries(same_target_max=0)}


@pytest.mark.parametrize("what", EARLY)
async def test_what_breaks_before_its_content_goes_to_the_fallback_unseen(
    what: str,
) -> None:
    fault, kind = EARLY[what]
    async with pair() as both:
        both.falls_sick(fault)
        told = await both.ask(stream=True)
        assert_answered(told)
        assert told.kinds == [kind, None]
        assert told.line["rescue"] is None
        assert told.took_s < PROMPT_S


@pytest.mark.parametrize("what", EARLY)
async def test_what_breaks_before_its_content_with_nobody_else_is_a_502(
    what: str,
) -> None:
    fault, kind = EARLY[what]
    async with pair(ALONE, changed=OFF) as both:
        both.falls_sick(fault)
        told = await both.ask(stream=True)
        assert_refused(told, 502, kind)
        assert len(told.attempts) == 1


@pytest.mark.parametrize("what", MIDWAY)
async def test_a_short_answer_that_breaks_is_repaired_unseen(what: str) -> None:
    fault, kind = MIDWAY[what]
    async with pair() as both:
        both.falls_sick(fault)
        told = await both.ask(stream=True, max_tokens=SHORT)
        assert_answered(told)
        assert told.kinds == [kind, None]
        assert told.answer.headers["x-heliograph-rescue"] == "held"


@pytest.mark.parametrize("what", MIDWAY)
async def test_a_long_answer_that_breaks_is_finished_by_the_other(what: str) -> None:
    fault, kind = MIDWAY[what]
    async with pair() as both:
        both.falls_sick(fault)
        told = await both.ask(stream=True)
        assert_answered(told)
        assert told.kinds == [kind, None]
        assert told.line["rescue"] == "restart"
        assert b": heliograph-rescue: restart well/m" in told.answer.body


@pytest.mark.parametrize("what", MIDWAY)
async def test_a_break_that_nobody_mends_ends_in_an_error(what: str) -> None:
    fault, kind = MIDWAY[what]
    async with pair(ALONE, changed=OFF) as both:
        both.falls_sick(fault)
        told = await both.ask(stream=True)
        assert_broken(told, kind)
        assert told.answer.text
        assert len(told.attempts) == 1


@pytest.mark.parametrize("what", MIDWAY)
async def test_openais_sdk_raises_on_a_break_and_never_ends_in_silence(
    what: str,
) -> None:
    async with pair(ALONE, changed=OFF) as both:
        both.falls_sick(MIDWAY[what][0])
        heard, error = await read_by_sdk(both)
        assert error is not None
        assert error.code == MIDWAY[what][1]
        assert heard
        assert SAID.startswith(heard)


async def read_by_sdk(both: Pair) -> tuple[str, openai.APIError | None]:
    """Read a stream to its end, or to the error that the SDK raises."""
    heard = ""
    url = f"http://127.0.0.1:{both.gateway.port}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=2) as client:
        stream = await client.chat.completions.create(
            model="sick/m",
            messages=HELLO,  # type: ignore[arg-type] # plain mappings are messages
            stream=True,
        )
        assert isinstance(stream, openai.AsyncStream)
        try:
            async for chunk in stream:
                heard += chunk.choices[0].delta.content or ""
        except openai.APIError as error:
            return heard, error
    return heard, None


async def test_a_stream_without_its_terminal_marker_is_judged_by_its_finish() -> None:
    async with pair() as both:
        both.falls_sick({"missing": "terminal"})
        told = await both.ask(stream=True)
        assert_answered(told, by="sick")
        assert len(told.attempts) == 1


async def test_one_break_opens_no_circuit_and_five_do() -> None:
    async with pair() as both:
        both.falls_sick({"cut_after_events": 1})
        told = await both.ask_often(12, stream=True)
        for each in told:
            assert_answered(each)
        assert len(both.calls()) == 5

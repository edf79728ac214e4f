"""Streams that break after they began: finished by another target, or an error."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.raw_client import Answer
from gateway.running import SAID, Gateway, config_of, fault, request, running
from heliograph.gateway.types import Breaker, Config, Retries
from heliograph.simulation.providers import SimulatedProviders

TARGETS = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-b111]
    models: [gpt-4o]
  spare:
    base_url: {sim}/spare/v1
    keys: [sk-spare-c111]
    models: [small]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-a111]
    models: [claude-haiku-4-5, claude-sonnet-4-6]
"""
SLOWLY = {"event_delay_s": 0.02}
"""What comes in one packet with its break is mended before anything was sent."""
BREAKS: list[dict[str, object]] = [
    {**SLOWLY, "cut_after_events": 6, "cut_mode": "end"},
    {**SLOWLY, "cut_after_events": 6, "cut_mode": "chunked"},
    {**SLOWLY, "cut_after_events": 6, "cut_mode": "reset"},
    {**SLOWLY, "stall_after_events": 6},
    {**SLOWLY, "malformed_event": 6},
    {**SLOWLY, "error_event": 6},
    {**SLOWLY, "missing": "finish"},
]
CUT = BREAKS[0]


def config(sim: SimulatedProviders, to: str, **changed: Any) -> Config:  # noqa: ANN401 - fields of a config
    text = f"{TARGETS}\nfallbacks:\n  - from: openai/gpt-4o\n    to: {to}\n"
    return replace(config_of(text, sim.base_url, idle_s=0.3), **changed)


async def ask(gateway: Gateway, **members: object) -> Answer:
    return await gateway.post(
        request({"model": "openai/gpt-4o", "stream": True, **members})
    )


def comments(got: Answer) -> list[str]:
    return [line for line in got.body.decode().split("\n\n") if line.startswith(":")]


def assert_whole(got: Answer) -> None:
    assert got.text == SAID
    assert got.events[-1] == "[DONE]"
    assert len({chunk["id"] for chunk in got.chunks}) == 1
    roles = [c for c in got.chunks if c["choices"][0]["delta"].get("role")]
    assert len(roles) == 1
    assert got.chunks[-1]["choices"][0]["finish_reason"] == "stop"


async def assert_answered(gateway: Gateway, by: str, rescue: str) -> dict[str, Any]:
    line = await gateway.recorded()
    assert (line["outcome"], line["rescue"]) == ("answered", rescue)
    assert f"{line['provider']}/{line['model']}" == by
    assert [a["blame"] for a in line["attempts"]][-1] is None
    return line


@pytest.mark.parametrize("what", BREAKS, ids=str)
async def test_a_short_answer_is_held_back_and_repaired_unseen(
    sim: SimulatedProviders, what: Mapping[str, object]
) -> None:
    sim.set_rules([fault("openai", what)])
    async with running(config(sim, "spare/small")) as gateway:
        got = await ask(gateway, max_tokens=64)
        assert_whole(got)
        assert got.headers["x-heliograph-rescue"] == "held"
        assert got.headers["x-heliograph-attempts"] == "2"
        assert got.headers["x-heliograph-provider"] == "spare"
        assert comments(got) == []
        await assert_answered(gateway, "spare/small", "held")


@pytest.mark.parametrize("what", BREAKS, ids=str)
async def test_a_long_answer_is_restarted_and_what_was_sent_is_left_out(
    sim: SimulatedProviders, what: Mapping[str, object]
) -> None:
    sim.set_rules([fault("openai", what)])
    async with running(config(sim, "spare/small")) as gateway:
        got = await ask(gateway)
        assert_whole(got)
        assert comments(got) == [": heliograph-rescue: restart spare/small"]
        assert got.headers["x-heliograph-provider"] == "openai"
        line = await assert_answered(gateway, "spare/small", "restart")
        assert len(line["attempts"]) == 2
        assert line["attempts"][0]["blame"] == "provider"


async def test_a_model_that_takes_a_prefill_goes_on_from_the_text(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", CUT)])
    async with running(config(sim, "anthropic/claude-haiku-4-5")) as gateway:
        got = await ask(gateway, stream_options={"include_usage": True})
        assert got.text == SAID
        assert comments(got) == [
            ": heliograph-rescue: prefill anthropic/claude-haiku-4-5"
        ]
        line = await assert_answered(gateway, "anthropic/claude-haiku-4-5", "prefill")
    # The rest only: the model went on instead of beginning again.
    assert line["output_tokens"] < len(SAID.split())
    assert got.chunks[-1]["usage"]["completion_tokens"] == line["output_tokens"]


async def test_a_refused_prefill_is_asked_anew_and_remembered(
    sim: SimulatedProviders,
) -> None:
    refusal = {"status": 400, "error": {"message": "no assistant message prefill"}}
    rules = [fault("openai", CUT), fault("anthropic", refusal, first=1)]
    sim.set_rules(rules)
    async with running(config(sim, "anthropic/claude-haiku-4-5")) as gateway:
        assert_whole(await ask(gateway))
        line = await assert_answered(gateway, "anthropic/claude-haiku-4-5", "restart")
        assert [a["kind"] for a in line["attempts"]] == [
            "truncated",
            "bad_request",
            None,
        ]
        sim.set_rules([fault("openai", CUT)])
        assert_whole(await ask(gateway))
        assert len((await gateway.recorded(2))["attempts"]) == 2


async def test_a_model_known_to_refuse_prefill_is_not_asked_for_it(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", CUT)])
    async with running(config(sim, "anthropic/claude-sonnet-4-6")) as gateway:
        assert_whole(await ask(gateway))
        await assert_answered(gateway, "anthropic/claude-sonnet-4-6", "restart")


async def test_another_text_is_an_error_and_never_a_mixture(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", CUT), fault("spare", {"answer": "Quite other."})])
    async with running(config(sim, "spare/small")) as gateway:
        got = await ask(gateway)
        assert SAID.startswith(got.text)
        assert "[DONE]" not in got.events
        assert got.chunks[-1]["error"]["code"] == "rescue_diverged"
        line = await gateway.recorded()
        assert (line["outcome"], line["failure"]) == ("failed", "rescue_diverged")


async def test_a_call_of_a_tool_is_never_put_together_from_two_targets(
    sim: SimulatedProviders,
) -> None:
    function = {"name": "look", "parameters": {"properties": {"a": {"type": "string"}}}}
    tools = [{"type": "function", "function": function}]
    sim.set_rules([fault("openai", BREAKS[-1])])
    async with running(config(sim, "spare/small")) as gateway:
        got = await ask(gateway, tools=tools, tool_choice="required")
        assert "error" in got.chunks[-1]
        assert "[DONE]" not in got.events
        assert len((await gateway.recorded())["attempts"]) == 1


async def test_off_passes_the_break_on(sim: SimulatedProviders) -> None:
    sim.set_rules([fault("openai", CUT)])
    async with running(config(sim, "spare/small", rescue="off")) as gateway:
        for asked in ({}, {"max_tokens": 64}):
            got = await ask(gateway, **asked)
            assert got.chunks[-1]["error"]["code"] == "truncated"
            assert "[DONE]" not in got.events


async def test_when_all_break_the_caller_is_told(sim: SimulatedProviders) -> None:
    sim.set_rules([{"fault": CUT}])
    rules = Breaker(failures=100)
    async with running(config(sim, "spare/small", breaker=rules)) as gateway:
        got = await ask(gateway)
        assert got.chunks[-1]["error"]["code"] == "truncated"
        assert "[DONE]" not in got.events
        assert got.text
        assert SAID.startswith(got.text)
        whole = await ask(gateway, max_tokens=64)
        assert whole.status == 502
        assert whole.error["code"] == "truncated"


async def test_with_nobody_else_the_same_target_may_finish(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("spare", CUT, first=1)])
    async with running(config(sim, "spare/small")) as gateway:
        got = await ask(gateway, model="spare/small")
        assert_whole(got)
        assert comments(got) == [": heliograph-rescue: restart spare/small"]


async def test_what_came_in_one_packet_with_the_break_is_not_said_twice(
    sim: SimulatedProviders,
) -> None:
    def event(text: str) -> bytes:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        body = {"id": "a", "created": 1, "model": "m", "choices": [choice]}
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
        writer.write(head + event("[simulated] Hel"))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(event("lo") + b"data: {garbled\n\n")
        await writer.drain()
        writer.close()

    sim.set_rules([fault("spare", {"answer": "Hello world."})])
    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        made = config(sim, "spare/small")
        openai = made.providers["openai"]
        address = replace(openai.endpoint, base_url=f"http://127.0.0.1:{port}/v1")
        providers = {**made.providers, "openai": replace(openai, endpoint=address)}
        async with running(replace(made, providers=providers)) as gateway:
            got = await ask(gateway)
    assert got.text == "[simulated] Hello world."
    assert got.events[-1] == "[DONE]"


async def test_two_breaks_in_one_answer_are_both_mended(
    sim: SimulatedProviders,
) -> None:
    later = {**SLOWLY, "cut_after_events": 8, "cut_mode": "reset"}
    sim.set_rules([fault("openai", CUT), fault("spare", later)])
    to = "[spare/small, anthropic/claude-haiku-4-5]"
    retries = Retries(same_target_max=0)
    async with running(config(sim, to, retries=retries)) as gateway:
        got = await ask(gateway)
        assert_whole(got)
        line = await assert_answered(gateway, "anthropic/claude-haiku-4-5", "prefill")
        assert len(line["attempts"]) == 3

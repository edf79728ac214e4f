"""Every wait has a bound: connect, first byte, idle, and the exchange as a whole."""

import asyncio
import contextlib
import socket

import pytest

from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, SAID, TWO, Way, fault, gateway_before
from heliograph.simulation.providers import SimulatedProviders

SLACK_S = 0.9
SILENCES = [
    {"kind": "silent"},
    {"kind": "headers_then_silence"},
    {"delay_s": 20},
]


@pytest.mark.parametrize("what", SILENCES, ids=str)
async def test_a_silent_provider_is_left_after_its_bound(
    sim: SimulatedProviders, way: Way, what: dict[str, object]
) -> None:
    sim.set_rules([fault(way.dialect, what)])
    async with gateway_before(sim, first_byte_s=0.3, idle_s=0.3) as gateway:
        async with asyncio.timeout(0.6 + SLACK_S):
            got = await gateway.post(way.body())
        assert got.text == SAID
        assert got.headers["x-heliograph-provider"] == way.fallback
        first = (await gateway.recorded())["attempts"][0]
    assert first["kind"] in {"first_byte_timeout", "idle_timeout"}
    assert first["ended_ms"] - first["started_ms"] >= 290
    await sim.until(lambda log: log[0].outcome == "client_closed")
    assert [seen.provider for seen in sim.log] == [way.dialect, way.fallback]


@pytest.mark.parametrize("kind", ["first_event_delay_s", "stall_after_events"])
async def test_a_stream_must_have_said_something_within_the_first_byte_bound(
    sim: SimulatedProviders, kind: str
) -> None:
    sim.set_rules([fault("openai", {kind: 5 if kind.endswith("_s") else 1})])
    async with gateway_before(sim, first_byte_s=0.3) as gateway:
        got = await gateway.ask(stream=True)
        assert got.text == SAID
        assert got.headers["x-heliograph-provider"] == "anthropic"
        first = (await gateway.recorded())["attempts"][0]
    assert first["kind"] == "first_byte_timeout"


async def test_a_slow_answer_within_the_bounds_is_waited_for(
    sim: SimulatedProviders, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"delay_s": 0.4})])
    async with gateway_before(sim, first_byte_s=5) as gateway:
        got = await gateway.post(way.body())
        assert got.text == SAID
        assert got.headers["x-heliograph-fallback"] == "false"
        line = await gateway.recorded()
    assert line["first_byte_ms"] >= 390


async def test_a_slow_stream_may_take_longer_than_any_one_bound(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"event_delay_s": 0.15})])
    async with gateway_before(sim, first_byte_s=1.0, idle_s=1.0) as gateway:
        got = await gateway.ask(stream=True)
        assert got.text == SAID
        line = await gateway.recorded()
    assert line["duration_ms"] > 1000
    assert line["outcome"] == "answered"


async def test_when_all_are_silent_the_caller_gets_a_504(
    sim: SimulatedProviders, way: Way
) -> None:
    sim.set_rules([{"fault": {"kind": "silent"}}])
    async with gateway_before(sim, first_byte_s=0.2) as gateway:
        got = await gateway.post(way.body())
    assert got.status == 504
    assert got.error["code"] == "first_byte_timeout"
    assert got.headers["x-should-retry"] == "false"


async def test_all_attempts_share_one_budget(sim: SimulatedProviders, way: Way) -> None:
    spare = "\n".join(
        f"  spare{n}: {{base_url: '{{sim}}/spare{n}/v1', keys: [k-cccc]}}"
        for n in range(5)
    )
    sim.set_rules([{"fault": {"kind": "silent"}}])
    names = [f"spare{n}/m" for n in range(5)]
    async with gateway_before(
        sim, f"providers:{TWO}{spare}", first_byte_s=0.4, total_s=1.0, connect_s=0.5
    ) as gateway:
        async with asyncio.timeout(1.0 + SLACK_S):
            got = await gateway.post(way.body(fallbacks=names))
        line = await gateway.recorded()
    assert got.status == 504
    assert got.error["code"] == "total_timeout"
    assert got.headers["x-heliograph-attempts"] == "3"
    assert 950 <= line["duration_ms"] <= 1000 + SLACK_S * 1000
    assert len(sim.log) == 3


async def test_a_stream_that_outlives_the_budget_ends_in_an_error(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([{"fault": {"event_delay_s": 0.25}}])
    async with gateway_before(sim, total_s=0.7, connect_s=0.5) as gateway:
        got = await gateway.ask(stream=True)
        assert (await gateway.recorded())["outcome"] == "failed"
    assert got.status == 200
    assert "[DONE]" not in got.events
    assert got.chunks[-1]["error"]["code"] == "total_timeout"


def deaf_listener() -> tuple[list[socket.socket], str]:
    """Make a listener whose backlog is full: a further connection hangs."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = listener.getsockname()[1]
    held = [listener]
    for _ in range(3):
        caller = socket.socket()
        caller.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            caller.connect(("127.0.0.1", port))
        held.append(caller)
    return held, f"http://127.0.0.1:{port}/v1"


async def test_a_connection_that_is_never_made_is_given_up_in_time(
    sim: SimulatedProviders, way: Way
) -> None:
    held, url = deaf_listener()
    text = CLAUDE_FIRST.replace("{sim}/" + way.dialect + "/v1", url)
    async with gateway_before(sim, text, connect_s=0.3) as gateway:
        async with asyncio.timeout(0.3 + SLACK_S):
            got = await gateway.post(way.body())
        first = (await gateway.recorded())["attempts"][0]
    for each in held:
        each.close()
    assert got.text == SAID
    assert got.headers["x-heliograph-provider"] == way.fallback
    assert first["kind"] == "connect_timeout"


async def test_when_the_drain_is_over_what_is_under_way_ends_in_an_error(
    sim: SimulatedProviders, way: Way
) -> None:
    stall = {"stall_after_events": 5} if way.stream else {"kind": "silent"}
    sim.set_rules([fault(way.dialect, stall)])
    async with gateway_before(sim) as gateway, RawClient.to(gateway.port) as client:
        client.send(way.body())
        await sim.until(lambda log: len(log) == 1)
        if way.stream:
            status, headers = await client.head()
        for task in tuple(gateway.server.server_state.tasks):
            task.cancel()  # what uvicorn does then
        if way.stream:
            got = Answer(status, headers, await client.chunked_rest())
            assert got.chunks[-1]["error"]["code"] == "gateway_stopped"
            assert "[DONE]" not in got.events
        else:
            got = await client.answer()
            assert got.status == 503
            assert got.error["code"] == "gateway_stopped"
        line = await gateway.recorded()
    assert (line["outcome"], line["failure"]) == ("failed", "gateway_stopped")
    await sim.until(lambda log: log[0].outcome == "client_closed")
    assert len(sim.log) == 1

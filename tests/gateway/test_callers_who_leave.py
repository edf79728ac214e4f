"""A caller who leaves takes the call to the provider along, whatever its phase.

The bar is 100 ms; the assertion allows for a busy machine.
"""

import asyncio
from typing import NamedTuple

import pytest

from gateway.raw_client import RawClient
from gateway.running import Gateway, Way, fault, gateway_before
from heliograph.simulation.providers import SimulatedProviders

CLOSED_WITHIN_S = 0.5


class Phase(NamedTuple):
    """Where in an exchange the caller leaves, and what makes it last."""

    rules: list[dict[str, object]]
    calls: int
    """How many calls have been made by then."""


def phases(way: Way) -> dict[str, Phase]:
    """Name the phases that a whole answer and a stream have."""
    silent = fault(way.dialect, {"kind": "silent"})
    hanging = fault(way.dialect, {"kind": "headers_then_silence"})
    sick = fault(way.dialect, {"status": 503})
    limited = fault(way.dialect, {"status": 429}, first=1)
    silent_fallback = fault(way.fallback, {"kind": "silent"})
    return {
        "before headers": Phase([silent], 1),
        "after headers": Phase([hanging], 1),
        "at the second key": Phase([limited, silent], 2),
        "at the fallback": Phase([sick, silent_fallback], 2),
    }


async def gone(sim: SimulatedProviders, calls: int, left_s: float) -> float:
    """Wait until the last of *calls* was closed; return how long that took."""
    await sim.until(
        lambda log: len(log) == calls and log[-1].outcome == "client_closed"
    )
    ended_s = sim.log[-1].ended_s
    assert ended_s is not None
    return ended_s - left_s


@pytest.mark.parametrize(
    "phase", ["before headers", "after headers", "at the second key", "at the fallback"]
)
@pytest.mark.parametrize("leaves", ["FIN", "RST"])
async def test_the_call_is_closed_with_the_caller(
    sim: SimulatedProviders, gateway: Gateway, way: Way, phase: str, *, leaves: str
) -> None:
    rules, calls = phases(way)[phase]
    sim.set_rules(rules)
    async with RawClient.to(gateway.port) as client:
        client.send(way.body())
        await sim.until(lambda log: len(log) == calls and log[-1].outcome == "open")
        await asyncio.sleep(0.05)  # let headers arrive where the phase has them
        left_s = sim.elapsed_s
        if leaves == "RST":
            client.writer.transport.abort()
        else:
            client.writer.close()
        assert await gone(sim, calls, left_s) < CLOSED_WITHIN_S
    line = await gateway.recorded()
    assert line["outcome"] == "client_gone"
    assert line["failure"] == "client_gone"
    assert line["attempts"][-1]["kind"] == "client_gone"
    assert len(line["attempts"]) == calls
    assert len(sim.log) == calls  # nothing is tried for a caller who has left
    assert gateway.engine.metrics.in_flight == 0


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
async def test_a_stream_is_closed_with_the_caller(
    sim: SimulatedProviders, gateway: Gateway, dialect: str
) -> None:
    way = Way(dialect, stream=True)
    sim.set_rules([fault(dialect, {"stall_after_events": 5})])
    async with RawClient.to(gateway.port) as client:
        client.send(way.body())
        assert (await client.head())[0] == 200
        assert await client.chunk()
        left_s = sim.elapsed_s
        client.writer.close()
        assert await gone(sim, 1, left_s) < CLOSED_WITHIN_S
    line = await gateway.recorded()
    assert line["outcome"] == "client_gone"
    assert line["status"] == 200
    assert line["first_byte_ms"] is not None
    assert len(sim.log) == 1


async def test_a_caller_who_leaves_while_a_connection_is_made_is_noticed(
    sim: SimulatedProviders, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        connecting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(gateway.engine.pool, "connect", never)
    async with RawClient.to(gateway.port) as client:
        client.send(Way("openai", stream=True).body())
        await connecting.wait()
    line = await gateway.recorded()
    assert line["outcome"] == "client_gone"
    assert sim.log == ()


async def test_a_caller_who_sends_and_leaves_at_once_is_recorded(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([{"fault": {"kind": "silent"}}])
    for _ in range(20):
        async with RawClient.to(gateway.port) as client:
            client.send(Way("openai", stream=False).body())
            await client.writer.drain()
    line = await gateway.recorded(20)
    assert {line["outcome"] for line in gateway.lines} == {"client_gone"}
    assert line["status"] == 0
    assert gateway.engine.metrics.in_flight == 0
    assert not gateway.engine.pool.busy


async def test_a_caller_who_leaves_in_the_middle_of_the_body_asks_nobody(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    body = Way("openai", stream=False).body()
    async with RawClient.to(gateway.port) as client:
        client.send(body + b" " * 10)
        async with RawClient.to(gateway.port) as other:
            client.writer.close()
            other.send(body)
            assert (await other.answer()).status == 200
    assert len(sim.log) == 2


@pytest.mark.parametrize("behind", ["a request", "half a request", "another path"])
async def test_who_leaves_while_more_waits_in_the_pipeline_is_noticed_at_once(
    sim: SimulatedProviders, gateway: Gateway, behind: str
) -> None:
    sim.set_rules([fault("openai", {"kind": "silent"})])
    async with RawClient.to(gateway.port) as client:
        client.send(Way("openai", stream=False).body())
        if behind == "another path":
            client.get("/v1/models")
        else:
            body = Way("openai", stream=True).body()
            client.send(body)
            if behind == "half a request":
                client.writer.write(b"POST /v1/chat/comple")
        await sim.until(lambda log: len(log) == 1)
        await asyncio.sleep(0.05)
        left_s = sim.elapsed_s
        client.writer.close()
        assert await gone(sim, 1, left_s) < CLOSED_WITHIN_S


async def test_an_answered_exchange_stays_answered_when_the_caller_then_leaves(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.send(way.body())
        await client.answer()
    assert (await gateway.recorded())["outcome"] == "answered"
    assert [seen.outcome for seen in sim.log] == ["answered"]


async def test_those_who_stay_are_not_touched_by_those_who_leave(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([{"fault": {"event_delay_s": 0.03}}])
    async with gateway_before(sim) as gateway:

        async def leave() -> None:
            async with RawClient.to(gateway.port) as client:
                client.send(Way("openai", stream=True).body())
                await client.head()

        stay = [gateway.ask(stream=True) for _ in range(8)]
        answers = await asyncio.gather(*stay, *(leave() for _ in range(8)))
    texts = {answer.text for answer in answers[:8] if answer is not None}
    assert len(texts) == 1
    assert all(a is not None and a.events[-1] == "[DONE]" for a in answers[:8])

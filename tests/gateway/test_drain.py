"""A signal ends the program without breaking what is under way, within its bound."""

import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.process import Served, config_file, heliograph
from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, SAID, fault, request
from heliograph.simulation.providers import SimulatedProviders

STREAMS = 50
SLOW = {"event_delay_s": 0.1}
STALL = {"stall_after_events": 5}


def serve(sim: SimulatedProviders, folder: Path, *, drain_s: float) -> tuple[str, ...]:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    path = config_file(folder, f"{text}\nserver: {{drain_s: {drain_s}}}\n")
    return ("serve", "-c", path, "--port", "0")


async def begun(served: Served, stack: AsyncExitStack, count: int) -> list[RawClient]:
    """Begin *count* streams; each has its headers."""
    clients = [
        await stack.enter_async_context(RawClient.to(served.port)) for _ in range(count)
    ]
    for client in clients:
        client.send(request({"stream": True}))
    for client in clients:
        assert (await client.head())[0] == 200
    return clients


async def rest_of(client: RawClient) -> Answer:
    headers = {"content-type": "text/event-stream"}
    return Answer(200, headers, await client.chunked_rest())


async def test_50_slow_streams_are_finished_and_the_idle_are_let_go_at_once(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with (
        heliograph(*serve(sim, tmp_path, drain_s=30)) as served,
        AsyncExitStack() as stack,
    ):
        await served.listens()
        idle = await stack.enter_async_context(RawClient.to(served.port))
        idle.send(request({}))
        await idle.answer()
        sim.set_rules([{"fault": SLOW}])
        clients = await begun(served, stack, STREAMS)
        served.process.terminate()
        assert await idle.to_the_close() == b""
        assert served.process.returncode is None
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.text == SAID
            assert got.events[-1] == "[DONE]"
        code, log = await served.ends()
    assert code == 0
    outcomes = [json.loads(line)["outcome"] for line in log.splitlines()]
    assert outcomes == ["answered"] * (STREAMS + 1)


async def test_what_the_drain_does_not_wait_for_is_told_and_recorded(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", STALL)])
    async with (
        heliograph(*serve(sim, tmp_path, drain_s=1)) as served,
        AsyncExitStack() as stack,
    ):
        await served.listens()
        clients = await begun(served, stack, STREAMS)
        served.process.terminate()
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.chunks[-1]["error"]["code"] == "gateway_stopped"
            assert "[DONE]" not in got.events
        code, log = await served.ends()
    assert code == 0
    failures = [json.loads(line)["failure"] for line in log.splitlines()]
    assert failures == ["gateway_stopped"] * STREAMS


async def test_a_second_signal_ends_it_at_once(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", STALL)])
    async with (
        heliograph(*serve(sim, tmp_path, drain_s=60)) as served,
        AsyncExitStack() as stack,
    ):
        await served.listens()
        (client,) = await begun(served, stack, 1)
        served.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while await served.accepts():
                pass
        began_s = time.monotonic()
        served.send_signal(signal.SIGTERM)
        got = await rest_of(client)
        assert (await served.ends())[0] == 0
    assert got.chunks[-1]["error"]["code"] == "gateway_stopped"
    assert time.monotonic() - began_s < 15

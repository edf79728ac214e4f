"""A caller who reads slowly, or not at all; and streams that have nothing to say."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.raw_client import RawClient
from gateway.running import (
    SAID,
    Gateway,
    fault,
    gateway_before,
    request,
    until,
)
from heliograph.gateway.server import cycle
from heliograph.simulation.providers import SimulatedProviders

ONE = "providers: {solo: {base_url: '{sim}/v1', models: [m]}}"
UNREAD = "\nserver: {unread_s: 0.3}"
EVENTS = 1200
TEXT = "x" * 60_000
CHUNK = {"choices": [{"index": 0, "delta": {"content": TEXT}, "finish_reason": None}]}
EVENT = b"data: " + json.dumps(CHUNK).encode() + b"\n\n"
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
ASK = request({"model": "m", "stream": True})
HELD_BYTES_MAX = 2_000_000
"""What the gateway itself may hold of one stream, far below the stream's 72 MB."""


class Fountain:
    """A provider that streams as fast as it can, and counts what it got rid of."""

    def __init__(self) -> None:
        self.sent = 0
        self.cut = False

    async def meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        try:
            for _ in range(EVENTS):
                writer.write(EVENT)
                await writer.drain()
                self.sent += 1
            writer.write(LAST + b"data: [DONE]\n\n")
            await writer.drain()
        except ConnectionError:
            self.cut = True
        writer.close()

    async def has_stopped(self) -> None:
        """Wait until nothing more can be got rid of."""
        before = -1
        while before != self.sent or not self.sent:
            before = self.sent
            await asyncio.sleep(0.15)


@asynccontextmanager
async def fountain(
    extra: str = "", **bounds: float
) -> AsyncIterator[tuple[Gateway, Fountain]]:
    """Run a gateway before a fountain."""
    provider = Fountain()
    server = await asyncio.start_server(provider.meet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, SimulatedProviders() as sim:
        text = (ONE + extra).replace("{sim}", url)
        async with gateway_before(sim, text, **bounds) as gateway:
            yield gateway, provider


def held_bytes(gateway: Gateway) -> int:
    """Count what the gateway holds: unread from providers, unsent to callers."""
    unread = sum(each.unread_bytes for each in gateway.engine.pool.busy)
    doors = gateway.server.server_state.connections
    return unread + sum(door.transport.get_write_buffer_size() for door in doors)


async def test_the_provider_is_held_back_while_the_caller_does_not_read() -> None:
    async with (
        fountain(idle_s=0.2) as (gateway, provider),
        RawClient.to(gateway.port) as client,
    ):
        client.send(ASK)
        await provider.has_stopped()
        assert provider.sent < EVENTS  # it is waiting, and longer than its idle bound
        assert held_bytes(gateway) < HELD_BYTES_MAX
        got = await client.answer()
        assert got.body.count(TEXT.encode()) == EVENTS
        assert got.body.endswith(b"data: [DONE]\n\n")
        assert (await gateway.recorded())["outcome"] == "answered"


async def test_a_caller_who_never_reads_is_hung_up_on() -> None:
    async with (
        fountain(UNREAD) as (gateway, provider),
        RawClient.to(gateway.port) as client,
    ):
        client.send(ASK)
        assert (await gateway.recorded())["outcome"] == "client_gone"
        await until(lambda: provider.cut)
        assert not gateway.server.server_state.connections


async def test_a_caller_who_never_reads_a_whole_answer_is_hung_up_on() -> None:
    said = {"choices": [{"message": {"content": TEXT * 300}, "finish_reason": "stop"}]}
    body = json.dumps(said).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, SimulatedProviders() as sim:
        text = (ONE + UNREAD).replace("{sim}", url)
        async with (
            gateway_before(sim, text) as gateway,
            RawClient.to(gateway.port) as client,
        ):
            client.send(request({"model": "m"}))
            assert (await gateway.recorded())["outcome"] == "answered"
            await until(lambda: not gateway.server.server_state.connections)


async def test_a_silence_is_broken_by_comments_that_sdks_pass_over(
    sim: SimulatedProviders, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle, "COMMENT_AFTER_S", 0.1)
    sim.set_rules([fault("openai", {"event_delay_s": 0.35, "answer_words": 2})])
    got = await gateway.ask(stream=True)
    assert got.body.count(b": ping\n\n") >= 3
    assert got.events[-1] == "[DONE]"
    assert got.text.startswith("[simulated]")


async def test_a_stream_that_speaks_needs_no_comments(
    sim: SimulatedProviders, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle, "COMMENT_AFTER_S", 1.0)
    sim.set_rules([fault("openai", {"event_delay_s": 0.02})])
    got = await gateway.ask(stream=True)
    assert got.text == SAID
    assert b": ping" not in got.body


async def test_no_comment_follows_the_end_of_a_stream(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle, "COMMENT_AFTER_S", 0.05)
    async with RawClient.to(gateway.port) as client:
        client.send(request({"stream": True}))
        assert (await client.answer()).text == SAID
        await asyncio.sleep(0.2)
        client.get("/health/live")
        assert (await client.answer()).json == {"live": True}

"""Callers who send slowly, or nothing, are gone in time; honest ones notice nothing."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.raw_client import CHAT_PATH, RawClient
from gateway.running import (
    CLAUDE_FIRST,
    SAID,
    Gateway,
    fault,
    gateway_before,
    request,
    until,
)
from heliograph.simulation.providers import SimulatedProviders

HEAD_S = 0.5
BOUNDS = f"server: {{head_s: {HEAD_S}, body_bytes_per_s_min: 1000, idle_s: 0.8}}"
GONE_WITHIN_S = 6.0
"""A busy machine's allowance; what is not bounded never ends."""
BEGUN = f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\n".encode()
OTHER = b"PUT /v1/models HTTP/1.1\r\nhost: localhost\r\n"
LONG = b"content-length: 100000\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture
async def bounded(sim: SimulatedProviders) -> AsyncIterator[Gateway]:
    async with gateway_before(sim, f"{CLAUDE_FIRST}\n{BOUNDS}") as gateway:
        yield gateway


async def drip(client: RawClient, drop: bytes) -> None:
    """Send *drop* again and again until the gateway hangs up."""
    while not client.writer.is_closing():
        client.writer.write(drop)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"", b""),
        (b"\r\n", b"\r\n"),
        (b"POST /v1", b""),
        (BEGUN, b""),
        (BEGUN + b"x-pad: ", b"y"),
        (OTHER + b"x-pad: ", b"y"),
        (BEGUN + LONG, b""),
        (BEGUN + LONG, b"x"),
        (BEGUN + LONG + b"x" * 99_999, b""),
        (BEGUN + CHUNKED, b""),
        (BEGUN + CHUNKED, b"1\r\nx\r\n"),
        (BEGUN + CHUNKED + b"1;", b"x"),
        (BEGUN + CHUNKED + b"0\r\nx-trailer: ", b"x"),
        (OTHER + LONG, b"x"),
        (OTHER + CHUNKED, b"1\r\nx\r\n"),
    ],
)
async def test_who_does_not_send_a_request_in_time_is_gone(
    bounded: Gateway, begun: bytes, drop: bytes
) -> None:
    async with RawClient.to(bounded.port) as client:
        began_s = time.monotonic()
        client.writer.write(begun)
        dripping = asyncio.ensure_future(drip(client, drop)) if drop else None
        async with asyncio.timeout(GONE_WITHIN_S):
            got = await client.reader.read()
        if dripping:
            dripping.cancel()
        assert time.monotonic() - began_s >= HEAD_S * 0.8
    if begun.startswith(OTHER) and b"\r\n\r\n" in begun:
        assert got.startswith(b"HTTP/1.1 405 ")  # it had its answer before
    elif not begun.strip():
        assert not got  # there was no request to be answered
        assert not bounded.lines
    else:
        assert got.startswith(b"HTTP/1.1 408 ")
        assert b'"slow_request"' in got
        line = await bounded.recorded()
        assert (line["outcome"], line["status"]) == ("refused", 408)
        assert line["failure"] == "slow_request"
    await until(lambda: not bounded.server.server_state.connections)


async def test_a_kept_connection_that_stays_idle_is_closed(bounded: Gateway) -> None:
    async with RawClient.to(bounded.port) as client:
        client.send(request({}))
        assert (await client.answer()).text == SAID
        async with asyncio.timeout(GONE_WITHIN_S):
            assert await client.reader.read() == b""


async def test_a_slow_caller_above_the_rate_is_waited_for(bounded: Gateway) -> None:
    body = request({}) + b" " * 3000
    async with RawClient.to(bounded.port) as client:
        client.writer.write(BEGUN + b"content-length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 200):
            client.writer.write(body[at : at + 200])
            await asyncio.sleep(0.06)
        assert (await client.answer()).text == SAID


async def test_who_waits_for_its_turn_to_send_is_not_slow(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 3 * HEAD_S}, first=1)])
    body = request({})
    async with RawClient.to(bounded.port) as client:
        client.send(body)
        told = b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body)
        client.writer.write(BEGUN + told)
        assert (await client.answer()).text == SAID
        assert await client.head() == (100, {})
        client.writer.write(body)
        assert (await client.answer()).text == SAID


async def test_a_slow_head_behind_a_request_does_not_cost_its_answer(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 3 * HEAD_S})])
    async with RawClient.to(bounded.port) as client:
        client.send(request({}))
        client.writer.write(BEGUN)
        assert (await client.answer()).text == SAID
        assert (await client.answer()).status == 408
        assert await client.to_the_close() == b""


async def test_a_thousand_slow_connections_are_gone_and_honest_callers_are_served(
    sim: SimulatedProviders,
) -> None:
    server = "server: {head_s: 2, body_bytes_per_s_min: 1000}"
    async with gateway_before(sim, f"{CLAUDE_FIRST}\n{server}") as gateway:
        begun = [b"", b"POST /v1", BEGUN, BEGUN + LONG, BEGUN + CHUNKED + b"1\r\nx\r\n"]
        slow = []
        for number in range(1000):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(begun[number % len(begun)])
            slow.append((reader, writer))
        assert len(gateway.server.server_state.connections) >= 500
        for _ in range(20):
            assert (await gateway.ask()).text == SAID
        async with asyncio.timeout(15):
            await asyncio.gather(*(reader.read() for reader, _ in slow))
        for _, writer in slow:
            writer.transport.abort()
        await until(lambda: not gateway.server.server_state.connections)
        assert (await gateway.ask()).text == SAID

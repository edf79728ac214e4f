"""A process holds so much of bodies and no more; whoever ends, however, makes room."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import cast

import pytest

from gateway.raw_client import CHAT_PATH, RawClient, head_before
from gateway.running import CLAUDE_FIRST, Gateway, fault, gateway_before, request, until
from heliograph.gateway.server.lane import Lane
from heliograph.simulation.providers import SimulatedProviders

MB = 1024 * 1024
BOUND = MB
BOUNDED = f"{CLAUDE_FIRST}\nlimits: {{body_mb_in_flight: 1}}\n"
SILENT = [fault(name, {"kind": "silent"}) for name in ("openai", "anthropic")]


@pytest.fixture
async def bounded(sim: SimulatedProviders) -> AsyncIterator[Gateway]:
    async with gateway_before(sim, BOUNDED) as running:
        yield running


def held_bytes(gateway: Gateway) -> int:
    return gateway.server.edge.bodies.held_bytes


def large(size: int) -> bytes:
    """Write a request of that size."""
    body = request({})
    return body + b" " * (size - len(body))


def head(framing: str) -> bytes:
    return f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\n{framing}\r\n\r\n".encode()


@pytest.mark.parametrize("path", [CHAT_PATH, "/v1/messages"])
async def test_what_would_go_beyond_is_told_to_come_again_and_can(
    sim: SimulatedProviders, bounded: Gateway, path: str
) -> None:
    sim.set_rules(SILENT)
    async with RawClient.to(bounded.port) as one, RawClient.to(bounded.port) as two:
        for client in (one, two):
            client.send(large(400_000))
        await sim.until(lambda log: len(log) == 2)
        assert held_bytes(bounded) == 800_000
        async with RawClient.to(bounded.port) as third:
            third.send(large(400_000), path=path)
            got = await third.answer()
            assert await third.to_the_close() == b""
        assert got.status == 503
        assert got.headers["retry-after"] == "1"
        assert got.headers["x-should-retry"] == "true"
        assert got.headers["connection"] == "close"
        if path == CHAT_PATH:
            assert got.error["code"] == "saturated"
        else:
            assert got.json["type"] == "error"
        line = await bounded.recorded()
        assert (line["outcome"], line["failure"]) == ("failed", "saturated")
        assert line["attempts"] == []
        assert (await bounded.get("/health")).status == 200
    await bounded.recorded(3)
    assert held_bytes(bounded) == 0
    sim.set_rules([])
    for _ in range(3):
        assert (await bounded.post(large(900_000))).status == 200
    assert held_bytes(bounded) == 0


async def test_many_large_bodies_at_once_stay_within_the_bound(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.2})])
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, held_bytes(bounded))
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    told = await asyncio.gather(*(bounded.post(large(270_000)) for _ in range(30)))
    watching.cancel()
    said = [answer.status for answer in told]
    assert {200} <= {*said} <= {200, 503}
    assert 270_000 <= most <= BOUND
    assert held_bytes(bounded) == 0
    assert len(bounded.lines) == 30


@pytest.mark.parametrize("framing", ["content-length: 900000", "chunked"])
async def test_a_caller_who_leaves_in_the_middle_of_its_body_makes_room(
    bounded: Gateway, framing: str
) -> None:
    piece = b"x" * 600_000
    async with RawClient.to(bounded.port) as client:
        if framing == "chunked":
            client.writer.write(head("transfer-encoding: chunked"))
            client.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        else:
            client.writer.write(head(framing) + piece)
        await until(lambda: held_bytes(bounded) == len(piece))
        assert (await bounded.post(large(700_000))).status == 503
    await until(lambda: held_bytes(bounded) == 0)
    assert (await bounded.post(large(700_000))).status == 200
    outcomes = [line["outcome"] for line in bounded.lines]
    assert outcomes == ["failed", "client_gone", "answered"]


async def test_a_body_that_grows_beyond_is_refused_and_its_caller_can_read_it(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    sim.set_rules(SILENT)
    async with RawClient.to(bounded.port) as one, RawClient.to(bounded.port) as two:
        one.send(large(400_000))
        await sim.until(lambda log: len(log) == 1)
        two.writer.write(head("transfer-encoding: chunked"))
        for _ in range(20):
            two.writer.write(b"%x\r\n%b\r\n" % (200_000, b"x" * 200_000))
        got = await two.answer()
        assert (got.status, got.error["code"]) == (503, "saturated")
        assert held_bytes(bounded) == 400_000


def lanes(gateway: Gateway) -> set[Lane]:
    return cast("set[Lane]", gateway.server.server_state.connections)


async def alike(client: RawClient) -> None:
    """Have the next head of this connection compared, not parsed."""
    for _ in range(2):
        client.send(large(1000))
        assert (await client.answer()).status == 200


async def test_behind_a_head_that_is_not_parsed_no_body_goes_beyond_either(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    async with RawClient.to(bounded.port) as one, RawClient.to(bounded.port) as two:
        await alike(one)
        body = large(700_000)
        one.writer.write(head_before(body))
        await until(lambda: any(lane.missing_bytes for lane in lanes(bounded)))
        sim.set_rules(SILENT)
        two.send(large(800_000))
        await until(lambda: held_bytes(bounded) == 800_000)
        one.writer.write(body)
        got = await one.answer()
        assert (got.status, got.error["code"]) == (503, "saturated")
        assert held_bytes(bounded) == 800_000
    await until(lambda: held_bytes(bounded) == 0)


async def test_who_leaves_behind_a_head_that_is_not_parsed_makes_room(
    bounded: Gateway,
) -> None:
    async with RawClient.to(bounded.port) as client:
        await alike(client)
        body = large(900_000)
        client.writer.write(head_before(body) + body[:600_000])
        await until(lambda: held_bytes(bounded) == 600_000)
    await until(lambda: held_bytes(bounded) == 0)
    assert (await bounded.recorded(3))["outcome"] == "client_gone"


async def test_one_larger_than_the_bound_is_let_in_while_no_other_is_held(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    assert (await bounded.post(large(3 * MB))).status == 200
    sim.set_rules(SILENT)
    async with RawClient.to(bounded.port) as client:
        client.send(large(1000))
        await sim.until(lambda log: log[-1].outcome == "open")
        assert (await bounded.post(large(3 * MB))).status == 503


async def test_500_callers_who_leave_at_any_moment_leave_nothing_counted(
    sim: SimulatedProviders, bounded: Gateway
) -> None:
    draw = random.Random(11)
    sim.set_rules([fault("openai", {"delay_s": 0.02})])
    turns = asyncio.Semaphore(20)

    async def call_and_leave() -> None:
        async with turns, RawClient.to(bounded.port) as client:
            body = large(draw.choice((300, 40_000, 200_000)))
            whole = head(f"content-length: {len(body)}") + body
            cut = draw.randrange(len(whole)) if draw.random() < 0.3 else len(whole)
            waits = cut == len(whole) and draw.random() < 0.3
            client.writer.write(whole[:cut] + whole * draw.choice((0, 0, 1)))
            if waits:
                await client.head()
            else:
                await asyncio.sleep(draw.random() * 0.06)

    await asyncio.gather(*(call_and_leave() for _ in range(500)))
    await until(lambda: not bounded.server.server_state.connections)
    await until(lambda: held_bytes(bounded) == 0)
    told = {(line["outcome"], line["failure"]) for line in bounded.lines}
    assert {("answered", None), ("client_gone", "client_gone")} <= told
    sim.set_rules([])
    assert (await bounded.post(large(900_000))).status == 200

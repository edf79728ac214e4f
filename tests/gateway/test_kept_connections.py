"""Connections to providers are kept, and one that died while kept does no harm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.raw_client import RawClient
from gateway.running import SAID, Gateway, Way, gateway_before, request, until
from heliograph.simulation.providers import SimulatedProviders

BODY = b'{"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]}'
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
ONE = "providers: {solo: {base_url: '{sim}/v1', models: [m]}}"
ASK = request({"model": "m"})


class Provider:
    """Answers the first call of a connection; then does as the test wants."""

    def __init__(self, then: str) -> None:
        self.then = then
        self.connections = 0
        self.calls = 0
        self.answered = 0

    async def meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        asked_here = 0
        while await self.asked(reader):
            self.calls += 1
            asked_here += 1
            if asked_here == 2 and self.then == "closes as it is asked":
                break
            if asked_here == 2 and self.then == "answers a word and closes":
                writer.write(GOOD[:9])
                break
            if asked_here == 2 and self.then == "falls silent":
                await reader.read()
                break
            writer.write(GOOD)
            self.answered += 1
            if self.then == "says too much":
                writer.write(GOOD)
        writer.close()

    async def asked(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(size)
        return True


@asynccontextmanager
async def before(then: str, **bounds: float) -> AsyncIterator[tuple[Gateway, Provider]]:
    """Run a gateway before a provider that does *then*."""
    provider = Provider(then)
    server = await asyncio.start_server(provider.meet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, SimulatedProviders() as sim:
        text = ONE.replace("{sim}", url)
        async with gateway_before(sim, text, **bounds) as gateway:
            yield gateway, provider


async def test_one_connection_serves_many_calls(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    for _ in range(5):
        assert (await gateway.post(way.body())).text == SAID
        await until(lambda: not gateway.engine.pool.busy)
    assert sim.open_connections == 1


async def test_a_connection_that_closes_as_it_is_used_is_replaced_unseen() -> None:
    async with before("closes as it is asked") as (gateway, provider):
        for _ in range(4):
            got = await gateway.post(ASK)
            assert got.status == 200
            assert got.headers["x-heliograph-attempts"] == "1"
        assert provider.answered == 4  # each exchange was answered once
        assert {line["outcome"] for line in gateway.lines} == {"answered"}


async def test_a_call_is_not_put_to_one_kept_connection_after_another() -> None:
    async with before("closes as it is asked") as (gateway, provider):
        await asyncio.gather(*(gateway.post(ASK) for _ in range(8)))
        await until(lambda: not gateway.engine.pool.busy)
        calls = provider.calls
        assert (await gateway.post(ASK)).status == 200
        assert provider.calls == calls + 2


async def test_a_connection_that_closes_after_a_word_is_a_failure() -> None:
    async with before("answers a word and closes") as (gateway, provider):
        assert (await gateway.post(ASK)).status == 200
        got = await gateway.post(ASK)
        assert got.status == 502
        assert got.error["code"] == "truncated"
        assert provider.calls == 2  # it may have worked on the call: not asked again


async def test_a_kept_connection_that_falls_silent_is_not_asked_twice() -> None:
    async with before("falls silent", first_byte_s=0.3) as (gateway, provider):
        assert (await gateway.post(ASK)).status == 200
        got = await gateway.post(ASK)
        assert got.status == 504
        assert got.error["code"] == "first_byte_timeout"
        assert provider.calls == 2


async def test_an_answer_nobody_asked_for_reaches_nobody() -> None:
    async with before("says too much") as (gateway, _):
        for _ in range(4):
            got = await gateway.post(ASK)
            assert got.status in {200, 502}
            assert got.body == BODY or got.error["code"] == "malformed_http"


async def test_a_connection_that_the_provider_closed_while_idle_is_not_used() -> None:
    async with SimulatedProviders(keepalive_s=0.1) as sim, gateway_before(sim) as gw:
        assert (await gw.ask()).text == SAID
        await until(lambda: not sim.open_connections)
        assert (await gw.ask()).text == SAID
        assert gw.lines[1]["attempts"][0]["kind"] is None
        assert len(sim.log) == 2


@pytest.mark.parametrize("delay_s", [0.048, 0.05, 0.052, 0.06])
async def test_the_race_with_an_idle_close_is_never_seen(delay_s: float) -> None:
    async with SimulatedProviders(keepalive_s=0.05) as sim, gateway_before(sim) as gw:
        for _ in range(6):
            assert (await gw.ask()).text == SAID
            await asyncio.sleep(delay_s)
        assert [seen.outcome for seen in sim.log] == ["answered"] * 6


async def test_calls_at_once_do_not_share_a_connection(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([{"fault": {"delay_s": 0.2}}])
    async with (
        RawClient.to(gateway.port) as one,
        RawClient.to(gateway.port) as other,
    ):
        one.send(request({}))
        other.send(request({}))
        await sim.until(lambda log: len(log) == 2)
        assert sim.open_connections == 2
        assert (await one.answer()).text == (await other.answer()).text == SAID

"""Budgets and calls that never reached a provider, or whose answer got no further."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.fixed_provider import FixedProvider
from gateway.kept import Kept, bounded
from gateway.raw_client import RawClient
from gateway.running import request, until
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.types import Exchange
from heliograph.simulation.providers import SimulatedProviders

BUDGETS = """
  - {name: purse, usd: 1, per: day, tokens_per_minute: 90000}
  - {name: theirs, requests_per_minute: 60, for: {provider: openai}}
"""
CALLS = "SELECT SUM(amount) FROM budget_spent WHERE cap LIKE 'theirs|%'"
WHOLE = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
).encode()
QUICK = "routes: {quick: {to: openai/gpt-4o, hedge: {share: 1.0, after_s: 5}}}"


class Mute:
    """Takes connections, and never says a word in answer to a TLS handshake."""

    def __init__(self) -> None:
        self.base_url = ""
        self.came = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Mute"]:
        server = await asyncio.start_server(self.hear, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.base_url = f"https://127.0.0.1:{port}"
        async with server:
            yield self

    async def hear(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.came.set()
        await reader.read(-1)
        writer.close()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_for_which_time_ran_out_before_it_was_sent_costs_nothing(
    tmp_path: Path, *, stream: bool
) -> None:
    async with (
        Mute().serving() as mute,
        bounded(mute, tmp_path, BUDGETS) as kept,
    ):
        body = request({"model": "openai/gpt-4o", "stream": stream})
        got = await kept.gateway.post(body, extra="x-heliograph-timeout-ms: 150\r\n")
        assert got.error["code"] == "caller_timeout"
        await costs_nothing(kept)


async def test_nor_does_one_whose_caller_left_before_it_was_sent(
    tmp_path: Path,
) -> None:
    async with (
        Mute().serving() as mute,
        bounded(mute, tmp_path, BUDGETS) as kept,
    ):
        async with RawClient.to(kept.gateway.port) as client:
            client.send(request({"model": "openai/gpt-4o"}))
            await mute.came.wait()
        await costs_nothing(kept)


class Leaving(FixedProvider):
    """Answers once, keeps the connection, and is gone when it is used again."""

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(self.whole)
        writer.write(head + self.whole)
        await reader.readuntil(b"\r\n\r\n")
        assert self.server is not None
        self.server.close()
        writer.transport.abort()


@pytest.mark.parametrize("stream", [False, True])
async def test_nor_does_one_whose_kept_connection_was_closed_and_is_not_replaced(
    tmp_path: Path, *, stream: bool
) -> None:
    async with (
        Leaving(WHOLE).serving() as leaving,
        bounded(leaving, tmp_path, BUDGETS) as kept,
    ):
        assert (await kept.gateway.ask(model="openai/gpt-4o")).status == 200
        got = await kept.gateway.ask(model="openai/gpt-4o", stream=stream)
        assert got.status == 502
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 2)
        assert kept.rows(CALLS) == [(1,)]
        assert kept.reserved == 0


async def costs_nothing(kept: Kept) -> None:
    line = await kept.gateway.recorded()
    (attempt,) = line["attempts"]
    assert (attempt["cost_nano"], attempt["cost_basis"]) == (0, "free")
    await until(lambda: kept.rows("SELECT 1 FROM exchanges"))
    assert kept.rows("SELECT * FROM budget_spent") == []
    assert kept.reserved == 0


@pytest.mark.parametrize("model", ["openai/gpt-4o", "quick"])
async def test_an_answer_that_fails_inside_gives_back_what_its_call_held(
    sim: SimulatedProviders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
) -> None:
    def fail(_: LaneCycle, exchange: Exchange, body: bytes) -> None:
        raise RuntimeError(exchange.request_id, len(body))

    async with bounded(sim, tmp_path, BUDGETS, QUICK) as kept:
        with monkeypatch.context() as broken:
            broken.setattr(LaneCycle, "answer", fail)
            assert (await kept.gateway.ask(model=model)).status == 500
        assert kept.reserved == 0
        health = kept.gateway.engine.health
        assert all(target.in_flight == 0 for target in health.targets.values())
        assert (await kept.gateway.ask(model=model)).status == 200
        assert len(sim.log) == 2

"""A client that keeps its connection says the same head again, and then another."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.raw_client import CHAT_PATH, RawClient
from gateway.running import SAID, Gateway, Way, request
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Server


def reconfigure(gateway: Gateway, server: Server) -> None:
    """Reload with other rules of the door, and let it take them up."""
    gateway.engine.reload(replace(gateway.engine.config, server=server))
    gateway.server.edge.settle()


LONG = request({"metadata": {"padding": "x" * 5000}})


def head(size: int, more: str = "") -> bytes:
    """Write the head of a request with a body of *size* bytes."""
    lines = f"host: localhost\r\ncontent-length: {size}\r\n{more}\r\n"
    return f"POST {CHAT_PATH} HTTP/1.1\r\n{lines}".encode()


async def test_requests_of_any_length_follow_each_other(
    gateway: Gateway, way: Way
) -> None:
    async with RawClient.to(gateway.port) as client:
        for filler in (0, 1, 900, 3, 70_000, 5, 0):
            client.send(way.body() + b" " * filler)
            assert (await client.answer()).text == SAID


async def test_only_the_first_two_of_heads_that_are_alike_are_parsed(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[Lane] = []
    complete = Lane.on_headers_complete

    def counted(lane: Lane) -> None:
        parsed.append(lane)
        complete(lane)

    monkeypatch.setattr(Lane, "on_headers_complete", counted)
    async with RawClient.to(gateway.port) as client:
        for filler in (0, 5, 900, 3, 70_000):
            client.send(request({}) + b" " * filler)
            assert (await client.answer()).status == 200
    assert len(parsed) == 2


@pytest.mark.parametrize("pieces", [1, 2, 7])
async def test_a_body_may_come_behind_its_head_in_pieces(
    gateway: Gateway, pieces: int
) -> None:
    size = -(-len(LONG) // pieces)
    async with RawClient.to(gateway.port) as client:
        for _ in range(4):
            client.writer.write(head(len(LONG)))
            for at in range(0, len(LONG), size):
                await asyncio.sleep(0.005)
                client.writer.write(LONG[at : at + size])
            assert (await client.answer()).text == SAID


async def test_what_follows_a_body_at_once_is_the_next_request(
    gateway: Gateway,
) -> None:
    whole = head(len(LONG)) + LONG
    async with RawClient.to(gateway.port) as client:
        for _ in range(2):
            client.writer.write(whole)
            assert (await client.answer()).text == SAID
        client.writer.write(whole[:2000])
        await asyncio.sleep(0.01)
        client.writer.write(whole[2000:] + whole + whole)
        client.get("/health/live")
        got = [await client.answer() for _ in range(4)]
    assert [answer.status for answer in got] == [200] * 4
    assert got[3].json == {"live": True}


async def test_a_head_that_is_not_like_the_last_is_looked_at(
    gateway: Gateway,
) -> None:
    body = request({})
    async with RawClient.to(gateway.port) as client:
        for _ in range(3):
            client.writer.write(head(len(body)) + body)
            assert (await client.answer()).status == 200
        client.get("/health/live")
        assert (await client.answer()).json == {"live": True}
        client.writer.write(head(len(body)) + body)
        assert (await client.answer()).status == 200
        client.writer.write(head(len(body), "expect: 100-continue\r\n"))
        assert (await client.head())[0] == 100
        client.writer.write(body)
        assert (await client.answer()).status == 200
        client.writer.write(head(len(body)).replace(b"localhost", b"evil.test") + body)
        assert (await client.answer()).status == 421


async def test_a_name_that_is_no_longer_listed_is_asked_for_in_vain(
    gateway: Gateway,
) -> None:
    body = request({})
    named = head(len(body)).replace(b"localhost", b"gateway.test") + body
    reconfigure(gateway, Server(hosts=("gateway.test",)))
    async with RawClient.to(gateway.port) as client:
        for _ in range(3):
            client.writer.write(named)
            assert (await client.answer()).status == 200
        reconfigure(gateway, Server())
        client.writer.write(named)
        assert (await client.answer()).status == 421


async def test_a_body_above_the_bound_is_refused_behind_an_alike_head(
    gateway: Gateway,
) -> None:
    reconfigure(gateway, Server(body_mb_max=0.01))
    async with RawClient.to(gateway.port) as client:
        for filler in (0, 100, 9_000):
            client.send(request({}) + b" " * filler)
            assert (await client.answer()).status == 200
        client.send(request({}) + b" " * 11_000)
        assert (await client.answer()).status == 413

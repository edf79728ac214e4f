"""Whole answers that are none: each is a failure, and the fallback answers unseen."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.running import (
    CLAUDE_FIRST,
    FIRST,
    SAID,
    Gateway,
    Way,
    fault,
    gateway_before,
    request,
)
from heliograph.gateway.upstream import connection as connection_module
from heliograph.simulation.providers import SimulatedProviders

WHOLE_FAULTS = {
    "reset": "reset",
    "close": "reset",
    "html": "not_json",
    "empty": "empty",
    "short_body": "truncated",
    "cut_json": "truncated",
    "sse_for_json": "not_json",
    "gzip": "content_encoding",
}
ADDRESS = "{sim}/openai/v1"


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
@pytest.mark.parametrize(("kind", "told"), WHOLE_FAULTS.items())
async def test_a_broken_answer_goes_to_the_fallback(
    sim: SimulatedProviders, gateway: Gateway, dialect: str, kind: str, told: str
) -> None:
    sim.set_rules([fault(dialect, {"kind": kind})])
    got = await gateway.ask(model=FIRST[dialect])
    assert got.status == 200
    assert got.text == SAID
    assert got.headers["x-heliograph-fallback"] == "true"
    (line,) = gateway.lines
    assert line["attempts"][0]["kind"] == told
    assert line["attempts"][0]["blame"] == "provider"
    assert len(sim.log) == 2


@pytest.mark.parametrize("kind", [*WHOLE_FAULTS, "error_200"])
async def test_a_broken_answer_without_a_fallback_is_a_502(
    sim: SimulatedProviders, gateway: Gateway, kind: str
) -> None:
    sim.set_rules([{"fault": {"kind": kind}}])
    got = await gateway.ask()
    assert got.status == 502
    assert got.error["type"] == "upstream_error"
    assert got.headers["x-should-retry"] == "false"
    assert gateway.lines[0]["outcome"] == "failed"


async def test_an_error_with_status_200_goes_to_the_fallback(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"kind": "error_200"})])
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.text == SAID
    assert got.headers["x-heliograph-provider"] == way.fallback


async def test_a_whole_answer_of_the_wrong_type_is_read_by_what_it_is(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"kind": "wrong_type"})])
    got = await gateway.ask()
    assert got.text == SAID
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-heliograph-fallback"] == "false"


@pytest.mark.parametrize("kind", ["reset", "close", "html", "empty"])
async def test_a_stream_that_is_none_goes_to_the_fallback(
    sim: SimulatedProviders, gateway: Gateway, way: Way, kind: str
) -> None:
    sim.set_rules([fault(way.dialect, {"kind": kind})])
    got = await gateway.post(way.body())
    assert got.text == SAID
    assert got.headers["x-heliograph-fallback"] == "true"
    assert len(sim.log) == 2


async def test_an_answer_that_is_far_too_large_goes_to_the_fallback(
    sim: SimulatedProviders,
    gateway: Gateway,
    way: Way,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "BODY_BYTES_MAX", 200_000)
    huge = {"kind": "huge", "size_bytes": 20_000_000}
    sim.set_rules([fault(way.dialect, huge)])
    got = await gateway.post(way.body())
    assert got.text == SAID
    assert got.headers["x-heliograph-fallback"] == "true"
    first = gateway.lines[0]["attempts"][0]
    assert first["kind"] in {"too_large", "event_too_large"}
    await sim.until(lambda log: log[0].outcome == "client_closed")


async def test_an_error_answer_to_a_stream_that_is_far_too_large_is_cut(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    body = "x" * 3_000_000
    sim.set_rules([fault("openai", {"status": 500, "body": body})])
    got = await gateway.ask(stream=True)
    assert got.text == SAID
    assert gateway.lines[0]["attempts"][0]["kind"] == "too_large"


@asynccontextmanager
async def provider_that(
    answers: Callable[[bytes], bytes],
) -> AsyncIterator[str]:
    """Serve one request a connection with whatever bytes *answers* makes of it."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(answers(asked))
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n" + b"x-pad: " + b"y" * 80_000, "too_large"),
        (b"HTTP/1.1 200 OK\r\n" + b"x-pad: yyyyyyyyyyyyy\r\n" * 9_000, "too_large"),
        (b"220 mail.example ESMTP\r\n", "malformed_http"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", "malformed_http"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "malformed_http"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "truncated"),
    ],
    ids=["one-header", "many-headers", "smtp", "tls", "upgrade", "cut-head"],
)
async def test_what_is_no_answer_of_http_goes_to_the_fallback(
    sim: SimulatedProviders, said: bytes, told: str, *, stream: bool
) -> None:
    async with provider_that(lambda _: said) as url:
        text = CLAUDE_FIRST.replace(ADDRESS, url)
        async with gateway_before(sim, text, first_byte_s=3) as gateway:
            got = await gateway.ask(stream=stream)
            assert got.text == SAID
            assert got.headers["x-heliograph-provider"] == "anthropic"
            assert gateway.lines[0]["attempts"][0]["kind"] == told


async def test_an_interim_answer_is_passed_over(sim: SimulatedProviders) -> None:
    body = b'{"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}]}'
    said = (
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )
    async with provider_that(lambda _: said) as url:
        text = CLAUDE_FIRST.replace(ADDRESS, url)
        async with gateway_before(sim, text) as gateway:
            assert (await gateway.ask()).body == body


async def test_what_is_sent_upstream_names_each_header_once(
    sim: SimulatedProviders,
) -> None:
    seen: list[bytes] = []

    def answers(asked: bytes) -> bytes:
        seen.append(asked)
        return b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"

    async with provider_that(answers) as url:
        text = CLAUDE_FIRST.replace(ADDRESS, url)
        async with gateway_before(sim, text) as gateway:
            await gateway.post(request({}))
    first, *lines = seen[0].decode().rstrip().split("\r\n")
    assert first == "POST /v1/chat/completions HTTP/1.1"
    names = [line.partition(": ")[0].lower() for line in lines]
    assert sorted(names) == sorted(set(names))
    assert {"host", "authorization", "content-length", "content-type"} <= set(names)
    assert "accept-encoding: identity" in lines


async def test_a_provider_that_refuses_connections_is_left_at_once(
    sim: SimulatedProviders, way: Way
) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        text = CLAUDE_FIRST.replace("{sim}/" + way.dialect + "/v1", url)
        async with gateway_before(sim, text) as gateway:
            got = await gateway.post(way.body())
            assert got.text == SAID
            assert got.headers["x-heliograph-provider"] == way.fallback
            assert got.headers["x-heliograph-attempts"] == "2"
            assert gateway.lines[0]["attempts"][0]["kind"] == "connect_failed"


async def test_a_provider_without_an_address_is_left_at_once(
    sim: SimulatedProviders, way: Way
) -> None:
    url = "http://no-such-host.invalid/v1"
    text = CLAUDE_FIRST.replace("{sim}/" + way.dialect + "/v1", url)
    async with gateway_before(sim, text) as gateway:
        got = await gateway.post(way.body())
        assert got.text == SAID
        first = gateway.lines[0]["attempts"][0]
    assert first["kind"] in {"dns_failure", "connect_timeout"}


async def test_a_provider_that_speaks_no_tls_is_left_at_once(
    sim: SimulatedProviders, way: Way
) -> None:
    secure = sim.base_url.replace("http://", "https://")
    text = CLAUDE_FIRST.replace("{sim}/" + way.dialect, f"{secure}/{way.dialect}")
    async with gateway_before(sim, text) as gateway:
        got = await gateway.post(way.body())
        assert got.text == SAID
        assert gateway.lines[0]["attempts"][0]["kind"] == "tls_failure"

"""HTTP as callers really speak it: pipelined, in pieces, old, wrong, too large."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from gateway.raw_client import CHAT_PATH, RawClient
from gateway.running import (
    CLAUDE_FIRST,
    SAID,
    Gateway,
    Way,
    fault,
    gateway_before,
    request,
)
from heliograph.gateway.types import Limits, Server
from heliograph.simulation.providers import SimulatedProviders

POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"


async def test_a_connection_serves_one_request_after_another(
    gateway: Gateway, way: Way
) -> None:
    async with RawClient.to(gateway.port) as client:
        for _ in range(3):
            client.send(way.body())
            assert (await client.answer()).text == SAID
            client.get("/health")
            assert (await client.answer()).status == 200


async def test_pipelined_requests_are_answered_in_their_order(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    slow = fault("openai", {"delay_s": 0.2}, first=1)
    sim.set_rules([slow])
    async with RawClient.to(gateway.port) as client:
        client.send(request({}))
        client.get("/v1/models")
        client.send(request({"stream": True}))
        client.send(request({"model": "no-such-model"}))
        client.get("/health/live")
        client.get("/nowhere")
        client.send(request({}))
        got = [await client.answer() for _ in range(7)]
    assert [answer.status for answer in got] == [200, 200, 200, 404, 200, 404, 200]
    assert got[0].text == got[2].text == got[6].text == SAID
    assert got[2].events[-1] == "[DONE]"
    assert got[1].json["object"] == "list"
    assert got[4].json == {"live": True}


async def test_many_pipelined_requests_in_one_write_are_all_answered(
    gateway: Gateway,
) -> None:
    async with RawClient.to(gateway.port) as client:
        for n in range(30):
            client.send(request({"stream": n % 2 == 0}))
        assert [(await client.answer()).text for _ in range(30)] == [SAID] * 30


async def test_garbage_behind_a_request_does_not_spoil_its_answer(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"delay_s": 0.1})])
    async with RawClient.to(gateway.port) as client:
        client.send(way.body())
        client.writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        assert (await client.answer()).text == SAID
        assert await client.to_the_close() == b""
    assert len(sim.log) == 1


async def test_a_request_that_comes_byte_by_byte_is_read(
    gateway: Gateway, way: Way
) -> None:
    body = way.body()
    head = POST.decode() + f"content-length: {len(body)}\r\n"
    async with RawClient.to(gateway.port) as client:
        for byte in head.encode() + b"\r\n" + body:
            client.writer.write(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.answer()).text == SAID


async def test_a_chunked_request_body_is_read(gateway: Gateway, way: Way) -> None:
    body = way.body()
    chunks = [body[at : at + 7] for at in range(0, len(body), 7)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    async with RawClient.to(gateway.port) as client:
        for _ in range(2):
            client.writer.write(
                f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\n"
                "transfer-encoding: chunked\r\n\r\n".encode()
                + framed
                + b"0\r\n\r\n"
            )
            assert (await client.answer()).text == SAID


async def test_a_caller_that_expects_it_is_told_to_continue(
    gateway: Gateway, way: Way
) -> None:
    body = way.body()
    head = (
        f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head.encode())
        assert await client.head() == (100, {})
        client.writer.write(body)
        assert (await client.answer()).text == SAID


async def test_a_caller_in_the_pipeline_is_told_to_continue_in_its_turn(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.1}, first=1)])
    body = request({})
    head = (
        f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    async with RawClient.to(gateway.port) as client:
        client.send(body)
        client.writer.write(head.encode())
        assert (await client.answer()).text == SAID
        assert await client.head() == (100, {})
        client.writer.write(body)
        assert (await client.answer()).text == SAID


@pytest.mark.parametrize("asked", ["HTTP/1.0", "HTTP/1.1\r\nconnection: close"])
async def test_a_caller_that_keeps_no_connection_gets_the_answer_and_the_close(
    gateway: Gateway, way: Way, asked: str
) -> None:
    body = way.body()
    told = f"host: localhost\r\ncontent-length: {len(body)}"
    head = f"POST {CHAT_PATH} {asked}\r\n{told}\r\n\r\n"
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head.encode() + body)
        got = await client.answer()
        assert got.text == SAID
        assert got.headers["connection"] == "close"
        # HTTP/1.0 knows no chunks: there the close alone ends a stream.
        if asked == "HTTP/1.0":
            assert "transfer-encoding" not in got.headers
        if way.stream:
            assert got.events[-1] == "[DONE]"
        assert await client.to_the_close() == b""


async def test_a_broken_stream_to_an_old_caller_ends_in_an_error_too(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    cut = {"cut_after_events": 4, "cut_mode": "reset", "event_delay_s": 0.03}
    sim.set_rules([fault("openai", cut)])
    body = request({"stream": True})
    head = f"POST {CHAT_PATH} HTTP/1.0\r\ncontent-length: {len(body)}\r\n\r\n"
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head.encode() + body)
        got = await client.answer()
    assert "error" in got.chunks[-1]
    assert "[DONE]" not in got.events


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HELLO\r\n\r\n",
        POST + b"host g\r\n\r\n",
        POST + b"content-length: x\r\n\r\n",
        POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["tls", "word", "no-colon", "length", "two-lengths", "chunk"],
)
async def test_what_is_no_http_is_refused_in_the_shape_that_sdks_read(
    sim: SimulatedProviders, gateway: Gateway, sent: bytes
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(sent)
        got = await client.answer()
        assert got.status == 400
        assert got.error["code"] == "bad_http"
        assert await client.to_the_close() == b""
    assert sim.log == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b"hello", "not valid JSON"),
        (b"[]", "JSON object"),
        (b'{"model": "m"}', "messages"),
        (b'{"messages": [{}]}', "model"),
        (b'{"model": 1, "messages": [{}]}', "model"),
        (b'{"model": "m", "messages": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "JSON object"),
        (b'{"messages":' + b"[" * 100_000, "deeper than 64"),
        (b'{"messages":' + b"[" * 99 + b"]" * 99 + b"}", "deeper than 64"),
        (b"\x1f\x8b\x08\x00\x00", "not valid JSON"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    sim: SimulatedProviders, gateway: Gateway, body: bytes, said: str
) -> None:
    got = await gateway.post(body)
    assert got.status == 400
    assert said in got.error["message"]
    assert got.error["type"] == "invalid_request_error"
    assert got.headers["x-request-id"] == gateway.lines[0]["request_id"]
    assert gateway.lines[0]["outcome"] == "refused"
    assert sim.log == ()


@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_a_body_that_is_too_large_is_refused_and_the_caller_can_read_it(
    sim: SimulatedProviders, gateway: Gateway, framing: str
) -> None:
    piece = b"x" * 1_000_000
    chunked = framing == "chunks"
    told = "transfer-encoding: chunked" if chunked else "content-length: 40000000"
    async with RawClient.to(gateway.port) as client:
        client.writer.write(POST + f"{told}\r\n\r\n".encode())
        for _ in range(40):
            framed = b"%x\r\n%b\r\n" % (len(piece), piece)
            client.writer.write(framed if chunked else piece)
            await client.writer.drain()
        got = await client.answer()
        assert got.status == 413
        assert got.error["code"] == "request_too_large"
        assert got.headers["connection"] == "close"
        client.writer.write(b"0\r\n\r\n" if chunked else b"")
        assert await client.to_the_close() == b""
    assert sim.log == ()


async def test_a_body_just_below_the_bound_is_read(
    sim: SimulatedProviders,
) -> None:
    body = request({})
    body += b" " * (4096 - len(body))
    bound = f"server: {{body_mb_max: {4096 / 2**20}}}"
    async with gateway_before(sim, f"{CLAUDE_FIRST}\n{bound}") as gateway:
        assert (await gateway.post(body)).status == 200
        got = await gateway.post(body + b" ")
    assert got.status == 413
    assert "0.00390625 MB" in got.error["message"]


async def test_how_deep_json_may_nest_is_configured(sim: SimulatedProviders) -> None:
    text = f"{CLAUDE_FIRST}\nserver: {{json_depth_max: 5}}"
    async with gateway_before(sim, text) as gateway:
        got = await gateway.ask(metadata={"a": [[[{}]]]})
        assert (await gateway.ask(metadata={"a": [[{}]]})).status == 200
    assert got.status == 400
    assert "deeper than 5" in got.error["message"]


async def test_a_stream_reaches_the_caller_piece_by_piece(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"stall_after_events": 4})])
    async with RawClient.to(gateway.port) as client:
        client.send(request({"stream": True}))
        _, headers = await client.head()
        first = await client.chunk()
        assert headers["cache-control"] == "no-cache"
        assert headers["x-accel-buffering"] == "no"
        assert json.loads(first.split(b"\n\n")[0].removeprefix(b"data: "))
        assert sim.log[0].outcome == "open"


async def test_headers_without_an_end_are_refused(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(POST + b"x-pad: ")
        for _ in range(100):
            client.writer.write(b"y" * 1000)
        got = await client.answer()
        assert got.status == 431
        assert got.error["code"] == "headers_too_large"
        assert await client.to_the_close() == b""
    assert sim.log == ()


async def test_a_long_head_below_the_bound_is_read(gateway: Gateway, way: Way) -> None:
    async with RawClient.to(gateway.port) as client:
        for _ in range(3):
            client.send(way.body(), extra="x-pad: " + "y" * 30_000 + "\r\n")
            assert (await client.answer()).text == SAID


async def test_a_head_that_begins_behind_a_large_body_is_read(
    gateway: Gateway,
) -> None:
    body = request({}) + b" " * 700_000
    head = POST + b"content-length: %d\r\n\r\n" % len(body)
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head + body + head[:30])
        assert (await client.answer()).text == SAID
        client.writer.write(head[30:40])
        await client.writer.drain()
        client.writer.write(head[40:] + body)
        assert (await client.answer()).text == SAID


async def test_a_request_in_absolute_form_is_answered(
    gateway: Gateway, way: Way
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.send(way.body(), path=f"http://localhost:80{CHAT_PATH}?x=1")
        assert (await client.answer()).text == SAID


async def test_a_fault_of_our_own_is_a_500_and_the_process_lives_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("marker-in-exception")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.engine, "way_to", broken)
        got = await gateway.ask()
    assert got.status == 500
    assert got.error["type"] == "server_error"
    assert b"marker" not in got.body
    assert (await gateway.ask()).status == 200
    assert gateway.engine.metrics.in_flight == 0


async def test_a_fault_of_our_own_on_another_path_is_a_500_too(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken = SimpleNamespace(server=Server(), limits=Limits())
        patch.setattr(gateway.engine, "config", broken)
        got = await gateway.get("/v1/models")
    assert got.status == 500
    assert got.error["type"] == "server_error"
    assert (await gateway.get("/v1/models")).status == 200


async def test_an_upgrade_is_refused_and_not_taken_for_an_empty_request(
    gateway: Gateway,
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.send(request({}), extra="Connection: Upgrade\r\nUpgrade: h2c\r\n")
        got = await client.answer()
    assert got.status == 400
    assert got.error["code"] == "no_upgrade"
    assert got.headers["connection"] == "close"

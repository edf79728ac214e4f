"""Answers that are none: cut, packed, of another type, too large, an error as 200."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

import pytest

from faults.pair import (
    ALONE,
    PAIR,
    PROMPT_S,
    assert_answered,
    assert_refused,
    pair,
)
from gateway.running import SAID
from heliograph.simulation.providers.http1 import SSE_TYPE
from heliograph.simulation.providers.types import End, Step
from replaying import replaying

SICK_AT = "{sim}/sick/v1"
JSON_TYPE = "application/json"
WHOLE = {
    # What the simulated provider does, and what it is called.
    "cut_json": "truncated",
    "short_body": "truncated",
    "gzip": "content_encoding",
    "html": "not_json",
    "empty": "empty",
    "error_200": "error_in_200",
    "sse_for_json": "not_json",
}
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n"
BOMBS = {
    "one long header": "x-bomb: " + "x" * 100_000 + "\r\n\r\n",
    "a header without an end": "x-bomb: " + "x" * 100_000,
    "ten thousand headers": "".join(f"x-{n}: 1234\r\n" for n in range(10_000)) + "\r\n",
}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def whole() -> bytes:
    """Write a whole answer with letters of two and four bytes."""
    message = {"role": "assistant", "content": "é🙂"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    document = {**CHUNK, "object": "chat.completion", "choices": [choice]}
    return json.dumps(document, ensure_ascii=False).encode()


def events() -> bytes:
    """Write the same as a stream."""
    delta = {"role": "assistant", "content": "é🙂"}
    said = [
        {**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    texts = [json.dumps(each, ensure_ascii=False) for each in said]
    return "".join(f"data: {text}\n\n" for text in [*texts, "[DONE]"]).encode()


@asynccontextmanager
async def instead(steps: Iterable[Step]) -> AsyncIterator[str]:
    """Answer every call with *steps*; give what to put in the sick one's place."""
    row = tuple(steps)
    async with replaying(lambda _: iter(row)) as url:
        yield f"{url}/v1"


@pytest.mark.parametrize("what", WHOLE)
async def test_an_answer_that_is_none_goes_to_the_fallback(what: str) -> None:
    async with pair() as both:
        both.falls_sick({"kind": what})
        told = await both.ask()
        assert_answered(told)
        assert told.kinds == [WHOLE[what], None]
        assert told.took_s < PROMPT_S


@pytest.mark.parametrize("what", WHOLE)
async def test_an_answer_that_is_none_with_nobody_else_is_an_error(what: str) -> None:
    async with pair(ALONE) as both:
        both.falls_sick({"kind": what})
        told = await both.ask()
        assert_refused(told, 502, WHOLE[what])


async def test_the_right_answer_by_the_wrong_name_is_read_for_what_it_is() -> None:
    async with pair() as both:
        both.falls_sick({"kind": "wrong_type"})
        told = await both.ask()
        assert_answered(told, by="sick")
        assert told.answer.headers["content-type"] == JSON_TYPE


async def test_what_is_far_too_large_is_left_and_not_kept(*, stream: bool) -> None:
    async with pair() as both:
        size = 12_000_000 if stream else 80_000_000
        both.falls_sick({"kind": "huge", "size_bytes": size})
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == ["event_too_large" if stream else "too_large", None]


@pytest.mark.parametrize("bomb", BOMBS)
async def test_headers_that_are_far_too_large_are_left(
    bomb: str, *, stream: bool
) -> None:
    kind = SSE_TYPE if stream else JSON_TYPE
    row = (HEAD.format(kind=kind) + BOMBS[bomb]).encode()
    async with (
        instead((row, End.HANG)) as url,
        pair(PAIR.replace(SICK_AT, url)) as both,
    ):
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == ["too_large", None]
        assert told.took_s < PROMPT_S


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_a_packed_answer_is_left_unread(coding: str, *, stream: bool) -> None:
    kind = SSE_TYPE if stream else JSON_TYPE
    packed = f"content-encoding: {coding}\r\ncontent-length: 9\r\n\r\n"
    row = (HEAD.format(kind=kind) + packed).encode() + b"\x1f\x8b\x08garble"
    async with (
        instead((row, End.KEEP)) as url,
        pair(PAIR.replace(SICK_AT, url)) as both,
    ):
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == ["content_encoding", None]


def chunked(data: bytes, *, size: int, note: str = "", after: str = "") -> bytes:
    """Frame *data* in chunks of *size*."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    framed = [f"{len(p):x}{note}\r\n".encode() + p + b"\r\n" for p in pieces]
    return b"".join(framed) + f"0\r\n{after}\r\n".encode()


def odd_answers(data: bytes, head: str) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Yield answers that are odd and whole, as HTTP has them."""
    coded = (head + "transfer-encoding: chunked\r\n\r\n").encode()
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n"
    old = head.replace("HTTP/1.1", "HTTP/1.0") + "\r\n"
    yield "trailers", (coded + chunked(data, size=50, after="x-t: 1\r\n"), End.KEEP)
    yield "extensions", (coded + chunked(data, size=50, note=";a=b"), End.KEEP)
    yield "tiny chunks", (coded + chunked(data, size=1), End.KEEP)
    yield "interim answers", (early + coded + chunked(data, size=50), End.KEEP)
    yield "HTTP/1.0", (old.encode() + data, End.CLOSE)
    drip = [data[at : at + 1] for at in range(len(data))]
    paced: list[Step] = [step for byte in drip for step in (byte, 0.0002)]
    yield "byte by byte", (old.encode(), *paced, End.CLOSE)


ODD = ["trailers", "extensions", "tiny chunks", "interim answers", "HTTP/1.0",
       "byte by byte"]  # fmt: skip


@pytest.mark.parametrize("what", ODD)
async def test_what_is_odd_and_whole_is_an_answer(what: str, *, stream: bool) -> None:
    kind = SSE_TYPE if stream else JSON_TYPE
    data = events() if stream else whole()
    row = dict(odd_answers(data, HEAD.format(kind=kind)))[what]
    async with instead(row) as url, pair(ALONE.replace(SICK_AT, url)) as both:
        told = await both.ask(stream=stream)
        assert (told.answer.status, told.answer.text) == (200, "é🙂")
        assert told.line["outcome"] == "answered"
        assert len(told.attempts) == 1


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Listen where nobody may connect; list who does."""
    came: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_with_the_key(
    status: int, *, stream: bool
) -> None:
    async with canary() as (elsewhere, came), pair() as both:
        headers = {"location": f"{elsewhere}/v1/chat/completions"}
        both.falls_sick({"status": status, "headers": headers})
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == ["unexpected_status", None]
        assert came == []


async def test_a_proxy_that_the_environment_names_is_not_used(
    monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    async with canary() as (elsewhere, came):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, elsewhere)
        async with pair() as both:
            told = await both.ask(stream=stream)
            assert_answered(told, by="sick")
            assert told.answer.text == SAID
        assert came == []

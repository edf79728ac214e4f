"""No second request is ever seen inside a body, and what is ambiguous is refused.

Each case hides a request for a marked path behind a body that two parsers may frame
in two ways. Refused means: one answer, a 4xx or 5xx, and the close. Taken means: as
many answers as HTTP allows, and the marked path is never among what was asked.
"""

import asyncio

import pytest

from gateway.raw_client import RawClient
from gateway.running import Gateway, request, until
from heliograph.simulation.providers import SimulatedProviders

PATHS = {"hot": b"POST /v1/chat/completions", "other": b"POST /v1/models"}
HIDDEN = b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
SIZE = b"%x" % len(HIDDEN)

HEADERS = {
    "length and coding": b"content-length: 5\r\n" + CHUNKED,
    "coding and length": CHUNKED + b"content-length: 5\r\n",
    "two lengths": b"content-length: 5\r\ncontent-length: 6\r\n",
    "two equal lengths": b"content-length: 5\r\ncontent-length: 5\r\n",
    "listed lengths": b"content-length: 5, 5\r\n",
    "signed length": b"content-length: +5\r\n",
    "negative length": b"content-length: -5\r\n",
    "hexadecimal length": b"content-length: 0x5\r\n",
    "empty length": b"content-length: \r\n",
    "length beyond 64 bits": b"content-length: 99999999999999999999\r\n",
    "space before the colon": b"content-length : 5\r\n",
    "tab before the colon": b"transfer-encoding\t: chunked\r\n",
    "folded header": b"x-a: b\r\n content-length: 5\r\n",
    "folded value": b"transfer-encoding:\r\n chunked\r\n",
    "bare line feed": b"x-a: b\ncontent-length: 5\r\n",
    "bare carriage return": b"x-a: b\rcontent-length: 5\r\n",
    "null in a value": b"x-a: b\x00c\r\n",
    "null in a name": b"x\x00a: b\r\n",
    "no colon": b"content-length 5\r\n",
    "no name": b": 5\r\n",
    "coding twice": CHUNKED + CHUNKED,
    "coding twice in one": b"transfer-encoding: chunked, chunked\r\n",
    "identity": b"transfer-encoding: identity\r\n",
    "chunked is not the last": b"transfer-encoding: chunked, gzip\r\n",
    "packed and chunked": b"transfer-encoding: gzip, chunked\r\n",
    "a coding of its own": b"transfer-encoding: xchunked\r\n",
    "quoted coding": b'transfer-encoding: "chunked"\r\n',
    "vertical tab": b"transfer-encoding: \x0bchunked\r\n",
    "empty coding": b"transfer-encoding:\r\n",
}
CHUNKS = {
    "size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "space before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "space behind the size": b"5 \r\nhello\r\n0\r\n\r\n",
    "size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "line feed behind the size": b"5\nhello\r\n0\r\n\r\n",
    "line feed behind the data": b"5\r\nhello\n0\r\n\r\n",
    "nothing behind the data": b"5\r\nhello0\r\n\r\n",
    "data longer than its size": b"5\r\nhelloo\r\n0\r\n\r\n",
    "line feed behind the last": b"5\r\nhello\r\n0\n\n",
    "line feed at the end": b"5\r\nhello\r\n0\r\n\n",
    "line feed in an extension": b"5;a=b\nhello\r\n0\r\n\r\n",
    "line feed in a quoted one": b'5;a="\n"\r\nhello\r\n0\r\n\r\n',
    "carriage return in one": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "null in an extension": b"5;a=\x00\r\nhello\r\n0\r\n\r\n",
    "empty extension": b"5;\r\nhello\r\n0\r\n\r\n",
    "length as a trailer": b"0\r\ncontent-length: 5\r\n\r\n",
    "coding as a trailer": b"0\r\ntransfer-encoding: chunked\r\n\r\n",
    "folded trailer": b"0\r\nx-a: b\r\n c\r\n\r\n",
    "line feed in a trailer": b"0\r\nx-a: b\n\r\n",
}
LINES = {
    "bare line feeds": b"%b HTTP/1.1\nhost: localhost\n\n",
    "line feed at the end": b"%b HTTP/1.1\r\nhost: localhost\r\n\n",
    "no version": b"%b\r\nhost: localhost\r\n\r\n",
    "HTTP/0.9": b"%b HTTP/0.9\r\nhost: localhost\r\n\r\n",
    "HTTP/1.2": b"%b HTTP/1.2\r\nhost: localhost\r\n\r\n",
    "HTTP/2.0": b"%b HTTP/2.0\r\nhost: localhost\r\n\r\n",
    "space behind the version": b"%b HTTP/1.1 \r\nhost: localhost\r\n\r\n",
    "word behind the path": b"%b x HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "null in the path": b"%b\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "first header folded": b"%b HTTP/1.1\r\n host: localhost\r\n\r\n",
    "chunks in HTTP/1.0": b"%b HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
}
REFUSED = {
    **{
        f"head: {name}": b"%b HTTP/1.1\r\nhost: localhost\r\n" + told + b"\r\nhello"
        for name, told in HEADERS.items()
    },
    **{
        f"body: {name}": b"%b HTTP/1.1\r\nhost: localhost\r\n"
        + CHUNKED
        + b"\r\n"
        + told
        for name, told in CHUNKS.items()
    },
    **{f"line: {name}": told for name, told in LINES.items()},
}


@pytest.mark.parametrize("pace", ["at once", "byte by byte"])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
async def test_what_can_be_read_in_two_ways_is_refused(
    sim: SimulatedProviders, gateway: Gateway, sent: bytes, path: bytes, pace: str
) -> None:
    data = (sent % path) + HIDDEN
    async with RawClient.to(gateway.port) as client:
        step = len(data) if pace == "at once" else 1
        for at in range(0, len(data), step):
            if client.writer.is_closing():
                break
            client.writer.write(data[at : at + step])
            await asyncio.sleep(0)
        got = await client.to_the_close()
    assert got.count(b"HTTP/1.1 ") == 1, got
    assert got[9:10] in b"45", got
    assert b"smuggled" not in got
    await until(lambda: gateway.lines)
    assert [line["outcome"] for line in gateway.lines] == ["refused"]
    assert sim.log == ()


ONE = request({})
TAKEN = {
    "a length that covers it": b"content-length: %d\r\n\r\n%b"
    % (len(ONE + HIDDEN), ONE + b" " * len(HIDDEN)),
    "as a chunk": CHUNKED + b"\r\n" + SIZE + b"\r\n" + HIDDEN + b"\r\n0\r\n\r\n",
    "as a chunk with zeros before its size": (
        CHUNKED + b"\r\n0000" + SIZE + b"\r\n" + HIDDEN + b"\r\n0\r\n\r\n"
    ),
    "as an extension's value": (
        CHUNKED + b'\r\n5;a="GET /smuggled HTTP/1.1"\r\nhello\r\n0\r\n\r\n'
    ),
    "as a trailer": CHUNKED + b"\r\n0\r\nx-a: GET /smuggled HTTP/1.1\r\n\r\n",
    "as a body": b"content-length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("sent", TAKEN.values(), ids=TAKEN)
async def test_what_is_clear_is_one_request_and_the_next_is_the_next(
    gateway: Gateway, sent: bytes, path: bytes
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(path + b" HTTP/1.1\r\nhost: localhost\r\n" + sent)
        client.get("/health/live")
        first = await client.answer()
        assert (await client.answer()).json == {"live": True}
    assert b"smuggled" not in first.body
    for line in gateway.lines:
        assert "smuggled" not in str(line)


async def test_a_body_on_a_path_that_reads_none_is_passed_over(
    gateway: Gateway,
) -> None:
    body = HIDDEN * 3000
    head = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
    async with RawClient.to(gateway.port) as client:
        for _ in range(2):
            client.writer.write(head % len(body) + body)
            assert (await client.answer()).json == {"live": True}

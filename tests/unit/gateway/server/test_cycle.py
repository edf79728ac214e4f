"""The bytes of an answer on the lane, without a socket."""

import asyncio
import json
from typing import Any, cast

import pytest

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.server.bodies import Bodies
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.types import Blame


class Line:
    """A connection that keeps what is written and what is asked of it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport = self.flow = self.server_state = self.engine = self
        self.bodies = Bodies()
        self.default_headers = [(b"date", b"today")]
        self.write_paused = False
        self.lost = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.timeout_ms: bytes | None = None
        self.written = b""
        self.closed = False
        self.went_on = 0

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, pieces: tuple[bytes, ...]) -> None:
        self.written += b"".join(pieces)

    def close(self) -> None:
        self.closed = True

    def on_response_complete(self) -> None:
        self.went_on += 1

    def never_began(self, _exchange: object) -> None:
        """Nothing is recorded here."""

    async def serve(self, *_: object) -> None:
        raise ArithmeticError("a fault of our own")


def cycle_on(
    line: Line, *, keep_alive: bool = True, chunked: bool = True, expects: bool = False
) -> LaneCycle:
    cycle = LaneCycle(cast("Any", line), keep_alive, chunked, expects=expects)
    cycle.more_body = False
    return cycle


def lines_of(written: bytes) -> list[str]:
    return written.partition(b"\r\n\r\n")[0].decode().split("\r\n")


async def test_an_answer_is_one_head_and_one_body() -> None:
    line = Line()
    cycle_on(line).answer(exchange(attempt(None)), b"{}")
    assert lines_of(line.written) == [
        "HTTP/1.1 200 OK",
        "date: today",
        "content-type: application/json",
        "x-request-id: hg-1",
        "x-heliograph-attempts: 1",
        "x-heliograph-provider: openai",
        "x-heliograph-model: gpt-4o",
        "x-heliograph-fallback: false",
        "content-length: 2",
    ]
    assert line.written.endswith(b"\r\n\r\n{}")
    assert (line.closed, line.went_on) == (False, 1)


async def test_a_large_body_is_whole_and_its_length_is_true() -> None:
    line = Line()
    cycle_on(line).answer(exchange(attempt(None)), b"x" * 300_000)
    head, _, body = line.written.partition(b"\r\n\r\n")
    assert b"content-length: 300000" in head
    assert body == b"x" * 300_000


async def test_a_refusal_tells_the_attempts_but_names_nobody_who_answered() -> None:
    line = Line()
    failure = failed("rate_limited", Blame.TARGET, status=429, retry_after_s=4.0)
    status = cycle_on(line).refuse(exchange(attempt(failure, CLAUDE)), failure)
    said = lines_of(line.written)
    assert status == 429
    assert said[0] == "HTTP/1.1 429 Too Many Requests"
    assert {"retry-after: 4", "x-should-retry: false"} <= set(said)
    assert "x-heliograph-attempts: 1" in said
    assert not [name for name in said if name.startswith("x-heliograph-provider")]
    assert json.loads(line.written.partition(b"\r\n\r\n")[2])["error"]["message"]


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_stream_is_framed_as_the_caller_can_read_it(*, chunked: bool) -> None:
    line = Line()
    cycle = cycle_on(line, chunked=chunked, keep_alive=chunked)
    cycle.begin(exchange(attempt(None)))
    for data in (b"data: 1\n\n", b"data: [DONE]\n\n"):
        cycle.write(data)
    cycle.end()
    body = line.written.partition(b"\r\n\r\n")[2]
    said = lines_of(line.written)
    assert ("transfer-encoding: chunked" in said) is chunked
    assert ("connection: close" in said) is not chunked
    assert line.closed is not chunked
    framed = b"9\r\ndata: 1\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
    assert body == (framed if chunked else b"data: 1\n\ndata: [DONE]\n\n")


async def test_a_fault_of_our_own_is_answered_once_and_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line()
    await cycle_on(line).serve()
    assert line.written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert line.written.count(b"HTTP/1.1") == 1
    assert b"fault of our own" not in line.written
    assert line.closed
    assert "failed inside" in caplog.text


async def test_a_fault_of_our_own_in_a_stream_is_no_end_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line()
    cycle = cycle_on(line)
    cycle.begin(exchange(attempt(None)))
    cycle.write(b"data: 1\n\n")
    await cycle.serve()
    assert line.closed
    assert not line.written.endswith(b"0\r\n\r\n")
    assert caplog.text


async def test_a_comment_comes_after_a_silence_and_not_before() -> None:
    line = Line()
    cycle = cycle_on(line)
    cycle.begin(exchange(attempt(None)))
    begun = line.written
    cycle.comment()
    assert line.written == begun
    cycle.written_at -= 3600
    cycle.comment()
    assert line.written == begun + b"8\r\n: ping\n\n\r\n"
    cycle.end()
    ended = line.written
    cycle.written_at -= 3600
    cycle.comment()
    assert line.written == ended

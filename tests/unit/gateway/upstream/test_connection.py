"""A connection to a provider, fed by hand with bytes cut at every place."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest
from msgspec.structs import replace

from heliograph.gateway.types import Failure, HttpReply, Timeouts
from heliograph.gateway.upstream.call import Call, Origin
from heliograph.gateway.upstream.connection import UNREAD_BYTES_MAX, Connection

BOUNDS = Timeouts(connect_s=1, first_byte_s=10, idle_s=5, total_s=100)
JSON = b'{"a": "\xc3\xa9"}'
LENGTH = b"HTTP/1.1 200 OK\r\nX-A: 1\r\ncontent-length: %d\r\n\r\n" % len(JSON) + JSON
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n"
    b"4\r\n" + JSON[:4] + b"\r\n7;note=1\r\n" + JSON[4:] + b"\r\n0\r\nx-late: 1\r\n\r\n"
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nx-b: 2\r\n\r\n"
TO_THE_CLOSE = b"HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n" + JSON


class Wire:
    """What the connection writes to: keeps it, and tells of pauses and the end."""

    def __init__(self) -> None:
        self.written = b""
        self.paused = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, pieces: Iterable[bytes]) -> None:
        self.written += b"".join(pieces)

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def abort(self) -> None:
        self.aborted = True


def call(*body: bytes) -> Call:
    deadline_at = asyncio.get_running_loop().time() + BOUNDS.total_s
    origin = Origin("h", 80, tls=False)
    return Call(origin, b"POST / HTTP/1.1", body, BOUNDS, deadline_at, None)


def connected() -> tuple[Connection, Wire]:
    connection = Connection(asyncio.get_running_loop())
    wire = Wire()
    connection.connection_made(cast("asyncio.Transport", wire))
    return connection, wire


def sent(*, streaming: bool = False) -> tuple[Connection, Wire]:
    connection, wire = connected()
    connection.send(call(b"{}"), streaming=streaming)
    return connection, wire


async def test_a_call_is_sent_once_it_is_written() -> None:
    connection, wire = connected()
    one, late = call(b"{}"), call(b"{}")
    assert not one.sent
    connection.send(one, streaming=False)
    assert one.sent
    connection.abort()
    written = wire.written
    connection.send(late, streaming=False)
    assert (late.sent, wire.written) == (False, written)


async def whole(connection: Connection) -> HttpReply | Failure:
    while not connection.complete and connection.failure is None:
        await connection.news()
    return connection.whole()


async def failure_of(connection: Connection) -> Failure:
    found = await whole(connection)
    assert isinstance(found, Failure)
    return found


@pytest.mark.parametrize("answer", [LENGTH, CHUNKS, INTERIM + LENGTH, INTERIM + CHUNKS])
async def test_an_answer_is_whole_however_the_network_cut_it(answer: bytes) -> None:
    for cut in range(1, len(answer)):
        connection, _ = sent()
        connection.data_received(answer[:cut])
        assert not connection.complete
        connection.data_received(answer[cut:])
        reply = await whole(connection)
        assert isinstance(reply, HttpReply)
        assert (reply.status, reply.body, reply.headers["x-a"]) == (200, JSON, "1")
        assert "x-b" not in reply.headers
        assert connection.is_reusable()


@pytest.mark.parametrize(
    ("coding", "packed"), [(b"GZIP", True), (b"Identity", False), (b"br", True)]
)
async def test_a_packed_answer_is_known_however_its_header_is_spelled(
    coding: bytes, *, packed: bool
) -> None:
    connection, _ = sent()
    connection.data_received(LENGTH.replace(b"X-A: 1", b"Content-EnCoding: " + coding))
    reply = await whole(connection)
    assert isinstance(reply, HttpReply)
    assert reply.packed == packed


async def test_what_an_answer_said_outlives_the_next_one() -> None:
    connection, _ = sent()
    connection.data_received(LENGTH)
    reply = await whole(connection)
    connection.send(call(b"{}"), streaming=False)
    assert isinstance(reply, HttpReply)
    assert reply.headers["x-a"] == "1"


@pytest.mark.parametrize("answer", [LENGTH, CHUNKS])
async def test_an_answer_cut_anywhere_is_a_failure(answer: bytes) -> None:
    for cut in range(len(answer)):
        connection, _ = sent()
        if cut:
            connection.data_received(answer[:cut])
        connection.connection_lost(None)
        failure = await failure_of(connection)
        assert failure.kind == ("truncated" if cut else "reset")
        assert not connection.is_reusable()


async def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    connection, _ = sent()
    connection.data_received(TO_THE_CLOSE)
    assert not connection.complete
    connection.connection_lost(None)
    reply = await whole(connection)
    assert isinstance(reply, HttpReply)
    assert reply.body == JSON
    assert not connection.is_reusable()


async def test_a_reset_is_no_end_of_an_answer_without_a_length() -> None:
    connection, _ = sent()
    connection.data_received(TO_THE_CLOSE)
    connection.connection_lost(ConnectionResetError())
    assert (await failure_of(connection)).kind == "truncated"


async def test_a_call_is_written_once_with_its_length() -> None:
    connection, wire = connected()
    connection.send(call(b'{"a":', b"1}"), streaming=False)
    assert wire.written == b'POST / HTTP/1.1\r\ncontent-length: 7\r\n\r\n{"a":1}'
    connection, wire = connected()
    connection.send(call(b"x" * 100_000), streaming=False)
    head, _, body = wire.written.partition(b"\r\n\r\n")
    assert head.endswith(b"content-length: 100000")
    assert body == b"x" * 100_000


async def test_one_connection_answers_one_call_after_another() -> None:
    connection, _ = sent()
    for answer in (LENGTH, CHUNKS, INTERIM + LENGTH):
        connection.data_received(answer)
        reply = await whole(connection)
        assert isinstance(reply, HttpReply)
        assert reply.body == JSON
        connection.send(call(b"{}"), streaming=False)


async def test_a_second_answer_to_one_call_spoils_both() -> None:
    connection, _ = sent()
    connection.data_received(LENGTH + LENGTH)
    assert (await failure_of(connection)).kind == "malformed_http"
    assert not connection.is_reusable()


async def test_an_idle_connection_that_speaks_is_dropped() -> None:
    connection, wire = sent()
    connection.data_received(LENGTH)
    connection.data_received(LENGTH)
    assert wire.aborted
    assert not connection.is_reusable()
    fresh, wire = connected()
    fresh.data_received(b"220 hello\r\n")
    assert wire.aborted


async def test_only_a_kept_connection_that_closed_unanswered_is_stale() -> None:
    first, _ = sent()
    first.connection_lost(None)
    assert not first.stale
    kept, _ = sent()
    kept.data_received(LENGTH)
    kept.send(call(b"{}"), streaming=False)
    kept.connection_lost(None)
    assert kept.stale
    answering, _ = sent()
    answering.data_received(LENGTH)
    answering.send(call(b"{}"), streaming=False)
    answering.data_received(b"H")
    answering.connection_lost(None)
    assert not answering.stale
    silent, _ = sent()
    silent.data_received(LENGTH)
    silent.send(call(b"{}"), streaming=False)
    silent.expire(silent.deadline_at)
    assert silent.failure is not None
    assert not silent.stale


@pytest.mark.parametrize("piece", [b"x" * 1000, b"x-a: 1\r\n" * 100])
async def test_a_head_without_an_end_is_given_up(piece: bytes) -> None:
    connection, _ = sent()
    connection.data_received(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(200):
        connection.data_received(piece)
    assert (await failure_of(connection)).kind == "too_large"


async def test_a_head_below_the_bound_is_read_in_whatever_pieces() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: " + b"y" * 60_000 + b"\r\n\r\n"
    for step in (len(head), 1000):
        connection, _ = sent()
        for at in range(0, len(head), step):
            connection.data_received(head[at : at + step])
        assert isinstance(await whole(connection), HttpReply)


@pytest.mark.parametrize("said", [b"\x16\x03\x01", b"220 mail\r\n", b"HTTP/9.9 x\r\n"])
async def test_what_is_no_http_is_a_failure(said: bytes) -> None:
    connection, _ = sent()
    connection.data_received(said)
    assert (await failure_of(connection)).kind == "malformed_http"


async def test_the_first_byte_bound_becomes_the_idle_bound_with_an_answer() -> None:
    connection, _ = sent()
    now = connection.loop.time()
    connection.expire(now + 9)
    assert connection.failure is None
    connection.expire(now + 10.1)
    assert connection.failure is not None
    assert connection.failure.kind == "first_byte_timeout"
    connection, _ = sent()
    connection.data_received(LENGTH[:30])
    connection.expire(now + 4)
    assert connection.failure is None
    connection.expire(connection.loop.time() + 5.1)
    assert connection.failure is not None
    assert connection.failure.kind == "idle_timeout"


async def test_the_first_byte_bound_of_a_stream_holds_until_its_content() -> None:
    connection, _ = sent(streaming=True)
    connection.data_received(LENGTH[:-1])
    assert await connection.head() is None
    await connection.read()
    connection.expire(connection.loop.time() + 9)
    assert connection.failure is None
    connection.expire(connection.loop.time() + 10.1)
    assert connection.failure is not None
    assert connection.failure.kind == "first_byte_timeout"


async def test_no_bound_goes_past_the_exchanges() -> None:
    connection, _ = connected()
    near = replace(call(b"{}"), deadline_at=connection.loop.time() + 1)
    connection.send(near, streaming=False)
    connection.expire(connection.loop.time() + 1.1)
    assert connection.failure is not None
    assert connection.failure.kind == "total_timeout"


async def test_while_our_side_is_slow_a_stream_is_not_idle() -> None:
    connection, _ = sent(streaming=True)
    connection.data_received(LENGTH[:-1])
    connection.progress()
    connection.expire(connection.loop.time() + 50)
    assert connection.failure is None
    connection.expire(connection.loop.time() + 100)
    assert connection.failure is not None
    assert connection.failure.kind == "total_timeout"


async def test_a_stream_goes_on_by_its_reader_s_word_only() -> None:
    connection, _ = sent(streaming=True)
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    connection.progress()
    bound = connection.deadline_at
    await asyncio.sleep(0.01)
    connection.data_received(b": ping\n\n")
    await connection.read()
    assert connection.deadline_at == bound
    connection.data_received(b"data: more\n\n")
    await connection.read()
    connection.progress()
    assert connection.deadline_at > bound
    connection.expire(connection.deadline_at)
    assert connection.failure is not None
    assert connection.failure.kind == "idle_timeout"


async def test_a_stream_that_nobody_reads_is_paused_and_goes_on_when_read() -> None:
    connection, wire = sent(streaming=True)
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    connection.data_received(b"x" * UNREAD_BYTES_MAX)
    assert not wire.paused
    connection.data_received(b"x")
    assert wire.paused
    assert await connection.read() == b"x" * (UNREAD_BYTES_MAX + 1)
    assert not wire.paused


async def test_what_was_read_before_a_failure_is_handed_out_first() -> None:
    connection, _ = sent(streaming=True)
    connection.data_received(LENGTH[:-1])
    connection.connection_lost(None)
    assert await connection.read() == JSON[:-1]
    failure = await connection.read()
    assert isinstance(failure, Failure)
    assert failure.kind == "truncated"


async def test_a_call_on_a_closed_connection_fails_at_once() -> None:
    connection, wire = sent()
    connection.data_received(LENGTH)
    connection.connection_lost(None)
    connection.send(call(b"{}"), streaming=False)
    assert (await failure_of(connection)).kind == "reset"
    assert wire.written.count(b"POST") == 1

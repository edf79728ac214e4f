"""The lane's edge: arbitrary bytes in arbitrary pieces, read as HTTP by the real lane.

The four lowest bits of the choice say how the caller behaves. A stand-in engine answers
as a request's body asks it to, and each answer names its request, so that it can be
told whose it is. What a strict reader would not take for a request must not be served.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import still_loop
import uvicorn
from case import Case, case_of, pieces_of
from http_reading import Answer, Asked, Understood, answers, understand
from streams import DONE
from uvicorn.server import ServerState

from heliograph.clock import SystemClock
from heliograph.gateway.engine.caller import Read
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.edge import Edge
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Blame, Config, Exchange, Failure, Server

WHOLE = b"""{"id":"c","model":"m","choices":[{"index":0,"finish_reason":"stop",\
"message":{"role":"assistant","content":"%b"}}],"usage":{"prompt_tokens":1}}"""
CHUNK = b"""data: {"id":"c","model":"m","choices":[{"index":0,\
"delta":{"content":"%b"},"finish_reason":%b}]}\n\n"""
HANGS_UP, BREAKS_OFF, WAITS, IS_SLOW = 1, 2, 4, 8
QUIET_S = 300.0
SLOW_S = 0.5
BODY_BYTES_MAX = 1024
SERVER = Server(hosts=("a",), body_mb_max=BODY_BYTES_MAX / 1024**2)
LaneMaking = type[Lane]


def judge(data: bytes, lane: LaneMaking = Lane) -> None:
    """Judge the lane by *data*."""
    case = case_of(data)
    if case is None:
        return
    meeting = Meeting(lane, case)
    unheard = still_loop.run(meeting.take_place())
    assert not unheard, unheard
    meeting.judge(understand(case.wire))


def name_of(asked: Asked) -> bytes:
    """Name a request by what it is."""
    said = hashlib.sha256(asked.method + b" " + asked.body)
    return said.hexdigest()[:16].encode()


def name_at(served: list[Asked], place: int) -> bytes:
    """Name the request at a *place*; what nothing holds when there is none."""
    return name_of(served[place]) if place < len(served) else b"nobody"


class Wire(asyncio.Transport):
    """A transport without a network: keeps what is written, and closes when told."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.lane: Lane | None = None
        self.written = bytearray()
        self.closing = self.lost = self.ended = False
        self.readable = asyncio.Event()
        self.readable.set()

    def is_closing(self) -> bool:
        """Tell whether it was told to close."""
        return self.closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep *data*, unless the connection is gone."""
        assert not self.ended, "written after the end"
        if not self.closing:
            self.written += data

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        """Keep all *pieces*."""
        self.write(b"".join(pieces))

    def can_write_eof(self) -> bool:
        """Say that one side can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Close our side."""
        self.ended = True

    def get_write_buffer_size(self) -> int:
        """Say that the caller has read everything."""
        return 0

    def pause_reading(self) -> None:
        """Stop to deliver."""
        self.readable.clear()

    def resume_reading(self) -> None:
        """Go on to deliver."""
        self.readable.set()

    def close(self) -> None:
        """Close, as after a last write."""
        self.lose(None)

    def abort(self) -> None:
        """Close at once."""
        self.lose(None)

    def lose(self, error: Exception | None) -> None:
        """Tell the lane, once and later, that the connection is gone."""
        if not self.closing:
            self.closing = True
            self.loop.call_soon(self.tell_lost, error)

    def tell_lost(self, error: Exception | None) -> None:
        """Tell the lane."""
        self.lost = True
        cast("Lane", self.lane).connection_lost(error)


class Records:
    """Keeps the exchanges that were recorded."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def record(self, exchange: Exchange) -> None:
        """Record an exchange."""
        self.ids.append(exchange.request_id)


class Engine:
    """Answers as the first letter of a body asks: stream, refuse, wait, break."""

    def __init__(self, served: list[Asked]) -> None:
        self.config = Config({}, server=SERVER)
        self.clock = SystemClock()
        self.metrics, self.log = Records(), Records()
        self.served = served
        self.finished: list[int] = []

    def record(self, exchange: Exchange) -> None:
        """Record an exchange that was refused."""
        self.metrics.record(exchange)
        self.log.record(exchange)

    async def serve(
        self, body: bytes, exchange: Exchange, caller: LaneCycle, read: Read
    ) -> None:
        """Answer one request with its name; what it asks for is not read."""
        del read
        asked = Asked(b"POST", body)
        place = len(self.served)
        self.served.append(asked)
        try:
            await self.answer(name_of(asked), body[:1], exchange, caller)
            self.finished.append(place)
        finally:
            self.metrics.record(exchange)

    async def answer(
        self, name: bytes, way: bytes, exchange: Exchange, caller: LaneCycle
    ) -> None:
        """Answer in the *way* asked for."""
        if way == b"x":
            raise ZeroDivisionError
        if way == b"r":
            caller.refuse(exchange, Failure(Blame.CALLER, "no", name.decode(), 400))
            return
        if way == b"w":
            await asyncio.sleep(SLOW_S * 3)
        if way != b"s":
            caller.answer(exchange, WHOLE % name)
            return
        caller.begin(exchange)
        for piece in (CHUNK % (name, b"null"), CHUNK % (b"", b'"stop"'), DONE):
            await asyncio.sleep(SLOW_S)
            caller.write(piece)
            if (drained := caller.drain()) is not None:
                await drained
        caller.end()

    def never_began(self, exchange: Exchange) -> None:
        """Record a request whose caller left before its turn."""
        self.metrics.record(exchange)


async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    """Answer every path that is not hot, after its body, with the request's name."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        more = message["more_body"]
    asked = Asked(scope["method"].encode(), body)
    scope["state"]["served"].append(asked)
    name = name_of(asked)
    headers = [(b"content-length", b"%d" % len(name)), (b"x-name", name)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": name})


@lru_cache(maxsize=1)
def settings() -> uvicorn.Config:
    """Configure uvicorn as the gateway does."""
    config = uvicorn.Config(
        application,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    config.load()
    return config


class Meeting:
    """One caller, one connection, and what came of it."""

    def __init__(self, lane: LaneMaking, case: Case) -> None:
        self.making = lane
        self.case = case
        self.served: list[Asked] = []
        self.engine = Engine(self.served)
        self.left: set[asyncio.Task[Any]] = set()

    async def take_place(self) -> None:
        """Let the caller say what it has to say, and wait until all is quiet."""
        loop = asyncio.get_running_loop()
        self.wire = Wire(loop)
        self.state = ServerState()
        edge = Edge(cast("Any", self.engine))
        lane = self.making(edge, settings(), self.state, {"served": self.served})
        self.wire.lane = self.lane = lane
        lane.connection_made(self.wire)
        for piece in pieces_of(self.case.wire, self.case.seed):
            await self.say(piece)
        if self.case.choice & BREAKS_OFF:
            self.wire.lose(ConnectionResetError())
        elif self.case.choice & HANGS_UP and not self.wire.closing:
            lane.eof_received()
            self.wire.close()
        await asyncio.sleep(QUIET_S)
        self.left = asyncio.all_tasks() - {cast("Any", asyncio.current_task())}
        self.is_over = self.wire.lost and not self.state.tasks

    async def say(self, piece: bytes) -> None:
        """Deliver *piece* when the lane reads, unless the connection is gone."""
        if not self.wire.readable.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wire.readable.wait(), QUIET_S)
        if self.wire.closing or not self.wire.readable.is_set():
            return
        self.lane.data_received(piece)
        self.judge_what_is_kept()
        if self.case.choice & IS_SLOW:
            await asyncio.sleep(SLOW_S)
        elif self.case.choice & WAITS:
            for _ in range(8):
                await asyncio.sleep(0)

    def judge(self, understood: Understood) -> None:
        """Judge what was served, what was answered, and what is left."""
        asked = understood.asked
        assert self.served == asked[: len(self.served)], (self.served, understood)
        assert self.is_over, "nobody says anything, and the connection stays"
        assert not self.left, self.left
        ids = self.engine.metrics.ids
        assert len(ids) == len({*ids}), "an exchange was recorded twice"
        if self.case.choice & (BREAKS_OFF | HANGS_UP):
            return
        told = answers(bytes(self.wire.written), understood)
        self.judge_answers(told, asked)
        was_told = told and told[-1].closes
        assert was_told or len(told) == len(asked), "a request without an answer"
        for place in self.engine.finished:
            assert place < len(told), "an answer was lost"

    def judge_what_is_kept(self) -> None:
        """No request's body is kept beyond its bound."""
        for cycle in (self.lane.cycle, *(cycle for cycle, _ in self.lane.pipeline)):
            if isinstance(cycle, LaneCycle):
                assert sum(map(len, cycle.pieces)) <= BODY_BYTES_MAX

    def judge_answers(self, told: list[Answer], asked: list[Asked]) -> None:
        """Each answer is of the request whose turn it is; an error may be the last."""
        for place, answer in enumerate(told):
            is_last = place == len(told) - 1
            if name_at(self.served, place) in answer.said:
                assert not answer.closes or is_last
                continue
            assert answer.status >= 400, (place, answer)
            assert answer.closes, (place, answer)
            assert answer.status != 500 or asked[place].body[:1] == b"x", answer
            assert is_last, (place, told)


def seeds() -> list[Case]:
    """Write what callers send, and what attackers do."""
    post = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n"
    one = post + b"content-length: 3\r\n\r\none"
    get = b"GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"
    chunked = b"transfer-encoding: chunked\r\n\r\n"
    old = one.replace(b"HTTP/1.1", b"HTTP/1.0")
    inner = post + b"content-length: %d\r\n\r\n" % len(one) + one
    messages = one.replace(b"chat/completions", b"messages")
    wires = (
        messages + messages.replace(b"one", b"s__") + get,
        one, one + get + one, get + one + b"\r\n\r\n" + get, old + one, one * 3,
        post + chunked + b"3\r\none\r\n2;x=y\r\nab\r\n0\r\ntrailer: x\r\n\r\n" + get,
        post + b"expect: 100-continue\r\ncontent-length: 1\r\n\r\ns" + one,
        post + b"connection: close\r\ncontent-length: 1\r\n\r\nr" + one,
        post + b"content-length: 1\r\n\r\nx" + one, inner + get,
        post + b"content-length: 1\r\n\r\nw" + b"\0 no HTTP\r\n\r\n",
        post + b"content-length: 2000\r\n\r\n" + b"x" * 2000,
        post + chunked + (b"40\r\n" + b"x" * 64 + b"\r\n") * 20 + b"0\r\n\r\n" + get,
        one.replace(b"host: a", b"host: b"), one.replace(b"host: a\r\n", b""),
        one.replace(b"host: a", b"host: a\r\nhost: a"), one * 20,
        post + b"content-length: 30\r\n\r\ncut", post[:40], get[:-2] + b"x" * 90,
        post + b"content-length: 3\r\n" + chunked + b"0\r\n\r\n" + one,
        post + b"content-length: 3\r\ncontent-length: 4\r\n\r\nonee" + one,
        post + b"content-length: +3\r\n\r\none",
        post + b"content-length:3 3\r\n\r\none",
        post + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + one,
        post + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + one,
        post + chunked + b"0x3\r\none\r\n0\r\n\r\n", post + chunked + b"-1\r\n\r\n",
        post + chunked + b"3\none\n0\n\n" + one, post + chunked + b"3 \r\noneXX" + get,
        one.replace(b"\r\n", b"\n"), one.replace(b": a", b": a\r\n b"),
        one.replace(b"host:", b"host :"), one.replace(b"host: a", b"host: a\rx: y"),
        post + b"upgrade: websocket\r\nconnection: upgrade\r\n\r\n" + one,
        b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n" + one, b"HEAD" + get[3:] + one,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01", b"\r\n\r\n" + one,
        one.replace(b"/v1", b"http://a/v1"), b"OPTIONS *" + get[15:] + one,
        b"GET /\xff HTTP/1.1\r\n\r\n", b"GET // HTTP/1.1\r\nhost: a\r\n\r\n" + one,
        get[:-2] + b"upgrade: h2c\r\n\r\n" + one,
        get[:-2] + b"connection: close\r\nconnection: x\r\n\r\n" + one,
        get[:-2] + b"connection: upgrade\r\nconnection: x\r\nupgrade: h\r\n\r\n" + one,
    )  # fmt: skip
    return [
        Case(place % 16 if seed else 0, seed, wire)
        for place, wire in enumerate(wires)
        for seed in (0, place + 1)
    ]

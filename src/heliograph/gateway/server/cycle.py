"""One request on the fast lane, and the answer to it as bytes of HTTP/1.1.

It is what the engine knows as the caller, and what uvicorn's protocol takes for one
of its own request cycles.
"""

import asyncio
import logging
from collections.abc import Awaitable
from functools import lru_cache
from typing import Protocol

from msgspec import Struct, field
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from heliograph.gateway.engine import Engine
from heliograph.gateway.server.bodies import Bodies
from heliograph.gateway.server.errors import error_answer
from heliograph.gateway.server.refusals import new_exchange, record_refused
from heliograph.gateway.types import NANO, Chat, Exchange, Failure, Target
from heliograph.gateway.wire.chat import read as read_chat
from heliograph.gateway.wire.openai_error import error_body

COMMENT_AFTER_S = 15.0
REFUSED_S = 1.0
REFUSED_BODY_S = 5.0  # a caller who sends a large body looks up late
READ_LATE = frozenset({"request_too_large", "saturated"})
JOIN_BYTES_MAX = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON_HEADER = b"content-type: application/json\r\n"
STREAM_HEADERS = (
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\nx-accel-buffering: no\r\n"
)
CHUNKED = b"transfer-encoding: chunked\r\n"
TRUE, FALSE = "true", "false"
CYCLE = "heliograph.cycle"
"""Where the ASGI application finds uvicorn's cycle in the scope."""
LOGGER = logging.getLogger("heliograph")


class Line(Protocol):
    """The connection a cycle belongs to, as far as a cycle knows it."""

    engine: Engine
    bodies: Bodies
    headers: list[tuple[bytes, bytes]]
    timeout_ms: bytes | None
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: FlowControl
    server_state: ServerState
    lost: bool

    def on_response_complete(self) -> None:
        """Go on to the next request."""


class Unheard:
    """Stands where uvicorn keeps an event that only ASGI applications wait on."""

    def set(self) -> None:
        """Nobody listens."""


UNHEARD = Unheard()


class Defaults:
    """The headers that uvicorn gives to every answer, written once a second."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.lines = b""

    def write(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        """Write *pairs*, which uvicorn replaces as a whole when the second changes."""
        self.lines = b"".join([b"%b: %b\r\n" % pair for pair in pairs])
        self.pairs = pairs
        return self.lines


DEFAULTS = Defaults()


class LaneCycle(Struct, eq=False):
    """One request on the lane and its answer: what the engine knows as the caller.

    The names uvicorn's protocol touches (`response_complete`, `disconnected`,
    `keep_alive`, `message_event`) are those of its own cycle.
    """

    lane: Line
    keep_alive: bool
    chunked: bool  # HTTP/1.0 knows no chunks: there the close is the end
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    timeout_ms: bytes | None = None
    expects: bool = False  # the caller waits for `100 Continue`
    exchange: Exchange = field(default_factory=new_exchange)
    pieces: list[bytes] = field(default_factory=list)
    message_event: Unheard = UNHEARD
    response_complete: bool = False
    disconnected: bool = False
    body_bytes: int = 0
    more_body: bool = True
    queued: bool = False
    begun: bool = False  # the engine has it, or it was refused: it is recorded
    bodiless: bool = False  # `HEAD` was refused: its answer is a head alone
    granted: bytes = b""  # header lines that let a web page read the answer
    whole: asyncio.Future[None] | None = None
    refusal: Failure | None = None
    comment_timer: asyncio.TimerHandle | None = None
    written_at: float = 0.0

    async def serve(self) -> None:
        """Serve the request, in its turn of the pipeline."""
        lane = self.lane
        self.queued = False
        try:
            if self.more_body and self.refusal is None:
                self.encourage()
                self.whole = lane.loop.create_future()
                await self.whole
            if self.refusal is not None:
                self.turn_away(self.refusal)
                return
            self.begun = True
            pieces = self.pieces
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            await lane.engine.serve(body, self.exchange, self, self.read)
        except Exception:
            # The one place where a fault of our own ends up: the caller gets an
            # error, the operator the trace, and the process lives on.
            LOGGER.exception("exchange %s failed inside", self.exchange.request_id)
            self.give_up()
        finally:
            self.let_go()
            if self.comment_timer is not None:
                self.comment_timer.cancel()
            if not self.begun:
                self.begun = True
                lane.engine.never_began(self.exchange)

    # what the engine calls

    @property
    def gone(self) -> bool:
        """The caller has closed the connection."""
        return self.lane.lost

    def header(self, name: bytes) -> bytes | None:
        """Return the request's header of that lower-case name, the last one sent."""
        size = len(name)
        for found, value in reversed(self.headers):
            if len(found) == size and found.lower() == name:
                return value
        return None

    def read(self, body: bytes, depth_max: int) -> Chat | Failure:
        """Read the request in the caller's dialect."""
        return read_chat(body, depth_max)

    def answer(self, exchange: Exchange, body: bytes) -> Failure | None:
        """Send a whole answer; as it came, it is in the caller's dialect."""
        headers = JSON_HEADER + cost_header(exchange)
        self.send_whole(self.head(200, headers, exchange), body)
        return None

    def refuse(self, exchange: Exchange, failure: Failure) -> int:
        """Send an error."""
        status, headers, body = error_answer(exchange, failure)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.send_error(exchange, status, body, lines.encode("latin-1"))
        return status

    def begin(self, exchange: Exchange) -> None:
        """Send the headers of a stream and keep it from falling silent."""
        head = self.head(200, STREAM_HEADERS, exchange)
        framing = CHUNKED if self.chunked else b""
        self.lane.transport.write(head + framing + self.last_header() + b"\r\n")
        self.written_at = self.lane.loop.time()
        self.comment_timer = self.lane.loop.call_later(COMMENT_AFTER_S, self.comment)

    def write(self, data: bytes) -> None:
        """Send a piece of a stream as one chunk."""
        self.written_at = self.lane.loop.time()
        framed = b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data
        self.lane.transport.write(framed)

    def drain(self) -> Awaitable[None] | None:
        """Return what to wait for while the caller reads slower than we write.

        One that takes nothing at all is hung up on by the edge's tick. A coroutine
        for each chunk would cost more than to write it.
        """
        flow = self.lane.flow
        return flow.drain() if flow.write_paused else None

    def end(self) -> None:
        """End a stream."""
        if self.chunked:
            self.lane.transport.write(b"0\r\n\r\n")
        self.finish()

    # inside

    def hold(self, piece: bytes) -> bool:
        """Keep a piece of the body, if the process may hold that much."""
        size = len(piece)
        if not self.lane.bodies.take(size, self.body_bytes):
            return False
        self.body_bytes += size
        self.pieces.append(piece)
        return True

    def hold_whole(self, body: bytes) -> None:
        """Keep a body that came whole and that the process may hold."""
        size = self.body_bytes = len(body)
        self.lane.bodies.held_bytes += size
        self.pieces.append(body)
        self.more_body = False

    def let_go(self) -> None:
        """Hold nothing of the body any more; the first time counts."""
        if self.body_bytes:
            self.lane.bodies.give(self.body_bytes)
            self.body_bytes = 0
        self.pieces.clear()

    def turn_away(self, failure: Failure) -> None:
        """Refuse a request that the engine never sees, and record that."""
        self.begun = True
        self.keep_alive = False
        self.more_body = True  # whatever still comes is not read
        self.exchange.status = self.refuse(self.exchange, failure)
        record_refused(self.lane.engine, self.exchange, failure)

    def encourage(self) -> None:
        """Tell a caller that waits for it to send the body."""
        if self.expects:
            self.expects = False
            self.lane.transport.write(CONTINUE)

    def head(self, status: int, headers: bytes, exchange: Exchange) -> bytes:
        """Write the status line and headers, all but the last ones."""
        pairs = self.lane.server_state.default_headers
        default = DEFAULTS.lines if pairs is DEFAULTS.pairs else DEFAULTS.write(pairs)
        attempts = exchange.attempts
        counted = b"x-heliograph-attempts: %d\r\n" % len(attempts) if attempts else b""
        return b"%b%b%b%bx-request-id: %b\r\n%b%b" % (
            STATUS_LINE[status],
            default,
            headers,
            self.granted,
            exchange.request_id.encode(),
            counted,
            answered_by(exchange),
        )

    def send_error(
        self, exchange: Exchange, status: int, body: bytes, lines: bytes = b""
    ) -> None:
        """Send an error whose *body* is in OpenAI's shape, with headers of its own."""
        self.send_whole(self.head(status, JSON_HEADER + lines, exchange), body)

    def send_whole(self, head: bytes, body: bytes) -> None:
        """Send head and body, in one piece when they are small."""
        size = len(body)
        more = b"%bcontent-length: %d\r\n%b\r\n" % (head, size, self.last_header())
        if self.bodiless:
            body = b""
        transport = self.lane.transport
        if size <= JOIN_BYTES_MAX:
            transport.write(more + body)
        else:
            transport.writelines((more, body))
        self.finish()

    def last_header(self) -> bytes:
        """Say that the connection will close, when it will."""
        return b"" if self.keep_alive else b"connection: close\r\n"

    def finish(self) -> None:
        """Let the connection go on to the next request, or close."""
        self.response_complete = True
        if self.more_body:
            late = self.refusal is not None and self.refusal.kind in READ_LATE
            close_gently(self.lane, REFUSED_BODY_S if late else REFUSED_S)
        elif not self.keep_alive:
            self.lane.transport.close()
        self.lane.on_response_complete()

    def comment(self) -> None:
        """Break a silence with a comment line: the one filler every SDK passes over."""
        if self.response_complete or self.disconnected:
            return
        due_s = self.written_at + COMMENT_AFTER_S - self.lane.loop.time()
        if due_s <= 0:
            self.fill()
            due_s = COMMENT_AFTER_S
        self.comment_timer = self.lane.loop.call_later(due_s, self.comment)

    def fill(self) -> None:
        """Write what no client takes for a part of the answer."""
        self.write(b": ping\n\n")

    def give_up(self) -> None:
        """Answer 500 if nothing was sent yet; otherwise close, also an error."""
        if self.response_complete or self.disconnected:
            return
        self.keep_alive = False
        if self.written_at:
            self.lane.transport.close()
            return
        body = error_body("The gateway failed inside.", type="server_error")
        self.send_error(self.exchange, 500, body)


def close_gently(line: Line, wait_s: float) -> None:
    """Say that nothing more comes; read and drop for a while before closing.

    Closing on a caller who still sends would make its system throw our answer away.
    """
    if line.transport.can_write_eof():
        line.transport.write_eof()
    line.loop.call_later(wait_s, line.transport.close)


def answered_by(exchange: Exchange) -> bytes:
    """Write the headers that name who answers, if somebody does."""
    target = exchange.answered_by
    if target is None:
        return b""
    fallback = is_fallback(exchange, target)
    who = told(target.provider.name, target.model, TRUE if fallback else FALSE)
    if exchange.rescue is None:
        return who
    return who + b"x-heliograph-rescue: %b\r\n" % exchange.rescue.encode()


def cost_header(exchange: Exchange) -> bytes:
    """Say what a whole answer cost, to the nano-dollar, if that is known."""
    nano = exchange.cost_nano
    if nano is None:
        return b""
    return b"x-heliograph-cost-usd: %d.%09d\r\n" % divmod(nano, NANO)


def is_fallback(exchange: Exchange, target: Target) -> bool:
    """Another answers than who was asked for, or than who was asked first.

    Who was asked for may have been passed over without an attempt.
    """
    first = exchange.attempts[0].target
    if first is not target and first.name != target.name:
        return True
    return bool(exchange.asked) and target.name not in exchange.asked


@lru_cache(maxsize=1024)
def told(provider: str, model: str, fallback: str) -> bytes:
    """Write the headers that name who answered."""
    return (
        f"x-heliograph-provider: {provider}\r\n"
        f"x-heliograph-model: {model}\r\n"
        f"x-heliograph-fallback: {fallback}\r\n"
    ).encode("latin-1")

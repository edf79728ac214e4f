"""The fast lane: hot paths go from the HTTP parser straight to the engine.

It is uvicorn's own HTTP protocol with one more kind of cycle, given to uvicorn by
its documented `http=` option. Signals, drain, TLS, keep-alive, pipelining order and
backpressure stay uvicorn's; every other path goes on to the ASGI application.
"""

import asyncio
import logging
from functools import lru_cache
from itertools import count
from secrets import token_hex
from typing import Any, cast

from uvicorn.config import Config as UvicornConfig
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from heliograph.gateway.engine import Engine
from heliograph.gateway.server.errors import error_answer
from heliograph.gateway.types import Exchange, Failure
from heliograph.gateway.wire.openai_error import error_body

HOT = frozenset({b"/v1/chat/completions"})
BODY_BYTES_MAX = 32 * 1024 * 1024
COMMENT_AFTER_S = 15.0
UNREAD_S = 30.0
REFUSED_BODY_S = 5.0
JOIN_BYTES_MAX = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STREAM_HEADERS = (
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\nx-accel-buffering: no\r\n"
)
CHUNKED = b"transfer-encoding: chunked\r\n"
PROCESS_ID = token_hex(4)
NUMBERS = count(1)
LOGGER = logging.getLogger("heliograph")


class Unheard:
    """Stands where uvicorn keeps an event that only ASGI applications wait on."""

    def set(self) -> None:
        """Nobody listens."""


UNHEARD = Unheard()


class LaneCycle:
    """One request on the lane and its answer: what the engine knows as the caller.

    The names uvicorn's protocol touches (`response_complete`, `disconnected`,
    `keep_alive`, `message_event`, `run_asgi`) are those of its own cycle.
    """

    def __init__(
        self, lane: "Lane", *, keep_alive: bool, chunked: bool, expects: bool
    ) -> None:
        self.lane = lane
        self.keep_alive = keep_alive
        self.chunked = chunked  # HTTP/1.0 knows no chunks: there the close is the end
        self.expects = expects  # the caller waits for `100 Continue`
        self.message_event = UNHEARD
        self.response_complete = False
        self.disconnected = False
        self.pieces: list[bytes] = []
        self.body_bytes = 0
        self.whole: asyncio.Future[None] | None = None
        self.more_body = True
        self.queued = False
        self.exchange = Exchange(f"hg-{PROCESS_ID}-{next(NUMBERS):08x}")
        self.comment_timer: asyncio.TimerHandle | None = None
        self.written_at = 0.0

    async def run_asgi(self, _app: object) -> None:
        """Serve the request; uvicorn starts this in its turn of the pipeline."""
        lane = self.lane
        if lane.lost:
            lane.engine.never_began(self.exchange)
            return
        self.queued = False
        lane.running = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            if self.more_body:
                self.encourage()
                self.whole = lane.loop.create_future()
                await self.whole
            pieces = self.pieces
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            await lane.engine.serve(body, self.exchange, self)
        except Exception:
            # The one place where a fault of our own ends up: the caller gets an
            # error, the operator the trace, and the process lives on.
            LOGGER.exception("exchange %s failed inside", self.exchange.request_id)
            self.give_up()
        finally:
            lane.running = None
            if self.comment_timer is not None:
                self.comment_timer.cancel()

    # what the engine calls

    def answer(self, exchange: Exchange, body: bytes) -> None:
        """Send a whole answer."""
        head = self.head(200, b"content-type: application/json\r\n", exchange)
        self.send_whole(head, body)

    def refuse(self, exchange: Exchange, failure: Failure) -> int:
        """Send an error."""
        status, headers, body = error_answer(exchange, failure)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        told = b"content-type: application/json\r\n" + lines.encode("latin-1")
        self.send_whole(self.head(status, told, exchange), body)
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

    async def drain(self) -> None:
        """Wait while the caller reads slower than we write.

        One that takes nothing for `UNREAD_S` is hung up on, which ends the exchange
        as if the caller had left.
        """
        if not self.lane.flow.write_paused:
            return
        try:
            async with asyncio.timeout(UNREAD_S):
                await self.lane.flow.drain()
        except TimeoutError:
            self.lane.transport.abort()

    def end(self) -> None:
        """End a stream."""
        if self.chunked:
            self.lane.transport.write(b"0\r\n\r\n")
        self.finish()

    # inside

    def encourage(self) -> None:
        """Tell a caller that waits for it to send the body."""
        if self.expects:
            self.expects = False
            self.lane.transport.write(CONTINUE)

    def head(self, status: int, headers: bytes, exchange: Exchange) -> bytes:
        """Write the status line and headers, all but the last ones."""
        target = exchange.answered_by
        lines = [STATUS_LINE[status]]
        for name, value in self.lane.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (headers, b"x-request-id: %b\r\n" % exchange.request_id.encode())
        attempts = exchange.attempts
        if attempts:
            lines.append(b"x-heliograph-attempts: %d\r\n" % len(attempts))
        if target is not None:
            first = attempts[0].target
            fallback = first is not target and first.name != target.name
            lines.append(told(target.provider.name, target.model, fallback=fallback))
        return b"".join(lines)

    def send_whole(self, head: bytes, body: bytes) -> None:
        """Send head and body, in one piece when they are small."""
        length = b"content-length: %d\r\n" % len(body)
        head = b"".join((head, length, self.last_header(), b"\r\n"))
        transport = self.lane.transport
        if len(body) <= JOIN_BYTES_MAX:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        self.finish()

    def last_header(self) -> bytes:
        """Say that the connection will close, when it will."""
        return b"" if self.keep_alive else b"connection: close\r\n"

    def finish(self) -> None:
        """Let the connection go on to the next request, or close.

        A body that was refused is read and dropped for a while before that: closing
        in the middle of it would make the caller's system throw the answer away.
        """
        self.response_complete = True
        if self.more_body:
            self.lane.loop.call_later(REFUSED_BODY_S, self.lane.transport.close)
        elif not self.keep_alive:
            self.lane.transport.close()
        self.lane.on_response_complete()

    def comment(self) -> None:
        """Break a silence with a comment line: the one filler every SDK passes over."""
        if self.response_complete or self.disconnected:
            return
        due_s = self.written_at + COMMENT_AFTER_S - self.lane.loop.time()
        if due_s <= 0:
            self.write(b": ping\n\n")
            due_s = COMMENT_AFTER_S
        self.comment_timer = self.lane.loop.call_later(due_s, self.comment)

    def give_up(self) -> None:
        """Answer 500 if nothing was sent yet; otherwise close, also an error."""
        if self.response_complete or self.disconnected:
            return
        self.keep_alive = False
        if self.written_at:
            self.lane.transport.close()
            return
        body = error_body("The gateway failed inside.", type="server_error")
        head = self.head(500, b"content-type: application/json\r\n", self.exchange)
        self.send_whole(head, body)


@lru_cache(maxsize=1024)
def told(provider: str, model: str, *, fallback: bool) -> bytes:
    """Write the headers that name who answered."""
    return (
        f"x-heliograph-provider: {provider}\r\n"
        f"x-heliograph-model: {model}\r\n"
        f"x-heliograph-fallback: {'true' if fallback else 'false'}\r\n"
    ).encode("latin-1")


class Lane(HttpToolsProtocol):
    """Uvicorn's protocol with the lane in it."""

    def __init__(
        self,
        engine: Engine,
        config: UvicornConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.engine = engine
        self.running: asyncio.Task[None] | None = None
        self.lane_cycle: LaneCycle | None = None
        self.lost = False
        self.idle_since: float | None = None

    def on_message_begin(self) -> None:
        """Note a new request; whether it is hot is known with its headers."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.lane_cycle = None

    def on_headers_complete(self) -> None:
        """Take a hot request; hand any other to uvicorn, as if it had been first."""
        path = self.url.partition(b"?")[0]
        if path in HOT and self.parser.get_method() == b"POST":
            self.take()
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers[:] = headers
        super().on_headers_complete()

    def take(self) -> None:
        """Begin a cycle on the lane, or queue it behind the one before."""
        before = cast("LaneCycle | None", self.cycle)
        http_1_1 = self.parser.get_http_version() != "1.0"
        keep_alive = http_1_1 and self.parser.should_keep_alive()
        cycle = self.lane_cycle = LaneCycle(
            self,
            keep_alive=keep_alive,
            chunked=http_1_1,
            expects=self.expect_100_continue,
        )
        self.cycle = cast("Any", cycle)
        if before is not None and not before.response_complete:
            cycle.queued = True
            self.flow.pause_reading()
            self.pipeline.appendleft((cast("Any", cycle), self.app))
        else:
            cycle.encourage()

    def on_body(self, body: bytes) -> None:
        """Gather the body of a hot request, up to 32 MB."""
        cycle = self.lane_cycle
        if cycle is None:
            super().on_body(body)
            return
        if cycle.response_complete:
            return
        cycle.body_bytes += len(body)
        if cycle.body_bytes > BODY_BYTES_MAX:
            self.refuse_body(cycle)
            return
        cycle.pieces.append(body)

    def on_message_complete(self) -> None:
        """Start a hot request whose body is there, unless it waits in the pipeline."""
        cycle = self.lane_cycle
        if cycle is None:
            super().on_message_complete()
            return
        if cycle.response_complete or self.transport.is_closing():
            self.transport.close()
            return
        cycle.more_body = False
        if cycle.whole is not None and not cycle.whole.done():
            cycle.whole.set_result(None)
        elif not cycle.queued:
            self._start_asgi_task(cast("Any", cycle), self.app)

    def refuse_body(self, cycle: LaneCycle) -> None:
        """Answer 413 and close; the rest of the body is dropped."""
        cycle.pieces.clear()
        cycle.keep_alive = False
        said = f"The request is larger than {BODY_BYTES_MAX // 1024 // 1024} MB."
        body = error_body(said, type="invalid_request_error", code="request_too_large")
        head = cycle.head(413, b"content-type: application/json\r\n", cycle.exchange)
        cycle.send_whole(head, body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP in the shape that SDKs read.

        An answer under way is not spoilt by what follows its request: it is the
        last of the connection.
        """
        cycle = cast("LaneCycle | None", self.cycle)
        lane_cycle = self.lane_cycle
        gathering = (
            lane_cycle is not None and lane_cycle.more_body and not lane_cycle.queued
        )
        if cycle is not None and not cycle.response_complete and not gathering:
            cycle.keep_alive = False
            return
        body = error_body(msg, type="invalid_request_error", code="bad_http")
        head = (
            b"%bcontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n" % (STATUS_LINE[400], len(body))
        )
        self.transport.write(head + body)
        self.transport.close()

    def on_response_complete(self) -> None:
        """Go on to what waits in the pipeline, or wait for the next request.

        Uvicorn sets a timer after each answer, which costs more than writing the
        answer; here the connection's one timer looks how long it has been idle.
        """
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self.idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.look_again_in(self.timeout_keep_alive)

    def look_again_in(self, wait_s: float) -> None:
        """Set the connection's timer."""
        self.timeout_keep_alive_task = self.loop.call_later(
            wait_s, self.timeout_keep_alive_handler
        )

    def _unset_keepalive_if_required(self) -> None:
        self.idle_since = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for as long as it may be."""
        self.timeout_keep_alive_task = None
        if self.idle_since is None:
            return
        left_s = self.idle_since + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self.look_again_in(left_s)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange under way: the caller has gone, so the provider may stop."""
        self.lost = True
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().connection_lost(exc)
        if self.running is not None:
            self.running.cancel()

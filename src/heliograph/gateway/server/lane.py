"""The fast lane: hot paths go from the HTTP parser straight to the engine.

It is uvicorn's own HTTP protocol with one more kind of cycle, given to uvicorn by
its documented `http=` option. Signals, drain, TLS, keep-alive, pipelining order and
backpressure stay uvicorn's; every other path goes on to the ASGI application.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.config import Config as UvicornConfig
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from heliograph.gateway.engine import Engine
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.inbound_cycle import InboundCycle
from heliograph.gateway.wire.inbound import Inbound
from heliograph.gateway.wire.inbounds import inbound_of
from heliograph.gateway.wire.openai_error import error_body

EXPECT = b"expect"
EXPECT_BYTES = len(EXPECT)
CHAT_PATH = b"/v1/chat/completions"
MB = 1024 * 1024
HEAD_BYTES_MAX = 64 * 1024


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
        self.bounds = engine.config.server
        self.body_bytes_max = int(self.bounds.body_mb_max * MB)
        self.timeout_keep_alive = self.bounds.idle_s  # type: ignore[assignment] # uvicorn's is whole
        self.worker: asyncio.Task[None] | None = None
        self.rest: asyncio.Future[None] | None = None
        self.turn: LaneCycle | None = None
        self.lane_cycle: LaneCycle | None = None
        self.lost = False
        self.idle_since: float | None = None
        self.unread_timer: asyncio.TimerHandle | None = None
        self.in_head = self.head_is_new = False
        self.head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse what came; the parser itself would keep a head without an end."""
        super().data_received(data)
        if not self.in_head:
            return
        if self.head_is_new:
            self.head_is_new = False  # where in *data* it began is not known
            return
        self.head_bytes += len(data)
        if self.head_bytes > HEAD_BYTES_MAX:
            self.refuse_head()

    def on_message_begin(self) -> None:
        """Note a new request; whether it is hot is known with its headers."""
        self.in_head = self.head_is_new = True
        self.head_bytes = 0
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.lane_cycle = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header as it came; uvicorn gets to read it if the path is its own.

        What stands behind a chunked body is not looked at: nothing here is told by it.
        """
        if not self.in_head:
            return
        if len(name) == EXPECT_BYTES and name.lower() == EXPECT:
            self.expect_100_continue = value.lower() == b"100-continue"
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take a hot request; hand any other to uvicorn, as if it had been first."""
        self.in_head = False
        path = self.url.partition(b"?")[0]
        if path[:1] != b"/":  # the absolute form: RFC 9112, 3.2.2
            path = httptools.parse_url(self.url).path
        if self.parser.get_method() == b"POST":
            inbound = None if path == CHAT_PATH else inbound_of(path)
            if inbound is not None or path == CHAT_PATH:
                self.take(inbound)
                return
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def take(self, inbound: Inbound | None) -> None:
        """Begin a cycle on the lane, or queue it behind the one before."""
        before = cast("LaneCycle | None", self.cycle)
        http_1_1 = self.parser.get_http_version() != "1.0"
        keep_alive = http_1_1 and self.parser.should_keep_alive()
        expects = self.expect_100_continue
        if inbound is None:
            cycle = LaneCycle(
                self, keep_alive=keep_alive, chunked=http_1_1, expects=expects
            )
        else:
            cycle = InboundCycle(
                self,
                inbound,
                self.url,
                keep_alive=keep_alive,
                chunked=http_1_1,
                expects=expects,
            )
        self.lane_cycle = cycle
        self.cycle = cast("Any", cycle)
        if before is not None and not before.response_complete:
            cycle.queued = True
            self.flow.pause_reading()
            self.pipeline.appendleft((cast("Any", cycle), self.app))
        else:
            cycle.encourage()

    def on_body(self, body: bytes) -> None:
        """Gather the body of a hot request, up to its bound."""
        cycle = self.lane_cycle
        if cycle is None:
            super().on_body(body)
            return
        if cycle.response_complete:
            return
        cycle.body_bytes += len(body)
        if cycle.body_bytes > self.body_bytes_max:
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

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's cycle or ours
        """Start a request in its turn; ours goes to the connection's one worker."""
        if not isinstance(cycle, LaneCycle):
            super()._start_asgi_task(cycle, app)
            return
        self.turn = cycle
        if self.worker is None or self.worker.done():
            self.worker = self.loop.create_task(self.work())
            self.worker.add_done_callback(self.tasks.discard)
        elif self.rest is not None and not self.rest.done():
            self.rest.set_result(None)
        self.tasks.add(self.worker)

    async def work(self) -> None:
        """Serve the connection's hot requests, one after the other.

        A task that rests between two requests costs less than one for each. While it
        has something to do it is among the server's tasks, which a drain waits for;
        the loss of the connection ends it.
        """
        me = cast("asyncio.Task[None]", asyncio.current_task())
        while True:
            while self.turn is not None:
                cycle, self.turn = self.turn, None
                await cycle.serve()
            self.tasks.discard(me)
            self.rest = self.loop.create_future()
            await self.rest

    def refuse_body(self, cycle: LaneCycle) -> None:
        """Answer 413 and close; the rest of the body is dropped."""
        cycle.pieces.clear()
        cycle.keep_alive = False
        said = f"The request is larger than {self.bounds.body_mb_max:g} MB."
        body = error_body(said, type="invalid_request_error", code="request_too_large")
        cycle.send_error(cycle.exchange, 413, body)

    def _unsupported_upgrade_warning(self) -> None:
        """Refuse a hot request that wants another protocol: its body is not read.

        The parser takes what follows such a head for the other protocol.
        """
        cycle = self.lane_cycle
        if cycle is None or self.turn is not cycle:
            super()._unsupported_upgrade_warning()
            return
        self.turn = None
        cycle.keep_alive = False
        cycle.more_body = True  # it is not read, but the answer must get through
        said = "There is no upgrade here; send plain HTTP/1.1 without `Upgrade`."
        body = error_body(said, type="invalid_request_error", code="no_upgrade")
        cycle.send_error(cycle.exchange, 400, body)
        self.flow.pause_reading()

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
        self.refuse_connection(400, msg, "bad_http")

    def refuse_head(self) -> None:
        """Refuse a request whose headers do not end."""
        if not self.transport.is_closing():
            said = f"The headers are larger than {HEAD_BYTES_MAX // 1024} kB."
            self.refuse_connection(431, said, "headers_too_large")

    def refuse_connection(self, status: int, said: str, code: str) -> None:
        """Answer once more and close; what was under way goes with the caller."""
        body = error_body(said, type="invalid_request_error", code=code)
        head = (
            b"%bcontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n" % (STATUS_LINE[status], len(body))
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
            if self.transport.get_write_buffer_size():
                self.pause_writing()

    def pause_writing(self) -> None:
        """Hold back a stream; hang up in time on a caller who takes nothing.

        A whole answer waits for nobody, and a transport that closes would wait for
        ever to get rid of it.
        """
        super().pause_writing()
        if self.unread_timer is None:
            self.await_reader()

    def resume_writing(self) -> None:
        """Go on: the caller reads."""
        super().resume_writing()
        self.forget_unread()

    def await_reader(self) -> None:
        """Look again after `unread_s` whether anything was taken."""
        unread_bytes = self.transport.get_write_buffer_size()
        self.unread_timer = self.loop.call_later(
            self.bounds.unread_s, self.hang_up_unless_read, unread_bytes
        )

    def hang_up_unless_read(self, unread_bytes: int) -> None:
        """Hang up on a caller who took nothing of *unread_bytes* since."""
        if self.transport.get_write_buffer_size() < unread_bytes:
            self.await_reader()
        else:
            self.unread_timer = None
            self.transport.abort()

    def forget_unread(self) -> None:
        """Stop looking whether the caller reads."""
        if self.unread_timer is not None:
            self.unread_timer.cancel()
            self.unread_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange under way: the caller has gone, so the provider may stop."""
        self.lost = True
        self.forget_unread()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().connection_lost(exc)
        if self.turn is not None:
            self.engine.never_began(self.turn.exchange)
            self.turn = None
        if self.worker is not None:
            self.worker.cancel()

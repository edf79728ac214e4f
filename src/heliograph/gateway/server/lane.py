"""The fast lane: hot paths go from the HTTP parser straight to the engine.

It is uvicorn's own HTTP protocol with one more kind of cycle, given to uvicorn by
its documented `http=` option. Signals, drain, TLS, keep-alive, pipelining order and
backpressure stay uvicorn's; every other path goes on to the ASGI application.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.config import Config as UvicornConfig
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from heliograph.gateway.server.cycle import CYCLE, REFUSED_S, LaneCycle, close_gently
from heliograph.gateway.server.edge import BETWEEN, BODY, HEAD, Edge, Watch
from heliograph.gateway.server.heads import (
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    Head,
    flaw,
    has_body,
)
from heliograph.gateway.server.inbound_cycle import InboundCycle
from heliograph.gateway.server.refusals import (
    BAD_HTTP,
    HEAD_TOO_LARGE,
    NO_UPGRADE,
    body_too_large,
    new_exchange,
    record_refused,
)
from heliograph.gateway.types import Failure
from heliograph.gateway.wire.inbound import Inbound
from heliograph.gateway.wire.inbounds import inbound_of, spoken_at

EXPECT, HOST, LENGTH, CODING = (
    b"expect",
    b"host",
    b"content-length",
    b"transfer-encoding",
)
NOTED_BYTES = frozenset(map(len, (EXPECT, HOST, LENGTH, CODING)))
CHAT_PATH = b"/v1/chat/completions"
PIPELINED_MAX = 16
QUEUED_BYTES_MAX = 256 * 1024


class NotLetIn(Exception):  # noqa: N818 - it only ends the parser's work
    """The request was refused; the parser need not go on."""


class Lane(HttpToolsProtocol):
    """Uvicorn's protocol with the lane in it."""

    def __init__(
        self,
        edge: Edge,
        config: UvicornConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.edge = edge
        self.engine = edge.engine
        self.worker: asyncio.Task[None] | None = None
        self.rest: asyncio.Future[None] | None = None
        self.turn: LaneCycle | None = None
        self.lane_cycle: LaneCycle | None = None
        self.url = b""
        self.lost = False
        self.deaf = False  # nothing more is read: the last answer is on its way
        self.stage = BETWEEN
        self.watch: Watch | None = None
        self.body_bytes = 0
        self.host: bytes | None = None
        self.suspect = False  # the head needs a closer look
        self.large = False
        self.barren_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Let the edge look after it."""
        super().connection_made(transport)
        self.edge.enter(self, self.loop)

    def data_received(self, data: bytes) -> None:
        """Parse what came; the parser itself would keep a head without an end."""
        if self.deaf:
            return
        self.large = len(data) > HEAD_BYTES_MAX
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.deaf:
                self.refuse(BAD_HTTP)
            return
        except httptools.HttpParserUpgrade:
            self.deaf = True  # the parser takes what follows for the other protocol
            return
        if self.stage == BETWEEN:
            return
        if self.barren_bytes < 0:
            self.barren_bytes = 0  # where in *data* it began is not known
            return
        self.barren_bytes += len(data)
        if self.barren_bytes > HEAD_BYTES_MAX:
            self.refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Note a new request; whether it is hot is known with its headers."""
        self.stage = HEAD
        self.watch = None
        self.barren_bytes = -1
        self.url = b""
        self.headers = []
        self.host = None
        self.suspect = self.expect_100_continue = False
        self.lane_cycle = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header as it came; uvicorn gets to read it if the path is its own.

        What stands behind a chunked body is not looked at: nothing here is told by it.
        """
        if self.stage != HEAD:
            return
        if len(name) in NOTED_BYTES:
            self.note(name.lower(), value)
        self.headers.append((name, value))

    def note(self, name: bytes, value: bytes) -> None:
        """Note what the lane itself acts on, and what may make the head suspect."""
        if name == HOST:
            self.suspect = self.suspect or self.host is not None
            self.host = value
        elif name == LENGTH:
            if int(value) > self.edge.body_bytes_max:
                self.suspect = True
        elif name == CODING:
            self.suspect = True
        elif name == EXPECT:
            self.expect_100_continue = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """Take a hot request; hand any other to uvicorn, as if it had been first."""
        parser = self.parser
        path = self.url.partition(b"?")[0]
        if path[:1] != b"/" and path != b"*":  # the absolute form: RFC 9112, 3.2.2
            self.suspect = True
            path = httptools.parse_url(self.url).path
        hot = False
        inbound: Inbound | None = None
        if parser.get_method() == b"POST":
            inbound = None if path == CHAT_PATH else inbound_of(path)
            hot = inbound is not None or path == CHAT_PATH
        if (
            self.suspect
            or self.large
            or not hot
            or self.host not in self.edge.hosts.known
            or len(self.headers) > HEADERS_MAX
            or parser.should_upgrade()
            or parser.get_http_version() != "1.1"
        ):
            self.examine(hot=hot)
        self.stage = BODY
        self.watch = None
        if hot:
            self.take(inbound)
        else:
            self.hand_over()

    def examine(self, *, hot: bool) -> None:
        """Refuse a head that has a flaw."""
        parser = self.parser
        head = Head(
            parser.get_method(),
            self.url,
            parser.get_http_version(),
            self.headers,
            upgrade=parser.should_upgrade(),
        )
        found = flaw(head, self.edge.hosts, self.edge.server.body_mb_max)
        if found is NO_UPGRADE and not hot and not has_body(head):
            return  # HTTP allows to answer as if nothing had been asked
        if found is not None:
            self.refuse(found)
            raise NotLetIn

    def hand_over(self) -> None:
        """Hand a request to uvicorn."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        cast("dict[str, Any]", self.scope)[CYCLE] = self.cycle
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
        self.read_on()

    def take(self, inbound: Inbound | None) -> None:
        """Begin a cycle on the lane, or queue it behind the one before."""
        http_1_1 = self.parser.get_http_version() != "1.0"
        cycle = self.cycle_for(
            inbound,
            keep_alive=http_1_1 and self.parser.should_keep_alive(),
            chunked=http_1_1,
            expects=self.expect_100_continue,
        )
        self.line_up(cycle)
        if not cycle.queued:
            cycle.encourage()

    def cycle_for(self, inbound: Inbound | None, **ways: bool) -> LaneCycle:
        """Make a cycle that speaks the caller's dialect."""
        if inbound is None:
            return LaneCycle(self, **ways)
        return InboundCycle(self, inbound, self.url, **ways)

    def line_up(self, cycle: LaneCycle) -> None:
        """Make *cycle* the connection's latest; it waits while another is answered."""
        cycle.queued = self.answering
        self.lane_cycle = cycle
        self.cycle = cast("Any", cycle)
        if cycle.queued:
            self.pipeline.appendleft((cast("Any", cycle), self.app))
            self.read_on()

    def read_on(self) -> None:
        """Read while requests wait, but not many: how else would we see a caller go."""
        if len(self.pipeline) > PIPELINED_MAX:
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        """Gather the body of a hot request, up to its bound."""
        self.barren_bytes = -1
        self.body_bytes += len(body)
        cycle = self.lane_cycle
        if cycle is None:
            super().on_body(body)
            return
        cycle.body_bytes += len(body)
        if cycle.body_bytes > self.edge.body_bytes_max:
            self.refuse(body_too_large(self.edge.server.body_mb_max))
            raise NotLetIn
        cycle.pieces.append(body)
        if cycle.queued and cycle.body_bytes > QUEUED_BYTES_MAX:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """Start a hot request whose body is there, unless it waits in the pipeline."""
        self.stage = BETWEEN
        self.watch = None
        cycle = self.lane_cycle
        if cycle is None:
            super().on_message_complete()
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

    def refuse(self, failure: Failure) -> None:
        """Refuse the request that is being read, in its turn; it is the last one.

        An answer under way is not spoilt by what follows its request, and what is no
        request gets no answer of its own behind it.
        """
        self.deaf = True
        stage, self.stage = self.stage, BETWEEN
        self.watch = None
        if failure is BAD_HTTP and stage != BODY and self.answering:
            self.cycle.keep_alive = False
            record_refused(self.engine, new_exchange(), failure)
            return
        cycle = self.lane_cycle if stage == BODY else None
        if cycle is None:
            if stage == BODY and not self.take_back():
                return
            inbound = spoken_at(self.url.partition(b"?")[0])
            cycle = self.cycle_for(
                inbound, keep_alive=False, chunked=True, expects=False
            )
            cycle.bodiless = self.parser.get_method() == b"HEAD"
            self.line_up(cycle)
        cycle.refusal = failure
        cycle.keep_alive = False
        if cycle.whole is not None and not cycle.whole.done():
            cycle.whole.set_result(None)
        elif not cycle.queued:
            cycle.turn_away(failure)

    def take_back(self) -> bool:
        """Take back what was handed to uvicorn, unless its answer has begun."""
        cycle = self.cycle
        if cycle.response_complete:
            close_gently(self, REFUSED_S)
            return False
        if cycle.response_started:
            cycle.keep_alive = False
            return False
        cycle.disconnected = True
        cycle.message_event.set()
        if self.pipeline:
            self.pipeline.popleft()
        else:
            cycle.response_complete = True
        return True

    @property
    def answering(self) -> bool:
        """A request is being answered."""
        cycle = cast("LaneCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    @property
    def served(self) -> bool:
        """A request was answered before."""
        return self.cycle is not None

    @property
    def waits_for_us(self) -> bool:
        """The caller was not told yet to send the body."""
        return self.lane_cycle is not None and self.lane_cycle.expects

    def on_response_complete(self) -> None:
        """Go on to what waits in the pipeline, or wait for the next request."""
        self.server_state.total_requests += 1
        self.watch = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def resume_writing(self) -> None:
        """Go on: the caller reads."""
        super().resume_writing()
        self.watch = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange under way: the caller has gone, so the provider may stop."""
        self.lost = True
        self.edge.guests.discard(self)
        super().connection_lost(exc)
        waiting = {self.turn, self.lane_cycle, *(cycle for cycle, _ in self.pipeline)}
        self.turn = None
        for cycle in waiting:
            if isinstance(cycle, LaneCycle) and not cycle.begun:
                cycle.begun = True
                self.engine.never_began(cycle.exchange)
        if self.worker is not None:
            self.worker.cancel()

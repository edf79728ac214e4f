"""Requests in their turn: one connection's pipeline, its worker, and what is refused.

Everything here begins once the head of a request was read; `lane` is what reads it.
"""

import asyncio
from typing import Any, cast

from uvicorn.config import Config as UvicornConfig
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from heliograph.gateway.server.cycle import REFUSED_S, LaneCycle, close_gently
from heliograph.gateway.server.edge import BETWEEN, BODY, Edge, Watch
from heliograph.gateway.server.inbound_cycle import InboundCycle
from heliograph.gateway.server.origins import granted, lines_of
from heliograph.gateway.server.refusals import BAD_HTTP, new_exchange, record_refused
from heliograph.gateway.types import Failure, VirtualKey
from heliograph.gateway.wire.inbound import Inbound
from heliograph.gateway.wire.inbounds import spoken_at

PIPELINED_MAX = 16


class Turns(HttpToolsProtocol):
    """Uvicorn's protocol with one worker for the hot requests of a connection."""

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
        self.bodies = edge.bodies
        self.keys = edge.guard.keys
        self.worker: asyncio.Task[None] | None = None
        self.rest: asyncio.Future[None] | None = None
        self.turn: LaneCycle | None = None
        self.lane_cycle: LaneCycle | None = None
        self.url = b""
        self.headers = []
        self.origin: bytes | None = None
        self.timeout_ms: bytes | None = None
        self.named: bytes | None = None  # the header with the request's own tags
        self.virtual_key: VirtualKey | None = None
        self.tags: tuple[str, ...] = ()
        self.lost = False
        self.deaf = False  # nothing more is read: the last answer is on its way
        self.stage = BETWEEN
        self.watch: Watch | None = None
        self.body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Let the edge look after it."""
        super().connection_made(transport)
        self.edge.enter(self, self.loop)

    def take(self, inbound: Inbound | None, *, http_1_1: bool) -> None:
        """Begin a cycle on the lane, or queue it behind the one before."""
        keep_alive = http_1_1 and self.parser.should_keep_alive()
        cycle = self.cycle_for(inbound, keep_alive=keep_alive, chunked=http_1_1)
        cycle.expects = self.expect_100_continue
        self.line_up(cycle)
        if cycle.expects and not cycle.queued:
            cycle.encourage()

    def cycle_for(
        self, inbound: Inbound | None, *, keep_alive: bool, chunked: bool
    ) -> LaneCycle:
        """Make a cycle that speaks the caller's dialect, and to its page."""
        if inbound is None:
            cycle = LaneCycle(self, keep_alive, chunked, self.headers, self.timeout_ms)
        else:
            cycle = InboundCycle(
                self,
                keep_alive,
                chunked,
                self.headers,
                self.timeout_ms,
                inbound=inbound,
                url=self.url,
                translator=inbound.stream(),
            )
        cycle.exchange.virtual_key = self.virtual_key
        cycle.exchange.tags = self.tags
        if self.origin is not None:
            pairs = granted(self.origin, self.edge.server.cors_origins)
            cycle.granted = lines_of(pairs)
        return cycle

    def line_up(self, cycle: LaneCycle) -> None:
        """Make *cycle* the connection's latest; it waits while another is answered."""
        before: Any = self.cycle
        latest: Any = cycle
        self.lane_cycle = cycle
        self.cycle = latest
        if before is not None and not before.response_complete:
            cycle.queued = True
            self.pipeline.appendleft((latest, self.app))
            self.read_on()

    def read_on(self) -> None:
        """Read while requests wait, but not many: how else would we see a caller go."""
        if len(self.pipeline) > PIPELINED_MAX:
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()

    @property
    def queued_bytes(self) -> int:
        """What the bodies in the pipeline hold."""
        cycles = [cast("object", cycle) for cycle, _ in self.pipeline]
        return sum(c.body_bytes for c in cycles if isinstance(c, LaneCycle))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's cycle or ours
        """Start a request in its turn; ours goes to the connection's one worker."""
        if isinstance(cycle, LaneCycle):
            self.start(cycle)
        else:
            super()._start_asgi_task(cycle, app)

    def start(self, cycle: LaneCycle) -> None:
        """Give a hot request to the connection's one worker."""
        self.turn = cycle
        worker, rest = self.worker, self.rest
        if worker is None or worker.done():
            worker = self.worker = self.loop.create_task(self.work())
            worker.add_done_callback(self.tasks.discard)
        elif rest is not None and not rest.done():
            rest.set_result(None)
        self.tasks.add(worker)

    async def work(self) -> None:
        """Serve the connection's hot requests, one after the other.

        A task that rests between two requests costs less than one for each. While it
        has something to do it is among the server's tasks, which a drain waits for;
        the loss of the connection ends it.
        """
        me = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            while True:
                while self.turn is not None:
                    cycle, self.turn = self.turn, None
                    await cycle.serve()
                self.tasks.discard(me)
                self.rest = self.loop.create_future()
                await self.rest
        except asyncio.CancelledError:
            # A task that ends in an error keeps where it stood, and so the connection.
            if not self.lost:
                raise

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
            cycle = self.cycle_for(inbound, keep_alive=False, chunked=True)
            # Before the address, what looks like the method may be a part of it.
            cycle.bodiless = bool(self.url) and self.parser.get_method() == b"HEAD"
            self.line_up(cycle)
        cycle.refusal = failure
        cycle.keep_alive = False
        cycle.let_go()
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
        if self.flow.read_paused:
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
                cycle.let_go()
                self.engine.never_began(cycle.exchange)
        if self.worker is not None:
            self.worker.cancel()
        # They know their connection: without this all would wait for the collector.
        self.worker = self.lane_cycle = None
        self.cycle = cast("Any", None)

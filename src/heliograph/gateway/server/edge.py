"""What the connections of one process share: who may come in, and the tick.

One tick looks over all connections: a timer for each, or for each request, would cost
more. A bound is therefore kept to within one tick.
"""

import asyncio
from contextlib import suppress
from ssl import SSLContext
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from heliograph.gateway.config.networks import network_of
from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.server.bodies import Bodies
from heliograph.gateway.server.guard import Guard
from heliograph.gateway.server.hosts import Hosts
from heliograph.gateway.server.refusals import FULL, SLOW_BODY, SLOW_HEAD
from heliograph.gateway.types import Failure, Server

TICK_S_MAX = 0.5
TICK_S_MIN = 0.02
TICKS = 10  # in the shortest bound
LOOKED_AT = 50
BREATH_S = 0.001
MB = 1024 * 1024
POSSIBLE = 1_000_000
BETWEEN, HEAD, BODY = range(3)
"""What a connection reads: nothing of a request, its head, or its body."""


class Guest(Protocol):
    """A connection, as far as the tick knows it."""

    transport: asyncio.Transport
    flow: FlowControl
    stage: int
    body_bytes: int
    watch: "Watch | None"

    @property
    def answering(self) -> bool:
        """A request is being answered."""

    @property
    def served(self) -> bool:
        """A request was answered before."""

    @property
    def waits_for_us(self) -> bool:
        """The caller holds back until we let it go on."""

    def refuse(self, failure: Failure) -> None:
        """Refuse the request that is being read."""


class Watch:
    """What the tick remembers of a connection between two looks.

    It is forgotten whenever the connection comes to another stage. `due_s` is when a
    body has been too slow: each byte pays for a moment, and nothing is paid further
    ahead than the grace.
    """

    __slots__ = ("due_s", "seen_bytes", "since_s", "unread_bytes")

    def __init__(self, now_s: float, grace_s: float, seen_bytes: int) -> None:
        self.since_s = now_s
        self.due_s = now_s + grace_s
        self.seen_bytes = seen_bytes
        self.unread_bytes: int | None = None


class Edge:
    """The connections, what they may do, and the tick that sees to it."""

    def __init__(
        self,
        engine: Engine,
        connections_possible: int = POSSIBLE,
        guard: Guard | None = None,
    ) -> None:
        self.engine = engine
        self.guard = guard or Guard(KeyRing())
        self.connections_possible = connections_possible
        self.guests: set[Guest] = set()
        self.timer: asyncio.TimerHandle | None = None
        self.tls: SSLContext | None = None
        self.bodies = Bodies()
        self.config = engine.config
        self.server = Server()
        self.settle()

    def settle(self) -> None:
        """Take up the config, which a reload may have changed."""
        config = self.config = self.engine.config
        server = self.server = config.server
        if self.tls is not None and server.tls is not None:
            # What cannot be read leaves the certificate that is in force.
            with suppress(OSError):
                self.tls.load_cert_chain(server.tls.certificate, server.tls.key)
        self.hosts = Hosts(server.hosts)
        self.guard.trusted = tuple(map(network_of, server.trusted_proxies))
        self.body_bytes_max = int(server.body_mb_max * MB)
        self.bodies.bytes_max = int(config.limits.body_mb_in_flight * MB)
        most = min(server.connections_max, self.connections_possible)
        self.connections_max = most
        self.connections_told_max = most + most // 4
        shortest_s = min(server.head_s, server.idle_s, server.unread_s)
        self.tick_s = max(TICK_S_MIN, min(shortest_s / TICKS, TICK_S_MAX))

    def enter(self, guest: Guest, loop: asyncio.AbstractEventLoop) -> None:
        """Look after *guest* from now on, or refuse it if there are too many.

        Where that is far too many, it is not told: it would have to be waited for.
        """
        if self.engine.config is not self.config:
            self.settle()
        self.guests.add(guest)
        if self.timer is None:
            self.timer = loop.call_later(self.tick_s, self.tick, loop)
        if len(self.guests) > self.connections_max:
            guest.refuse(FULL)
            if len(self.guests) > self.connections_told_max:
                guest.transport.abort()

    def tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at every connection."""
        self.timer = None
        if self.engine.config is not self.config:
            self.settle()
        self.go_round(loop, list(self.guests))

    def go_round(self, loop: asyncio.AbstractEventLoop, guests: list[Guest]) -> None:
        """Look at some of *guests*, and at the rest once others have had their turn.

        To refuse a thousand in one go would be felt by everybody else.
        """
        self.timer = None
        now_s = loop.time()
        for guest in guests[-LOOKED_AT:]:
            if guest in self.guests:
                self.look(guest, now_s)
        del guests[-LOOKED_AT:]
        if guests:
            self.timer = loop.call_later(BREATH_S, self.go_round, loop, guests)
        elif self.guests:
            self.timer = loop.call_later(self.tick_s, self.tick, loop)

    def look(self, guest: Guest, now_s: float) -> None:
        """Close or refuse *guest* if it has been slow for longer than it may be."""
        server = self.server
        watch = guest.watch
        if watch is None:
            guest.watch = Watch(now_s, server.head_s, guest.body_bytes)
        elif guest.flow.write_paused or guest.transport.is_closing():
            self.look_unread(guest, watch, now_s)
        elif guest.flow.read_paused or guest.waits_for_us:
            guest.watch = None
        elif guest.stage == BODY:
            self.look_body(guest, watch, now_s)
        elif guest.stage == HEAD:
            if now_s - watch.since_s > server.head_s:
                guest.refuse(SLOW_HEAD)
        elif not guest.answering:
            bound_s = server.idle_s if guest.served else server.head_s
            if now_s - watch.since_s > bound_s:
                guest.transport.close()
                guest.watch = None

    def look_body(self, guest: Guest, watch: Watch, now_s: float) -> None:
        """Refuse a body that came slower than it must."""
        server = self.server
        got_bytes = guest.body_bytes - watch.seen_bytes
        watch.seen_bytes = guest.body_bytes
        paid_s = got_bytes / server.body_bytes_per_s_min
        watch.due_s = min(watch.due_s + paid_s, now_s + server.head_s)
        if now_s > watch.due_s:
            guest.refuse(SLOW_BODY)

    def look_unread(self, guest: Guest, watch: Watch, now_s: float) -> None:
        """Hang up on a caller who takes nothing of what waits for it.

        A whole answer waits for nobody, and a transport that closes would wait for
        ever to get rid of it.
        """
        left_bytes = guest.transport.get_write_buffer_size()
        if watch.unread_bytes is None or left_bytes < watch.unread_bytes:
            watch.unread_bytes = left_bytes
            watch.since_s = now_s
        elif now_s - watch.since_s >= self.server.unread_s:
            guest.transport.abort()

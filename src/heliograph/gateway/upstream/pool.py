"""Kept connections by origin, and the clock tick that ends overdue calls.

Everything that waits on a provider waits here. DNS and TLS happen while a
connection is made, never between a kept connection and its call.
"""

import asyncio
import socket
import ssl
from collections import defaultdict

from heliograph.gateway.types import Blame, Failure, HttpReply
from heliograph.gateway.upstream.call import Call, Origin
from heliograph.gateway.upstream.connection import EXCHANGE_IS_OVER, Connection

KEPT_S = 30.0
KEPT_MAX = 256
TICK_S = 0.05
REST_S = 3.0
LINGER_S = 1.0


class Pool:
    """Connections to providers; belongs to one event loop.

    One tick serves all deadlines: it looks at every call under way every 50 ms,
    which costs less than a timer a call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.kept: defaultdict[Origin, list[Connection]] = defaultdict(list)
        self.busy: set[Connection] = set()
        self.lingering: dict[Connection, Origin] = {}
        self.ticking: asyncio.TimerHandle | None = None
        self.resting = True  # nothing ticks, or seldom

    async def fetch(self, call: Call) -> HttpReply | Failure:
        """Send *call* and wait for the whole answer.

        A kept connection that closes as it is used, before any byte of an answer,
        is replaced once, by a new one: the provider cannot have worked on the call.
        """
        connection = self.kept_one(call.origin)
        while True:
            if connection is None:
                made = await self.connect(call)
                if not isinstance(made, Connection):
                    return made
                connection = made
            self.busy.add(connection)
            if self.resting:
                self.watch()
            try:
                connection.send(call, streaming=False)
                while not connection.complete and connection.failure is None:
                    await connection.news()
                reply = connection.whole()
            finally:
                self.release(call.origin, connection)
            if connection.failure is None or not connection.stale:
                return reply
            connection, call.sent = None, False

    async def open(self, call: Call) -> Connection | Failure:
        """Send *call* and wait for status and headers.

        The caller reads the rest and must `release` the connection, always.
        """
        connection = self.kept_one(call.origin)
        while True:
            if connection is None:
                made = await self.connect(call)
                if not isinstance(made, Connection):
                    return made
                connection = made
            self.busy.add(connection)
            if self.resting:
                self.watch()
            failure: Failure | None = None
            opened = False
            try:
                connection.send(call, streaming=True)
                failure = await connection.head()
                opened = failure is None
            finally:
                if not opened:
                    self.release(call.origin, connection)
            if failure is None:
                return connection
            if not connection.stale:
                return failure
            connection, call.sent = None, False

    def release(
        self, origin: Origin, connection: Connection, *, finished: bool = False
    ) -> None:
        """Keep *connection* if its answer was read whole; otherwise close it now.

        *finished*: the stream said its last word, and only HTTP's own end may still
        be on its way; it gets a moment to arrive.
        """
        if finished and not connection.complete:
            connection.linger(LINGER_S)
            self.lingering[connection] = origin
            return
        self.busy.discard(connection)
        if not connection.is_reusable():
            connection.abort()
            return
        kept = self.kept[origin]
        connection.idle_since = self.loop.time()
        kept.append(connection)
        if len(kept) > KEPT_MAX:
            kept.pop(0).abort()
        if self.ticking is None:
            self.ticking = self.loop.call_later(REST_S, self.tick)

    def kept_one(self, origin: Origin) -> Connection | None:
        """Take the connection used last."""
        kept = self.kept[origin]
        while kept:
            connection = kept.pop()
            if not connection.closed:
                return connection
        return None

    async def connect(self, call: Call) -> Connection | Failure:
        """Open a connection within `connect_s` and what is left of the exchange."""
        origin = call.origin
        left_s = call.deadline_at - self.loop.time()
        bound_s = min(call.timeouts.connect_s, left_s)
        try:
            async with asyncio.timeout(bound_s):
                _, connection = await self.loop.create_connection(
                    lambda: Connection(self.loop),
                    origin.host,
                    origin.port,
                    ssl=call.tls,
                    server_hostname=origin.host if origin.tls else None,
                )
        except TimeoutError:
            if left_s <= call.timeouts.connect_s:
                return unreachable("total_timeout", EXCHANGE_IS_OVER)
            return unreachable("connect_timeout", f"no connection in {bound_s:.3g} s")
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "refused"
            return unreachable("tls_failure", f"TLS failed: {reason}")
        except socket.gaierror:
            return unreachable("dns_failure", f"{origin.host} has no address")
        except OSError as error:
            said = error.strerror or "connection failed"
            return unreachable("connect_failed", said)
        return connection

    def tick(self) -> None:
        """End overdue calls and close connections kept too long."""
        now = self.loop.time()
        for connection in tuple(self.busy):
            connection.expire(now)
        for connection, origin in tuple(self.lingering.items()):
            if connection.complete or connection.failure is not None:
                del self.lingering[connection]
                self.release(origin, connection)
        for origin, kept in tuple(self.kept.items()):
            while kept and (kept[0].closed or now - kept[0].idle_since > KEPT_S):
                kept.pop(0).abort()
            if not kept:
                del self.kept[origin]
        self.ticking = None
        self.resting = True
        if self.busy:
            self.watch()
        elif self.kept:
            self.ticking = self.loop.call_later(REST_S, self.tick)

    def watch(self) -> None:
        """Tick soon: a call is under way, whose bounds are to be looked after."""
        if self.ticking is not None:
            self.ticking.cancel()
        self.ticking = self.loop.call_later(TICK_S, self.tick)
        self.resting = False

    def close(self) -> None:
        """Close everything; calls under way fail."""
        if self.ticking is not None:
            self.ticking.cancel()
            self.ticking = None
        for connection in (
            *self.busy,
            *(c for kept in self.kept.values() for c in kept),
        ):
            connection.abort()
        self.kept.clear()
        self.lingering.clear()


def unreachable(kind: str, message: str) -> Failure:
    """Nothing was sent: the provider could not be reached."""
    return Failure(Blame.PROVIDER, kind, message)

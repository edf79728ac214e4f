"""Drives one exchange: read the request, walk the plan, send, decode, record.

Everything it decides with is a value from a room below; what it knows of the caller
is the `Caller` protocol. Nothing is written to the caller before an answer has
really begun, so that until then another target may take over.
"""

import asyncio
from collections.abc import Callable
from ssl import SSLContext
from typing import Protocol

import msgspec

from heliograph.clock import Clock
from heliograph.gateway.catalog.facts import facts
from heliograph.gateway.providers.signing import auth_headers
from heliograph.gateway.routing.ending import (
    STOPPED,
    abandon,
    end_attempt,
    settle,
    withhold,
)
from heliograph.gateway.routing.failover import MODEL_WIDE, failover
from heliograph.gateway.routing.names import Choice, choices
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.types import (
    JSON_TYPE,
    SSE_TYPE,
    Attempt,
    Blame,
    Chat,
    Config,
    Exchange,
    Failure,
    HttpReply,
    HttpRequest,
    Provider,
    Target,
)
from heliograph.gateway.upstream.call import Call, Origin, head_of, origin_of
from heliograph.gateway.upstream.connection import Connection
from heliograph.gateway.upstream.pool import Pool
from heliograph.gateway.wire.chat import read as read_chat
from heliograph.gateway.wire.dialect import Dialect, Stream
from heliograph.gateway.wire.dialects import DIALECTS
from heliograph.gateway.wire.openai_error import error_event

Read = Callable[[bytes, int], Chat | Failure]
OK = 200
NAMED_MAX = 1024
Way = tuple[Provider, Origin, bytes, SSLContext | None]


class Caller(Protocol):
    """Whoever asked: the lane in the server, a list in a test."""

    @property
    def gone(self) -> bool:
        """The caller has closed the connection."""

    def answer(self, exchange: Exchange, body: bytes) -> Failure | None:
        """Send a whole answer, or say why the caller's dialect cannot hold it."""

    def refuse(self, exchange: Exchange, failure: Failure) -> int:
        """Send an error in the caller's dialect; return the status it went with."""

    def begin(self, exchange: Exchange) -> None:
        """Send the headers of a stream."""

    def write(self, data: bytes) -> None:
        """Send a piece of a stream."""

    async def drain(self) -> None:
        """Wait while the caller reads slower than we write."""

    def end(self) -> None:
        """End a stream."""


class Engine:
    """One per process; holds the config snapshot and what every exchange shares."""

    def __init__(
        self,
        config: Config,
        *,
        pool: Pool,
        metrics: Metrics,
        log: ExchangeLog,
        clock: Clock,
        draw: Callable[[], float],
        tls: SSLContext,
    ) -> None:
        self.config = config
        self.pool = pool
        self.metrics = metrics
        self.log = log
        self.clock = clock
        self.draw = draw
        self.tls = tls
        self.ways: dict[tuple[str, str, str], Way] = {}
        self.named: dict[str, list[Choice]] = {}
        self.named_by = config

    def reload(self, config: Config) -> None:
        """Serve by *config* from now on; exchanges under way keep what they hold."""
        self.config = config
        self.ways = {}

    async def serve(
        self,
        body: bytes,
        exchange: Exchange,
        caller: Caller,
        read: Read = read_chat,
    ) -> None:
        """Answer one request, or refuse it; either way it is recorded once.

        *read* reads the body in the caller's dialect.
        """
        began_s = self.clock.monotonic_s()
        exchange.started_at = self.clock.wall_s()
        self.metrics.in_flight += 1
        run = Run(self, exchange, caller, began_s)
        try:
            failure = await run.walk(read(body, self.config.server.json_depth_max))
            if failure is not None:
                run.close(failure)
        except asyncio.CancelledError:
            if caller.gone:
                abandon(exchange, run.now_s())
            elif exchange.outcome != "answered":
                run.stop()
            raise
        finally:
            self.metrics.in_flight -= 1
            exchange.duration_s = self.clock.monotonic_s() - began_s
            self.metrics.record(exchange)
            self.log.record(exchange)

    def never_began(self, exchange: Exchange) -> None:
        """Record a request whose caller had left before it could be served."""
        exchange.started_at = self.clock.wall_s()
        abandon(exchange, 0.0)
        self.metrics.record(exchange)
        self.log.record(exchange)

    def choices(self, chat: Chat) -> list[Choice] | Failure:
        """Name who may answer *chat*; what the config alone decides is kept."""
        if chat.fallbacks:
            return choices(chat, self.config)
        if self.named_by is not self.config or len(self.named) > NAMED_MAX:
            self.named_by, self.named = self.config, {}
        kept = self.named.get(chat.model)
        if kept is None:
            found = choices(chat, self.config)
            if isinstance(found, Failure):
                return found
            kept = self.named[chat.model] = found
        return kept

    def call(self, target: Target, request: HttpRequest, deadline_at: float) -> Call:
        """Make the bytes of one call; its head is the same each time, and kept.

        An exchange that outlives a reload may still make calls by the old config: what
        is kept says whose it is, so that neither gets the other's key.
        """
        key = target.key
        name = (target.provider.name, key.id if key else "", request.path)
        way = self.ways.get(name)
        if way is None or way[0] is not target.provider:
            endpoint = target.provider.endpoint
            origin, _ = origin_of(endpoint.base_url)
            head = head_of(target.provider, request, auth_headers(endpoint, key))
            tls = self.tls if origin.tls else None
            way = self.ways[name] = (target.provider, origin, head, tls)
        _, origin, head, tls = way
        return Call(
            origin, head, request.body, target.provider.timeouts, deadline_at, tls
        )


class Run:
    """One exchange under way."""

    def __init__(
        self, engine: Engine, exchange: Exchange, caller: Caller, began_s: float
    ) -> None:
        self.engine = engine
        self.exchange = exchange
        self.caller = caller
        self.began_s = began_s
        self.begun = False  # the caller has been sent something: the commit point

    async def walk(self, chat: Chat | Failure) -> Failure | None:
        """Walk the plan for a request that was read; None when it was answered."""
        if isinstance(chat, Failure):
            return chat
        self.exchange.asked_model = chat.model
        self.exchange.stream = chat.stream
        named = self.engine.choices(chat)
        if isinstance(named, Failure):
            return named
        total_s = named[0].provider.timeouts.total_s
        # The pool's bounds are in loop time.
        deadline_at = self.engine.pool.loop.time() + total_s
        told: Failure | None = None
        plan = failover(named, self.engine.draw)
        try:
            target: Target | None = next(plan)
            while target is not None:
                failure = await self.attempt(target, chat, deadline_at)
                if failure is None or self.begun:
                    return failure
                # What a fallback cannot do is no news beside why it was asked.
                if failure.kind not in MODEL_WIDE or told is None:
                    told = failure
                if failure.kind == "total_timeout":
                    return failure
                try:
                    target = plan.send(failure)
                except StopIteration:
                    target = None
        finally:
            plan.close()
        return told

    async def attempt(
        self, target: Target, chat: Chat, deadline_at: float
    ) -> Failure | None:
        """Make one call, or find that it cannot be made."""
        endpoint = target.provider.endpoint
        known = facts(target.provider.name, target.model)
        dialect = DIALECTS[endpoint.dialect]
        request = dialect.encode(chat, target.model, endpoint, known)
        if isinstance(request, Failure):
            if self.exchange.attempts:
                return msgspec.structs.replace(
                    request, blame=Blame.TARGET, kind="unsupported_parameter"
                )
            return request
        self.exchange.usage = self.exchange.finish = None
        attempt = Attempt(target, started_s=self.now_s())
        self.exchange.attempts.append(attempt)
        call = self.engine.call(target, request, deadline_at)
        if chat.stream:
            failure = await self.stream(call, chat, attempt, dialect)
        else:
            failure = await self.whole(call, chat, dialect)
        if failure is not None:
            failure = withhold(failure, target.key)
        attempt.ended_s = self.now_s()
        attempt.failure = failure
        return failure

    async def whole(self, call: Call, chat: Chat, dialect: Dialect) -> Failure | None:
        """Get a whole answer and pass it on."""
        reply = await self.engine.pool.fetch(call)
        if isinstance(reply, Failure):
            return reply
        if reply.status != OK:
            return dialect.decode_error(reply)
        failure = unpacked(packed=reply.packed)
        if failure is not None:
            return failure
        answer = dialect.decode(reply, chat)
        if isinstance(answer, Failure):
            return answer
        self.exchange.first_byte_s = self.now_s()
        self.exchange.usage = answer.usage
        self.exchange.finish = answer.finish
        failure = self.caller.answer(self.exchange, answer.body)
        if failure is None:
            self.settle_answered()
        return failure

    async def stream(
        self, call: Call, chat: Chat, attempt: Attempt, dialect: Dialect
    ) -> Failure | None:
        """Open a stream and relay it."""
        pool = self.engine.pool
        connection = await pool.open(call)
        if isinstance(connection, Failure):
            return connection
        finished = False
        try:
            failure = await no_stream(connection, dialect.decode_error)
            if failure is not None:
                return failure
            stream = dialect.stream(chat)
            stream.created = int(self.exchange.started_at)
            failure = await self.relay(connection, stream, attempt)
            finished = failure is None
        finally:
            pool.release(call.origin, connection, finished=finished)
        return failure

    async def relay(
        self, connection: Connection, stream: Stream, attempt: Attempt
    ) -> Failure | None:
        """Pass a stream on, event by event; hold it back until it has content."""
        held: list[bytes] = []
        while True:
            data = await connection.read()
            if isinstance(data, Failure):
                broken: Failure | None = data
                out = b""
            else:
                out = stream.feed(data) if data else stream.close()
                broken = stream.failure
            if self.begun:
                if out:
                    self.caller.write(out)
            else:
                held.append(out)
                # What broke before anything was sent may still fail over.
                if stream.started and broken is None:
                    connection.progress()
                    self.commit()
                    self.caller.write(b"".join(held))
            self.exchange.usage = stream.usage
            self.exchange.finish = stream.finish
            if stream.complete:
                self.settle_answered()
                self.caller.end()
                return None
            if broken is not None:
                broken = withhold(broken, attempt.target.key)
                self.say_broken(broken)
                return broken
            await self.caller.drain()

    def commit(self) -> None:
        """Begin the answer: from here no other target may take over."""
        self.begun = True
        self.exchange.first_byte_s = self.now_s()
        self.exchange.status = OK
        self.caller.begin(self.exchange)

    def say_broken(self, failure: Failure) -> None:
        """End a stream that broke after it began with an error, never with `[DONE]`."""
        if self.begun:
            self.caller.write(error_event(failure))
            self.caller.end()

    def close(self, failure: Failure) -> None:
        """Note why nobody answered, and tell the caller unless it has been told."""
        settle(self.exchange, failure)
        if not self.begun:
            self.exchange.status = self.caller.refuse(self.exchange, failure)

    def stop(self) -> None:
        """Break off, because the gateway stops and its drain is over."""
        end_attempt(self.exchange, STOPPED, self.now_s())
        self.say_broken(STOPPED)
        self.close(STOPPED)

    def settle_answered(self) -> None:
        """Note that the caller has the whole answer."""
        self.exchange.outcome = "answered"
        self.exchange.status = OK

    def now_s(self) -> float:
        """Seconds since the exchange began."""
        return self.engine.clock.monotonic_s() - self.began_s


def unpacked(*, packed: bool) -> Failure | None:
    """Refuse a packed answer: it was asked for unpacked."""
    if not packed:
        return None
    said = "the provider packed its answer although it was asked not to"
    return Failure(Blame.PROVIDER, "content_encoding", said, OK)


async def no_stream(
    connection: Connection, decode_error: Callable[[HttpReply], Failure]
) -> Failure | None:
    """Tell a stream from all else that may come where one was asked for.

    A JSON or HTML page with status 200 is a failure: SDKs read it as an empty
    answer without an error.
    """
    content_type = connection.headers.get("content-type", "").lower()
    if connection.status == OK and content_type.startswith(SSE_TYPE):
        return unpacked(packed=connection.packed)
    reply = await connection.rest()
    if isinstance(reply, Failure):
        return reply
    if reply.status != OK:
        return decode_error(reply)
    kind = content_type.partition(";")[0].strip() or "nothing"
    shown = kind if kind in {JSON_TYPE, "text/html", "text/plain"} else "something else"
    said = f"the provider sent {shown} where a stream was asked for"
    return Failure(Blame.PROVIDER, "not_a_stream", said, OK)

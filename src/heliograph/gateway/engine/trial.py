"""One call to one target: opened until it has really begun, then read to its end."""

import asyncio

import msgspec
from msgspec import Struct, field

from heliograph.gateway.catalog.cost import charge
from heliograph.gateway.catalog.estimate import is_untold, likely_usage
from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.holding import (
    NO_ROOM,
    Lacking,
    draw,
    hold,
    parted,
    settle,
    waited,
)
from heliograph.gateway.engine.queue import WaitingGate, admitted, go_out
from heliograph.gateway.engine.shared import Shared
from heliograph.gateway.engine.stream_head import OK, PACKED, no_stream
from heliograph.gateway.engine.way import Way
from heliograph.gateway.engine.worst import bounded
from heliograph.gateway.ledger.accounts import Met
from heliograph.gateway.ledger.budgets import WAIT_S
from heliograph.gateway.ledger.caps import Hold
from heliograph.gateway.routing.ending import (
    HEDGED_AWAY,
    no_time_left,
    saturated,
    withhold,
)
from heliograph.gateway.routing.failover import Step
from heliograph.gateway.routing.rescue import HOLD_BYTES_MAX
from heliograph.gateway.routing.target_health import Watch
from heliograph.gateway.types import (
    Attempt,
    Blame,
    Chat,
    Failure,
    HttpReply,
    HttpRequest,
    Price,
    Reply,
    Target,
    Usage,
)
from heliograph.gateway.upstream.call import Call
from heliograph.gateway.upstream.connection import Connection
from heliograph.gateway.wire.dialect import Stream
from heliograph.gateway.wire.said import Said, answer_bytes
from heliograph.gateway.wire.splice import Splice
from heliograph.gateway.wire.sse import is_keep_alive

PAID_FOR = frozenset(
    {"first_byte_timeout", "idle_timeout", "total_timeout", "caller_timeout"}
    | {"truncated", "malformed", "no_choices", "unknown_finish", "content_encoding"}
)
"""We hung up on a provider that may have worked, or could not use what it had done:
there will be a bill, although nothing of it was counted."""


class Trial(Struct, eq=False):
    """A call under way: its record, its watch, its connection, its answer.

    `open` returns None once there is an answer to hand on: `reply`, or the beginning
    of a stream in `held`. Whoever opened it must `end` or `leave` it, once.
    """

    course: Course
    step: Step
    chat: Chat
    way: Way
    splice: Splice | None = None
    met: Met | None = None  # the caps that it takes of
    held: list[bytes] = field(default_factory=list)
    held_bytes: int = 0
    paid_for: bool = False  # by our doing the provider has worked for nothing
    reply: Reply | None = None
    attempt: Attempt | None = None
    watch: Watch | None = None
    gate: WaitingGate | None = None
    connection: Connection | None = None
    call: Call | None = None
    stream: Stream | None = None
    beside: bool = False  # it is made beside another that is slow
    held_of: Hold | None = None  # what is reserved of budgets, until it is settled
    said: Said | None = None

    @property
    def shared(self) -> Shared:
        """What all exchanges have in common."""
        return self.course.shared

    @property
    def target(self) -> Target:
        """Who is called."""
        return self.way.target

    async def open(self) -> Failure | None:
        """Call; return when the answer is there or has begun, or why it has not."""
        course, step, chat = self.course, self.step, self.chat
        target = self.way.target
        failure = course.shared.unpriced(target, course.exchange.started_at)
        if failure is not None:
            return failure
        request = self.way.encode(chat)
        # What a struct is, is known at once; what it is not, only after a search.
        if not isinstance(request, HttpRequest):
            return self.cannot_carry(request)
        if step.wait_s or step.health.provider.gate is not None:
            failure = await self.come_in()
            if failure is not None:
                return failure
        met = self.met
        if met is not None and not (course.drawn and draw(course, met, self.way, chat)):
            found = hold(course, met, self.way, chat)
            if isinstance(found, Lacking):
                # Nobody needs a hedge: it waits for nothing, and nobody is refused.
                found = NO_ROOM if self.beside else await waited(course, found, WAIT_S)
            if isinstance(found, Failure):
                self.give_back(finished=False)
                return found
            self.held_of = found
        now_s = course.clock_s()
        self.attempt = Attempt(target, now_s - course.began_s)
        course.exchange.attempts.append(self.attempt)
        if self.beside:
            course.exchange.hedged = True
        self.watch = step.health.begin(now_s, stream=chat.stream, probe=step.probe)
        call = self.call = self.way.call(request, course.deadline_at, step.patience_s)
        if chat.stream:
            failure = await self.begin(call)
        else:
            failure = self.take(await course.shared.pool.fetch(call))
        return None if failure is None else self.end(failure)

    def cannot_carry(self, failure: Failure) -> Failure:
        """Blame the caller for what nobody else was asked yet; later, the target."""
        if not self.course.exchange.attempts:
            return failure
        return msgspec.structs.replace(
            failure, blame=Blame.TARGET, kind="unsupported_parameter"
        )

    async def come_in(self) -> Failure | None:
        """Wait as the plan says, then at the provider's gate if it has one."""
        course = self.course
        loop, wait_s = self.shared.pool.loop, self.step.wait_s
        left_s = course.deadline_at - loop.time() - wait_s
        if left_s <= 0:
            return no_time_left(tightened=course.tightened)
        if wait_s:
            await asyncio.sleep(wait_s)
        gate = self.step.health.provider.gate
        if gate is None:
            return None
        if not await admitted(gate, loop, left_s):
            return saturated(self.target.provider.name)
        self.gate = gate
        return None

    def take(self, reply: HttpReply | Failure) -> Failure | None:
        """Take in a whole answer."""
        if not isinstance(reply, HttpReply):
            return reply
        if reply.status != OK:
            return self.way.dialect.decode_error(reply)
        if reply.packed:
            return PACKED
        answer = self.way.dialect.decode(reply, self.chat)
        if not isinstance(answer, Reply):
            return answer
        self.reply = answer
        # The head of the answer says what it cost.
        self.charge()
        return None

    async def begin(self, call: Call) -> Failure | None:
        """Open a stream and hold it until it has content, or to its end."""
        connection = await self.shared.pool.open(call)
        if isinstance(connection, Failure):
            return connection
        self.connection = connection
        failure = await no_stream(connection, self.way.dialect.decode_error)
        if failure is not None:
            return failure
        stream = self.stream = self.way.dialect.stream(self.chat)
        stream.created = int(self.course.exchange.started_at)
        while True:
            out, failure = await self.read()
            if failure is not None:
                return failure
            self.held.append(out)
            self.held_bytes += len(out)
            if stream.complete or (stream.started and not self.is_held):
                return None

    @property
    def is_held(self) -> bool:
        """The stream is kept back to its end, unless it grows too long for that."""
        return self.course.conduct == "hold" and self.held_bytes < HOLD_BYTES_MAX

    async def read(self) -> tuple[bytes, Failure | None]:
        """Read on: what the caller gets next, and how the stream broke, if it did."""
        connection = self.connection
        assert connection is not None  # noqa: S101 - `begin` has made it
        while (data := connection.take()) is None:
            await connection.news()
        return self.take_in(data, connection)

    def take_in(
        self, data: bytes | Failure, connection: Connection
    ) -> tuple[bytes, Failure | None]:
        """Take in what came of the stream, its end, or how it broke."""
        stream = self.stream
        assert stream is not None  # noqa: S101 - `begin` has made it
        had_begun = stream.started
        if isinstance(data, Failure):
            if stream.finish is None:
                return b"", data
            # The last word was said; what broke was only the way to HTTP's own end.
            out = stream.close()
            if not stream.complete:
                return b"", data
        else:
            out = stream.feed(data) if data else stream.close()
        failure = stream.failure
        if stream.started:
            if self.said is None:
                self.said = Said(out, stream.events)
            else:
                self.said.bytes += len(out)
            if failure is None:
                if not had_begun:
                    self.answered()
                if out or (isinstance(data, bytes) and not is_keep_alive(data)):
                    connection.progress()
        if self.splice is not None:
            out = self.splice.feed(out)
            failure = self.splice.failure or failure
        return out, failure

    def answered(self) -> None:
        """Tell the health that the answer has begun."""
        if self.watch is not None:
            self.watch.answered(self.course.clock_s())

    def end(self, failure: Failure | None) -> Failure | None:
        """Note how the call ended, and give back what it held; return the failure."""
        if failure is not None:
            if failure.kind == "total_timeout" and self.course.tightened:
                failure = no_time_left(tightened=True)
            failure = withhold(failure, self.target.key)
        attempt = self.attempt
        now_s = self.course.clock_s()
        if attempt is not None:
            attempt.ended_s = now_s - self.course.began_s
            attempt.failure = failure
            if attempt.cost_basis is None:
                self.paid_for = failure is not None and self.was_paid_for(failure)
                self.charge()
        if failure is not None and self.held_of is None:
            self.held_of = parted(self.course)
        if self.held_of is not None:
            settle(self.course, self.held_of, attempt if self.was_sent else None)
        if self.watch is not None:
            self.tell(self.watch, failure, now_s)
            if failure is not None and failure.retry_after_s is None:
                wait_s = self.step.health.probe_wait_s(now_s)
                failure = msgspec.structs.replace(failure, retry_after_s=wait_s)
        if self.connection is not None or self.gate is not None:
            self.give_back(finished=failure is None)
        return failure

    @property
    def was_sent(self) -> bool:
        """Whether the provider may have heard of it: else it cannot cost anything."""
        return self.call is not None and self.call.sent

    def was_paid_for(self, failure: Failure) -> bool:
        """Tell whether a call that failed before any content has a price."""
        if not self.was_sent:
            return False
        cut = failure.kind == "reset" and failure.status == OK and not self.chat.stream
        return cut or failure.kind in PAID_FOR

    def charge(self) -> None:
        """Note what the call has used, and what it costs; a broken one is paid for."""
        attempt, reply, stream = self.attempt, self.reply, self.stream
        if attempt is None or attempt.cost_basis is not None:
            return
        answer = reply or stream
        usage = attempt.usage = answer.usage if answer is not None else None
        begun = reply is not None or (stream is not None and stream.started)
        if usage is None and not begun and not self.paid_for:
            attempt.cost_nano, attempt.cost_basis = 0, "free"
            return
        course = self.course
        price = self.way.price_at(course.exchange.started_at)
        ended = reply is not None or (stream is not None and stream.finish is not None)
        if price is None:
            attempt.cost_basis = "unknown_price"
        elif usage is None or not ended:
            likely = self.likely_usage(usage, price)
            attempt.cost_nano, attempt.cost_basis = charge(price, likely, "estimate")
        elif price.mixed and is_untold(price, usage, self.chat):
            attempt.cost_basis = "unknown_usage"
        else:
            attempt.cost_nano, attempt.cost_basis = charge(price, usage)

    def likely_usage(self, told: Usage | None, price: Price) -> Usage:
        """Estimate what the call has used, since nobody has counted it to its end."""
        said, stream, text_bytes = self.said, self.stream, 0
        if self.reply is not None:
            text_bytes = answer_bytes(self.reply.body)
        elif said is not None and stream is not None:
            text_bytes = said.text_bytes(stream.events)
        vendor, _, model = price.name.partition("/")
        return likely_usage(self.chat, told, (vendor, model), text_bytes)

    def tell(self, watch: Watch, failure: Failure | None, now_s: float) -> None:
        """Tell the health how the call ended; a whole answer has begun only now."""
        if self.reply is None:
            watch.end(failure, now_s)
        elif failure is None:
            watch.whole(now_s)
        else:
            watch.answered(now_s)
            watch.end(failure, now_s)

    def leave(self) -> None:
        """Break the call off from our side, unless it has ended."""
        if self.watch is not None and not self.watch.ended:
            self.watch.leave()
            self.paid_for = self.was_sent
            self.charge()
            self.held_of = self.held_of or parted(self.course)
        if self.held_of is not None:
            settle(self.course, self.held_of, self.attempt if self.was_sent else None)
        self.give_back(finished=False)

    def lose(self) -> None:
        """Note that another attempt was faster."""
        attempt = self.attempt
        if attempt is not None and attempt.ended_s is None:
            attempt.ended_s = self.course.now_s()
            attempt.failure = HEDGED_AWAY

    def give_back(self, *, finished: bool) -> None:
        """Give back the connection and the place at the gate."""
        connection, self.connection = self.connection, None
        if connection is not None and self.call is not None:
            self.shared.pool.release(self.call.origin, connection, finished=finished)
        gate, self.gate = self.gate, None
        if gate is not None:
            go_out(gate)


def trial_of(
    course: Course, step: Step, chat: Chat, splice: Splice | None = None
) -> Trial:
    """Make the call of *step*, as far as the budgets of the exchange allow it."""
    way, account, met = course.shared.way_to(step.health), course.account, None
    if account is not None:
        met = account.spending
        if account.of_targets:
            met = account.met(way.target.provider.name, way.model)
        if chat.max_tokens is None:
            chat = bounded(met, way.endpoint, chat)
    return Trial(course, step, chat, way, splice, met)

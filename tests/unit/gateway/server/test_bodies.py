"""What is held of bodies: counted from the first byte, given back whatever happens."""

import asyncio
import random
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from heliograph.gateway.server.bodies import Bodies
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.edge import MB, Edge
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.server.refusals import TOO_MUCH_HELD
from heliograph.gateway.types import Config, Exchange, Limits

BOUND = 1000
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    pause_reading = resume_reading = lambda _self: None


class Engine:
    """Serves until it is told how to end: with an answer, or a fault of its own."""

    config = Config({}, limits=Limits(body_mb_in_flight=BOUND / MB))

    def __init__(self) -> None:
        self.clock = self.metrics = self.log = self
        self.under_way: list[asyncio.Future[bool]] = []
        self.recorded: list[Exchange] = []
        self.left = 0

    def wall_s(self) -> float:
        return 0.0

    def record(self, exchange: Exchange) -> None:
        if exchange not in self.recorded:
            self.recorded.append(exchange)

    def never_began(self, exchange: Exchange) -> None:
        assert exchange not in self.recorded
        self.recorded.append(exchange)

    async def serve(
        self, body: bytes, exchange: Exchange, caller: LaneCycle, read: object
    ) -> None:
        del body, read
        well: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.under_way.append(well)
        try:
            if not await well:
                raise ArithmeticError("a fault of our own")
            caller.answer(exchange, b"{}")
        except asyncio.CancelledError:
            self.left += 1
            raise
        finally:
            self.under_way.remove(well)
            self.record(exchange)


class Gateway:
    """An edge, and callers on it."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.edge = Edge(cast("Any", self.engine))
        self.settings = uvicorn.Config(
            cast("Any", object()), interface="asgi3", ws="none", log_config=None
        )
        self.settings.load()

    @property
    def held_bytes(self) -> int:
        return self.edge.bodies.held_bytes

    def caller(self) -> "Caller":
        return Caller(self)


class Caller:
    """A lane with a caller on it."""

    def __init__(self, gateway: Gateway) -> None:
        self.wire = Wire()
        self.lane = Lane(gateway.edge, gateway.settings, ServerState(), {})
        self.lane.connection_made(cast("Any", self.wire))

    def begin(self, length: int, sent: int = 0) -> None:
        self.say(POST + b"content-length: %d\r\n\r\n" % length + b"x" * sent)

    def say(self, data: bytes) -> None:
        self.lane.data_received(data)

    def chunk(self, size: int) -> None:
        self.say(b"%x\r\n%b\r\n" % (size, b"x" * size))

    def leave(self) -> None:
        self.lane.connection_lost(None)

    @property
    def was_told_to_come_again(self) -> bool:
        head = self.wire.written.partition(b"\r\n\r\n")[0].split(b"\r\n")
        return head[0] == b"HTTP/1.1 503 Service Unavailable" and {
            b"retry-after: 1",
            b"x-should-retry: true",
            b"connection: close",
        } <= set(head)

    @property
    def held_bytes(self) -> int:
        """What this connection's requests hold."""
        waiting = {self.lane.cycle, *(cycle for cycle, _ in self.lane.pipeline)}
        cycles = [cast("object", cycle) for cycle in waiting]
        return sum(c.body_bytes for c in cycles if isinstance(c, LaneCycle))


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_what_fits_is_taken_and_what_is_given_back_can_be_taken_again() -> None:
    bodies = Bodies()
    bodies.bytes_max = 10
    assert bodies.take(6, 0)
    assert not bodies.take(5, 0)
    assert bodies.take(4, 0)
    assert not bodies.fits(1, 4)
    bodies.give(6)
    assert bodies.fits(6, 4)
    assert bodies.held_bytes == 4


def test_one_that_is_alone_may_be_larger_than_the_bound() -> None:
    bodies = Bodies()
    bodies.bytes_max = 10
    assert bodies.fits(1000, 0)
    assert bodies.take(8, 0)
    assert bodies.take(8, 8)
    assert not bodies.take(1, 0)
    bodies.give(16)
    assert bodies.held_bytes == 0


async def test_a_body_that_would_go_beyond_is_refused_before_it_is_read() -> None:
    gateway = Gateway()
    first, second = gateway.caller(), gateway.caller()
    first.begin(600, sent=600)
    second.begin(500)
    assert second.was_told_to_come_again
    assert gateway.held_bytes == 600
    (exchange,) = gateway.engine.recorded
    assert (exchange.outcome, exchange.status) == ("failed", 503)
    first.leave()
    await settled()
    assert gateway.held_bytes == 0


async def test_who_waits_for_a_word_is_refused_instead_of_encouraged() -> None:
    gateway = Gateway()
    gateway.caller().begin(600, sent=600)
    caller = gateway.caller()
    caller.say(POST + b"expect: 100-continue\r\ncontent-length: 500\r\n\r\n")
    assert caller.was_told_to_come_again


async def test_a_length_that_is_merely_claimed_keeps_nobody_out() -> None:
    gateway = Gateway()
    for _ in range(20):
        gateway.caller().begin(900)
    caller = gateway.caller()
    caller.begin(800, sent=800)
    await settled()
    assert len(gateway.engine.under_way) == 1


async def test_a_body_of_unknown_length_is_refused_when_it_grows() -> None:
    gateway = Gateway()
    first, second = gateway.caller(), gateway.caller()
    for caller in (first, second):
        caller.say(CHUNKED)
        caller.chunk(400)
    first.chunk(200)
    assert not first.wire.written
    second.chunk(1)
    assert second.was_told_to_come_again
    assert gateway.held_bytes == 600


async def test_one_that_waits_its_turn_is_refused_in_its_turn_and_holds_nothing() -> (
    None
):
    gateway = Gateway()
    caller = gateway.caller()
    caller.begin(600, sent=600)
    await settled()
    caller.say(CHUNKED)
    caller.chunk(300)
    assert gateway.held_bytes == 900
    caller.chunk(300)
    assert gateway.held_bytes == 600
    assert not caller.wire.written
    gateway.engine.under_way[0].set_result(True)
    await settled()
    assert caller.wire.written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"HTTP/1.1 503 Service Unavailable\r\n" in caller.wire.written
    assert gateway.held_bytes == 0
    assert len(gateway.engine.recorded) == 2


async def test_a_reload_moves_the_bound() -> None:
    gateway = Gateway()
    gateway.engine.config = Config({}, limits=Limits(body_mb_in_flight=2000 / MB))
    for _ in range(2):
        gateway.caller().begin(900, sent=900)
    assert gateway.held_bytes == 1800


async def test_whatever_happens_nothing_stays_counted() -> None:
    draw = random.Random(3)
    gateway = Gateway()
    callers: list[Caller] = []
    for _ in range(3000):
        step(gateway, callers, draw)
        if draw.random() < 0.5:
            await settled()
        assert gateway.held_bytes >= 0
        assert gateway.held_bytes <= BOUND or len(holding(callers)) <= 1
        assert sum(caller.held_bytes for caller in callers) <= gateway.held_bytes
    for caller in callers:
        caller.leave()
    await settled()
    assert gateway.held_bytes == 0
    assert not gateway.engine.under_way
    told = [exchange.failure for exchange in gateway.engine.recorded]
    assert sum(one is TOO_MUCH_HELD for one in told) > 100
    assert gateway.engine.left > 10


def holding(callers: list[Caller]) -> list[Caller]:
    return [caller for caller in callers if caller.held_bytes]


def step(gateway: Gateway, callers: list[Caller], draw: random.Random) -> None:
    """Do one thing that can happen, to one caller or to one exchange."""
    what = draw.random()
    if not callers or what < 0.15:
        callers.append(gateway.caller())
    elif what < 0.3:
        callers.pop(draw.randrange(len(callers))).leave()
    elif what < 0.55 and gateway.engine.under_way:
        well = draw.choice(gateway.engine.under_way)
        if not well.done():
            well.set_result(draw.random() < 0.7)
    else:
        caller = draw.choice(callers)
        size = draw.choice((5, 90, 300, 1500))
        whole = POST + b"content-length: %d\r\n\r\n" % size + b"x" * size
        if not caller.wire.closed:
            caller.say(whole[: draw.choice((90, len(whole), len(whole)))])

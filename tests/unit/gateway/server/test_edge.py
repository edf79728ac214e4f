"""One tick closes what is idle, slow or unread for too long, and nothing before."""

import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, cast

import pytest
import uvicorn
from msgspec.structs import replace
from uvicorn.server import ServerState

from heliograph.gateway.server.edge import Edge
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Config, Exchange, Server

HEAD_S = 10
KEPT_S = 40
UNREAD_S = 30
RATE = 1000
BODY = 20_000
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
LONG = POST + b"content-length: %d\r\n\r\n" % BODY
GET = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"


class Engine:
    config = Config(
        {},
        server=Server(
            head_s=HEAD_S,
            body_bytes_per_s_min=RATE,
            idle_s=KEPT_S,
            unread_s=UNREAD_S,
        ),
    )

    def __init__(self) -> None:
        self.clock = self.metrics = self.log = self
        self.recorded: list[Exchange] = []

    def wall_s(self) -> float:
        return 0.0

    def record(self, exchange: Exchange) -> None:
        if exchange not in self.recorded:
            self.recorded.append(exchange)

    def never_began(self, exchange: Exchange) -> None:
        self.recorded.append(exchange)


class Timer:
    def __init__(self, due_s: float, call: Callable[[], object]) -> None:
        self.due_s = due_s
        self.call = call


class Loop:
    """A loop whose time is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now_s

    def call_later(
        self, wait_s: float, call: Callable[..., object], *told: object
    ) -> Timer:
        timer = Timer(self.now_s + wait_s, partial(call, *told))
        self.timers.append(timer)
        return timer

    def create_task(self, work: Any) -> "Task":  # noqa: ANN401 - any coroutine
        work.close()
        return Task()

    def pass_s(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while due := [timer for timer in self.timers if timer.due_s <= end_s]:
            timer = min(due, key=lambda timer: timer.due_s)
            self.timers.remove(timer)
            self.now_s = timer.due_s
            timer.call()
        self.now_s = end_s


class Task:
    """A request under way that never ends."""

    def done(self) -> bool:
        return False

    def cancel(self) -> None:
        """Nobody waits."""

    add_done_callback = cast("Any", lambda *_: None)


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.closed = self.aborted = self.paused = False
        self.unread_bytes = 0
        self.written = b""

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes


class Connected:
    """A lane with a caller on it, alone or beside another on the same edge."""

    def __init__(self, beside: "Connected | None" = None) -> None:
        config = uvicorn.Config(
            cast("Any", None), http=cast("Any", Lane), log_config=None
        )
        config.loaded_app = cast("Any", None)
        self.wire = Wire()
        self.loop: Loop = beside.loop if beside else Loop()
        self.engine = Engine()
        self.edge: Edge = beside.edge if beside else Edge(cast("Any", self.engine))
        state = ServerState()
        self.lane = Lane(self.edge, config, state, {}, cast("Any", self.loop))
        self.lane.connection_made(cast("Any", self.wire))

    def ask(self) -> None:
        self.lane.data_received(POST + b"content-length: 2\r\n\r\n{}")

    def answer(self) -> None:
        cycle = self.lane.lane_cycle
        assert cycle is not None
        cycle.begun = True
        cycle.answer(cycle.exchange, b"{}")

    def was_told(self, status: int, code: str) -> bool:
        head, _, body = self.wire.written.rpartition(b"\r\n\r\n")
        said = json.loads(body)["error"]["code"]
        return head.startswith(b"HTTP/1.1 %d " % status) and said == code


@pytest.fixture
def connected() -> Connected:
    return Connected()


def test_a_connection_idle_for_its_time_is_closed(connected: Connected) -> None:
    connected.ask()
    connected.answer()
    connected.loop.pass_s(KEPT_S - 1)
    assert not connected.wire.closed
    connected.loop.pass_s(3)
    assert connected.wire.closed


def test_each_answer_begins_the_time_anew(connected: Connected) -> None:
    for _ in range(3):
        connected.ask()
        connected.answer()
        connected.loop.pass_s(KEPT_S - 2)
    assert not connected.wire.closed


def test_a_request_under_way_is_never_idle(connected: Connected) -> None:
    connected.ask()
    connected.loop.pass_s(20 * KEPT_S)
    assert not connected.wire.closed
    connected.answer()
    connected.loop.pass_s(KEPT_S + 2)
    assert connected.wire.closed


def test_many_connections_need_one_timer_and_none_left_needs_none() -> None:
    first = Connected()
    second = Connected(beside=first)
    assert len(first.loop.timers) == 1
    first.lane.connection_lost(None)
    second.lane.connection_lost(None)
    first.loop.pass_s(2)
    assert not first.loop.timers


def test_a_caller_who_says_nothing_is_let_go_without_a_word(
    connected: Connected,
) -> None:
    connected.loop.pass_s(HEAD_S - 1)
    connected.lane.data_received(b"\r\n")
    assert not connected.wire.closed
    connected.loop.pass_s(3)
    assert connected.wire.closed
    assert not connected.wire.written
    assert not connected.engine.recorded


@pytest.mark.parametrize("begun", [POST, GET], ids=["hot", "other"])
def test_a_head_that_drips_is_refused_in_time(
    connected: Connected, begun: bytes
) -> None:
    connected.lane.data_received(begun)
    for _ in range(HEAD_S + 2):
        connected.lane.data_received(b"x")
        connected.loop.pass_s(1)
    assert connected.was_told(408, "slow_request")
    assert connected.wire.closed
    (exchange,) = connected.engine.recorded
    assert (exchange.outcome, exchange.status) == ("refused", 408)


def test_a_body_that_drips_is_refused_in_time(connected: Connected) -> None:
    connected.lane.data_received(LONG)
    for _ in range(HEAD_S + 2):
        connected.lane.data_received(b"x" * 20)
        connected.loop.pass_s(1)
    assert connected.was_told(408, "slow_request")
    assert connected.wire.closed
    assert len(connected.engine.recorded) == 1


def test_a_body_that_stops_is_refused_however_much_came_before(
    connected: Connected,
) -> None:
    connected.lane.data_received(LONG + b"x" * (BODY - 1))
    connected.loop.pass_s(HEAD_S - 2)
    assert not connected.wire.closed
    connected.loop.pass_s(4)
    assert connected.was_told(408, "slow_request")


def test_a_body_at_the_least_rate_is_waited_for(connected: Connected) -> None:
    connected.lane.data_received(LONG)
    for _ in range(BODY // RATE - 1):
        connected.lane.data_received(b"x" * RATE)
        connected.loop.pass_s(1)
    assert not connected.wire.closed
    assert not connected.wire.written
    connected.lane.data_received(b"x" * RATE)
    connected.loop.pass_s(20 * HEAD_S)
    assert not connected.wire.closed


def test_a_slow_head_behind_a_request_under_way_waits_for_its_turn(
    connected: Connected,
) -> None:
    connected.ask()
    cycle = connected.lane.lane_cycle
    assert cycle is not None
    connected.lane.data_received(POST)
    connected.loop.pass_s(HEAD_S + 2)
    assert not connected.wire.written
    assert not connected.wire.closed
    assert [queued.refusal for queued, _ in cast("Any", connected.lane.pipeline)]


def test_a_caller_who_takes_nothing_is_hung_up_on(connected: Connected) -> None:
    connected.ask()
    connected.wire.unread_bytes = 1_000_000
    connected.lane.pause_writing()
    connected.loop.pass_s(UNREAD_S - 1)
    assert not connected.wire.aborted
    connected.loop.pass_s(3)
    assert connected.wire.aborted


def test_a_caller_who_reads_slowly_is_waited_for(connected: Connected) -> None:
    connected.ask()
    connected.wire.unread_bytes = 1_000_000
    connected.lane.pause_writing()
    for _ in range(5):
        connected.wire.unread_bytes -= 1
        connected.loop.pass_s(UNREAD_S - 1)
    assert not connected.wire.aborted
    connected.lane.resume_writing()
    connected.loop.pass_s(10 * UNREAD_S)
    assert not connected.wire.aborted


def test_a_rest_that_nobody_takes_does_not_keep_a_closing_connection(
    connected: Connected,
) -> None:
    connected.ask()
    connected.answer()
    connected.wire.unread_bytes = 100
    connected.loop.pass_s(KEPT_S + 2)
    assert connected.wire.closed
    assert not connected.wire.aborted
    connected.loop.pass_s(UNREAD_S + 2)
    assert connected.wire.aborted


def test_new_bounds_hold_for_connections_that_are_there(connected: Connected) -> None:
    connected.ask()
    connected.answer()
    connected.loop.pass_s(2)
    server = replace(Engine.config.server, idle_s=4)
    connected.engine.config = replace(Engine.config, server=server)
    connected.loop.pass_s(4)
    assert connected.wire.closed


def test_many_slow_callers_are_refused_a_few_at_a_time(connected: Connected) -> None:
    callers = [connected, *(Connected(beside=connected) for _ in range(199))]
    for caller in callers:
        caller.lane.data_received(LONG)
    loop, told = connected.loop, [0]
    while told[-1] < len(callers):
        assert loop.now_s < 100 + HEAD_S + 3
        loop.pass_s(min(timer.due_s for timer in loop.timers) - loop.now_s)
        told.append(len(connected.engine.recorded))
    assert max(after - before for before, after in pairwise(told)) <= 50

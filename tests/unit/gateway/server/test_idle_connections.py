"""One timer a connection closes it when it has been idle, and not before."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Config, Server

KEPT_S = 5
UNREAD_S = 30


class Engine:
    config = Config({}, server=Server(idle_s=KEPT_S, unread_s=UNREAD_S))


class Timer:
    def __init__(self, due_s: float, call: Callable[[], object]) -> None:
        self.due_s = due_s
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


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

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        due = [t for t in self.timers if t.due_s <= self.now_s and not t.cancelled]
        self.timers = [t for t in self.timers if t not in due and not t.cancelled]
        for timer in due:
            timer.call()


class Wire:
    """A transport that only notes whether it was closed."""

    def __init__(self) -> None:
        self.closed = self.aborted = False
        self.unread_bytes = 0

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes


class Connected:
    def __init__(self) -> None:
        config = uvicorn.Config(
            cast("Any", None),
            http=cast("Any", Lane),
            log_config=None,
        )
        config.loaded_app = cast("Any", None)
        self.loop = Loop()
        self.wire = Wire()
        engine = cast("Any", Engine())
        self.lane = Lane(engine, config, ServerState(), {}, cast("Any", self.loop))
        self.lane.connection_made(cast("Any", self.wire))

    def answered(self) -> None:
        self.lane.on_response_complete()


@pytest.fixture
def connected() -> Connected:
    return Connected()


def test_a_connection_idle_for_its_time_is_closed(connected: Connected) -> None:
    connected.answered()
    connected.loop.pass_s(KEPT_S - 0.1)
    assert not connected.wire.closed
    connected.loop.pass_s(0.2)
    assert connected.wire.closed


def test_each_answer_begins_the_time_anew(connected: Connected) -> None:
    connected.answered()
    connected.loop.pass_s(KEPT_S - 1)
    connected.lane.data_received(b"POST /v1/chat")
    connected.answered()
    connected.loop.pass_s(KEPT_S - 1)
    assert not connected.wire.closed
    connected.loop.pass_s(1)
    assert connected.wire.closed


def test_a_request_under_way_is_never_idle(connected: Connected) -> None:
    connected.answered()
    connected.lane.data_received(b"POST /v1/chat")
    connected.loop.pass_s(20 * KEPT_S)
    assert not connected.wire.closed
    connected.answered()
    connected.loop.pass_s(KEPT_S)
    assert connected.wire.closed


def test_many_answers_need_one_timer(connected: Connected) -> None:
    for _ in range(100):
        connected.answered()
        connected.lane.data_received(b"\r\n")
    assert len(connected.loop.timers) == 1


def test_a_lost_connection_leaves_no_timer(connected: Connected) -> None:
    connected.answered()
    (timer,) = connected.loop.timers
    connected.lane.connection_lost(None)
    assert timer.cancelled


def test_a_caller_who_takes_nothing_is_hung_up_on(connected: Connected) -> None:
    connected.wire.unread_bytes = 1_000_000
    connected.lane.pause_writing()
    connected.loop.pass_s(UNREAD_S - 1)
    assert not connected.wire.aborted
    connected.loop.pass_s(2)
    assert connected.wire.aborted


def test_a_caller_who_reads_slowly_is_waited_for(connected: Connected) -> None:
    connected.wire.unread_bytes = 1_000_000
    connected.lane.pause_writing()
    for _ in range(5):
        connected.wire.unread_bytes -= 1
        connected.loop.pass_s(UNREAD_S)
    assert not connected.wire.aborted
    connected.lane.resume_writing()
    connected.loop.pass_s(10 * UNREAD_S)
    assert not connected.wire.aborted


def test_a_rest_that_nobody_takes_does_not_keep_a_closing_connection(
    connected: Connected,
) -> None:
    connected.wire.unread_bytes = 100
    connected.answered()
    connected.loop.pass_s(KEPT_S)
    assert connected.wire.closed
    assert not connected.wire.aborted
    connected.loop.pass_s(UNREAD_S)
    assert connected.wire.aborted


def test_a_lost_connection_leaves_no_timer_for_its_reader(connected: Connected) -> None:
    connected.lane.pause_writing()
    (timer,) = connected.loop.timers
    connected.lane.connection_lost(None)
    assert timer.cancelled

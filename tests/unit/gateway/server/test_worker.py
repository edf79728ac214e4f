"""The lane's one worker a connection: in order, drained for, ended with the caller."""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.edge import Edge
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Config, Exchange

REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    b"content-length: 1\r\n\r\n%d"
)


class Wire:
    """A transport that nobody reads."""

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        """Nobody reads."""

    def get_write_buffer_size(self) -> int:
        return 0

    pause_reading = resume_reading = close = lambda _self: None


class Engine:
    """Answers when it is let; notes what it served and what never began."""

    config = Config({})

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.served: list[bytes] = []
        self.cancelled = 0
        self.never: list[Exchange] = []

    async def serve(
        self, body: bytes, exchange: Exchange, caller: LaneCycle, read: object
    ) -> None:
        assert read == caller.read
        self.served.append(body)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        caller.answer(exchange, b"{}")

    def never_began(self, exchange: Exchange) -> None:
        self.never.append(exchange)


class Connected:
    """A lane with a caller on it."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            cast("Any", object()), interface="asgi3", ws="none", log_config=None
        )
        config.load()
        self.state = ServerState()
        self.engine = Engine()
        self.lane = Lane(Edge(cast("Any", self.engine)), config, self.state, {})
        self.lane.connection_made(cast("Any", Wire()))

    def ask(self, *numbers: int) -> None:
        self.lane.data_received(b"".join(REQUEST % number for number in numbers))

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def test_one_worker_serves_what_a_connection_asks_in_order() -> None:
    caller = Connected()
    caller.ask(1)
    await caller.settled()
    worker = caller.lane.worker
    caller.ask(2, 3)
    await caller.settled()
    assert caller.engine.served == [b"1", b"2", b"3"]
    assert caller.lane.worker is worker
    assert not caller.state.tasks
    caller.lane.connection_lost(None)
    await caller.settled()
    assert worker is not None
    assert worker.done()


async def test_a_drain_waits_for_a_worker_that_has_something_to_do() -> None:
    caller = Connected()
    caller.engine.go_on.clear()
    caller.ask(1)
    await caller.settled()
    assert caller.state.tasks == {caller.lane.worker}
    caller.engine.go_on.set()
    await caller.settled()
    assert not caller.state.tasks
    caller.lane.connection_lost(None)


async def test_a_caller_who_leaves_ends_what_is_served_for_it() -> None:
    caller = Connected()
    caller.engine.go_on.clear()
    caller.ask(1)
    await caller.settled()
    caller.lane.connection_lost(None)
    await caller.settled()
    assert caller.engine.cancelled == 1
    assert not caller.engine.never
    assert not caller.state.tasks


async def test_a_caller_who_left_before_the_worker_began_is_recorded() -> None:
    caller = Connected()
    caller.ask(1)
    caller.lane.connection_lost(None)
    await caller.settled()
    assert not caller.engine.served
    assert len(caller.engine.never) == 1
    assert not caller.state.tasks


async def test_a_caller_who_left_before_a_resting_worker_woke_is_recorded() -> None:
    caller = Connected()
    caller.ask(1)
    await caller.settled()
    caller.ask(2)
    caller.lane.connection_lost(None)
    await caller.settled()
    assert caller.engine.served == [b"1"]
    assert len(caller.engine.never) == 1
    assert not caller.state.tasks

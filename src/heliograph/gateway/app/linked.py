"""What a worker tells of itself and those beside it: it asks its supervisor."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from itertools import count

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import CollectorRegistry

from heliograph.gateway.app.door import Door
from heliograph.gateway.app.messages import (
    DOWNWARD,
    Ask,
    Downward,
    Drain,
    End,
    Frames,
    Numbers,
    Ready,
    State,
    Sum,
    Take,
    Tell,
    Upward,
    framed,
)
from heliograph.gateway.app.reloads import STAYS, put_or_stay
from heliograph.gateway.app.source import parse
from heliograph.gateway.app.voice import say
from heliograph.gateway.config import render_problems
from heliograph.gateway.engine import Engine
from heliograph.gateway.server.standing import ConfigStanding, WorkerStanding
from heliograph.gateway.telemetry.snapshot import Snapshot, exposed, snapshot

REPORT_S = 1.0
ASK_S = 3.0
READ_BYTES = 256 * 1024
UNSENT_BYTES_MAX = 1024 * 1024


class Linked:
    """A worker's end of the link."""

    def __init__(
        self, engine: Engine, state: State, writer: asyncio.StreamWriter
    ) -> None:
        self.engine = engine
        self.state = state
        self.writer = writer
        self.registry = CollectorRegistry()
        for collector in engine.collectors:
            self.registry.register(collector)
        self.asked = count(1)
        self.waiting: dict[int, asyncio.Future[Snapshot]] = {}

    @property
    def config(self) -> ConfigStanding:
        """The config in force."""
        return self.state.config

    @property
    def workers(self) -> tuple[WorkerStanding, ...]:
        """This worker and those beside it."""
        return self.state.workers

    async def families(self) -> Iterable[Metric]:
        """Ask for the numbers of all workers."""
        number = next(self.asked)
        answer = asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        self.send(Ask(number, self.numbers()))
        try:
            async with asyncio.timeout(ASK_S):
                return exposed(await answer)
        except TimeoutError:
            raise ConnectionError("the supervisor does not answer") from None
        finally:
            del self.waiting[number]

    def numbers(self) -> Snapshot:
        """Take this worker's own numbers."""
        return snapshot(self.registry.collect())

    def send(self, message: Upward) -> None:
        """Tell the supervisor."""
        self.writer.write(framed(message))

    def ready(self) -> None:
        """Tell that this worker serves."""
        self.send(Ready())

    async def report(self) -> None:
        """Tell the numbers about once a second: what was told outlives this worker."""
        told: Snapshot = ()
        while True:
            await asyncio.sleep(REPORT_S)
            numbers = self.numbers()
            unsent_bytes = self.writer.transport.get_write_buffer_size()
            if numbers != told and unsent_bytes < UNSENT_BYTES_MAX:
                self.send(Numbers(0, numbers))
                told = numbers

    async def listen(self, reader: asyncio.StreamReader, door: Door) -> None:
        """Do what the supervisor says, until it has gone."""
        frames = Frames()
        with suppress(ConnectionResetError):
            while data := await reader.read(READ_BYTES):
                for frame in frames.feed(data):
                    await self.obey(DOWNWARD.decode(frame), door)

    async def obey(self, message: Downward, door: Door) -> None:
        """Do what one message says."""
        match message:
            case Tell(scrape):
                self.send(Numbers(scrape, self.numbers()))
            case Sum(scrape, numbers):
                if scrape in self.waiting:
                    self.waiting[scrape].set_result(numbers)
            case State():
                self.state = message
            case Take(data, file):
                await self.take(data, file, door)
            case Drain():
                door.drain()
            case End():
                door.drain()
                door.stop()

    async def take(self, data: bytes, file: str, door: Door) -> None:
        """Put the config in force that the supervisor took.

        A worker that cannot read it makes room for one that is born with it.
        """
        config = await asyncio.to_thread(parse, data, file)
        if isinstance(config, list):
            say(render_problems(config))
            door.drain()
            return
        found = put_or_stay(self.engine.reload, config, self.engine.config)
        if found:
            say(f"{render_problems(found)}\n{STAYS}")

    async def farewell(self) -> None:
        """Tell the last numbers, and that nothing more will come."""
        self.send(Numbers(0, self.numbers()))
        with suppress(ConnectionError):
            await self.writer.drain()
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

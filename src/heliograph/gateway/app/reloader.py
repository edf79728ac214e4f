"""Reads the config again, when a signal asks for it or its files have changed."""

import asyncio
import logging
from collections.abc import Callable

from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.source import Read, Source
from heliograph.gateway.app.watch import Watch
from heliograph.gateway.types import Config

LOGGER = logging.getLogger("heliograph")


class Reloader:
    """One task for the life of a process that works alone.

    *read* is what it began with; *put* puts a config in force.
    """

    def __init__(
        self,
        source: Source,
        read: Read,
        reloads: Reloads,
        put: Callable[[Config], None],
    ) -> None:
        self.source = source
        self.watch = Watch(read.marks)
        self.reloads = reloads
        self.put = put
        self.asked = asyncio.Event()

    def start(self) -> asyncio.Task[None]:
        """Begin; a fault of our own ends the watch, not the gateway, and is told."""
        task = asyncio.create_task(self.run())
        task.add_done_callback(self.tell_end)
        return task

    def tell_end(self, task: asyncio.Task[None]) -> None:
        """Tell that the watch has ended, unless it was told to."""
        if not task.cancelled():
            said = "the config is no longer watched, and SIGHUP does nothing: restart"
            LOGGER.error(said, exc_info=task.exception())

    async def run(self) -> None:
        """Look at the files about once a second, for ever."""
        while True:
            try:
                async with asyncio.timeout(self.watch.wait_s):
                    await self.asked.wait()
            except TimeoutError:
                if not self.watch.look(self.source.marks()):
                    continue
            await self.read()

    async def read(self) -> None:
        """Read the files off the loop: who waits for an answer does not wait for it."""
        asked = self.asked.is_set()
        self.asked.clear()
        if self.source.path is None:
            self.reloads.nothing_to_read()
            return
        read = await asyncio.to_thread(self.source.read)
        self.watch.read(read.marks)
        self.reloads.take(read, self.put, asked=asked)

"""Callers who leave: how soon the provider's side of their request is closed."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from callers import call, request
from cpu_per_request import say
from servers import Cores, Server, free_port, gateway
from verdicts import Judged, at_most
from workloads import QUESTION, chat, chunk

TIMES = 25
GONE_S = 0.1
PATIENCE_S = 5.0
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Provider:
    """Takes a request, and then says nothing more, or one chunk and nothing more."""

    def __init__(self, *, speaks: bool) -> None:
        self.speaks = speaks
        self.asked = asyncio.Event()
        self.left_at: asyncio.Queue[float] = asyncio.Queue()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until the gateway closes it."""
        try:
            while data := await reader.read(65536):
                if b"POST " in data and self.speaks:
                    event = chunk(0, 3)
                    writer.write(b"%b%x\r\n%b\r\n" % (HEAD, len(event), event))
                if b"POST " in data:
                    self.asked.set()
        except ConnectionError:
            pass  # a reset ends it as well as a close does
        self.left_at.put_nowait(time.monotonic())
        writer.close()


def gone(where: Cores, folder: Path) -> Iterator[Judged]:
    """Leave before the answer's head, and leave in the middle of a stream."""
    for speaks, when in ((False, "before the first byte"), (True, "in a stream")):
        port = free_port()
        # The gateway takes no notice of who its provider is until it calls.
        behind = Server("provider", 0, port, 0.0)
        with gateway(folder, where, behind) as ours:
            say(f"{TIMES} callers leave {when}")
            waits = asyncio.run(leave_often(ours.port, port, speaks=speaks))
        what = f"caller gone {when}, {TIMES} times: upstream closed, longest"
        yield at_most(what, 1000 * GONE_S, 1000 * max(waits), "{:.0f} ms")


async def leave_often(port: int, behind: int, *, speaks: bool) -> list[float]:
    """Ask and leave, again and again; return how long each close took."""
    provider = Provider(speaks=speaks)
    asked = request(chat("openai/gpt-4o", QUESTION, stream=True))
    waits: list[float] = []
    async with await asyncio.start_server(provider.serve, "127.0.0.1", behind):
        for _ in range(TIMES):
            provider.asked.clear()
            caller = await call(port)
            caller.say(asked)
            await asyncio.wait_for(provider.asked.wait(), PATIENCE_S)
            await asyncio.sleep(0.05)
            left_at = time.monotonic()
            caller.leave()
            try:
                closed_at = await asyncio.wait_for(provider.left_at.get(), PATIENCE_S)
            except TimeoutError:
                return [*waits, PATIENCE_S]
            waits.append(closed_at - left_at)
    return waits

"""A provider on a real socket that says what a test hands it, byte for byte.

The connections are the simulated providers' own; whatever stands in the place of
their desk says what is answered: recorded bytes, and how they break off.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias, cast

from heliograph.simulation.providers.desk import Desk, Request
from heliograph.simulation.providers.http1 import LAST_CHUNK, SSE_TYPE, chunk, head
from heliograph.simulation.providers.journal import Seen
from heliograph.simulation.providers.protocol import Connection
from heliograph.simulation.providers.types import End, Step

Find: TypeAlias = Callable[[Request], Iterable[Step]]
"""What is answered to a request."""
Cut = Literal["end", "chunked", "close_delimited", "reset", "hang"]
"""How a stream ends: as in the simulated providers' rules, or never."""


class ReplayDesk(Desk):
    """Answers every request with the steps that *find* has for it."""

    def __init__(self, find: Find) -> None:
        super().__init__((), "", 0.0)
        self._find = find

    def receive(
        self, request: Request, *, clock_s: float, wall_s: float
    ) -> tuple[Iterable[Step], Seen]:
        """Answer *request*."""
        del wall_s  # what is replayed has its own dates
        began_s = self.elapsed_s(clock_s)
        seen = Seen(0, "replay", "", "chat", "", len(request.body), began_s)
        self.journal.begin(seen)
        return self._find(request), seen


@asynccontextmanager
async def replaying(find: Find) -> AsyncIterator[str]:
    """Serve what *find* has; give the address."""
    loop = asyncio.get_running_loop()
    desk = ReplayDesk(find)
    connections: set[Connection] = set()

    def connect() -> asyncio.Protocol:
        made = Connection(desk, loop, open_connections=connections)
        # It has a protocol's methods; see the simulated providers' server.
        return cast("asyncio.Protocol", made)

    server = await loop.create_server(connect, "127.0.0.1", 0, backlog=1024)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        leaving = tuple(connections)
        for connection in leaving:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in leaving))


def streamed(
    pieces: Iterable[bytes | float], cut: Cut = "end", *, content_type: str = SSE_TYPE
) -> Iterator[Step]:
    """Send *pieces* as a stream, each as a chunk of its own, and end it by *cut*."""
    delimited = cut == "close_delimited"
    yield head(200, content_type, b"", length=None, close=delimited)
    for piece in pieces:
        yield piece if delimited or isinstance(piece, float) else chunk(piece)
    if cut == "end":
        yield LAST_CHUNK
        yield End.KEEP
    elif cut in ("chunked", "close_delimited"):
        yield End.CLOSE
    else:
        yield End.RESET if cut == "reset" else End.HANG


def page(content_type: str, body: bytes, status: int = 200) -> Iterator[Step]:
    """Answer with one document."""
    yield head(status, content_type, b"", length=len(body), close=False) + body
    yield End.KEEP

"""Callers of our own making, for what wrk cannot do: many, slow, or gone too soon."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from servers import HEADERS
from workloads import CHAT_PATH


def request(body: bytes) -> bytes:
    """Write a whole request."""
    return head(len(body)) + body


def head(length: int) -> bytes:
    """Write a request's head."""
    more = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return (
        f"POST {CHAT_PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\n{more}"
        f"content-length: {length}\r\n\r\n"
    ).encode()


Whole = Callable[[bytearray], bool]


def never(read: bytearray) -> bool:
    """Say of whatever was read that more may come."""
    del read
    return False


class Caller(asyncio.Protocol):
    """One connection: what came, and when it was over.

    It is over once what was read is *whole*, or the other side hung up. *heard* is
    called with each read.
    """

    def __init__(self, whole: Whole, heard: Callable[[bytes], None] | None) -> None:
        self.whole = whole
        self.heard = heard
        self.read = bytearray()
        self.transport: asyncio.Transport | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.read += data
        if self.heard is not None:
            self.heard(data)
        if not self.over.done() and self.whole(self.read):
            self.over.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note when the other side hung up."""
        del exc
        self.lost_at = time.monotonic()
        if not self.over.done():
            self.over.set_result(None)

    def say(self, data: bytes) -> None:
        """Write *data*, unless the other side has hung up."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def leave(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.abort()


async def call(
    port: int, whole: Whole = never, heard: Callable[[bytes], None] | None = None
) -> Caller:
    """Open a connection to *port* of loopback."""
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(
        lambda: Caller(whole, heard), "127.0.0.1", port
    )
    return caller

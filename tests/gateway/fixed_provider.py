"""A provider on a real socket that answers every request with the same bytes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
STREAM = b'"stream":true'


class FixedProvider:
    """Says *whole* to who asks for an answer, and *stream* to who asks for that."""

    def __init__(self, whole: bytes, stream: bytes = b"") -> None:
        self.whole = whole
        self.stream = stream
        self.base_url = ""
        self.server: asyncio.Server | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FixedProvider"]:
        """Serve on a port of its own."""
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.server = server
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request, and close."""
        head = await reader.readuntil(b"\r\n\r\n")
        match = LENGTH.search(head)
        asked = await reader.readexactly(int(match.group(1))) if match else b""
        streamed = STREAM in asked.replace(b" ", b"")
        body = self.stream if streamed else self.whole
        kind = b"text/event-stream" if streamed else b"application/json"
        writer.write(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: %b\r\n"
            b"content-length: %d\r\n\r\n%b" % (kind, len(body), body)
        )
        await writer.drain()
        writer.close()

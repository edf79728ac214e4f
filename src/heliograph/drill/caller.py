"""The drill's callers: a small HTTP client that notes when what came."""

import asyncio
from typing import cast

import httptools
from msgspec import Struct

from heliograph.drill.judge import StreamJudge, Verdict, WholeJudge

PATIENCE_S = 600.0
"""As long as the usual SDKs wait for an answer."""
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
)
REQUEST_ID = b"x-request-id"


class Heard(Struct):
    """What one caller got; times are the loop's. `first_s`: content was there."""

    asked_s: float
    first_s: float | None = None
    ended_s: float = 0.0
    status: int = 0
    request_id: str = ""
    verdict: Verdict = "broken"


class Callers:
    """Everyone who asks the gateway on *port*; connections are kept and used again."""

    def __init__(self, port: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.port = port
        self.kept: list[Line] = []

    async def ask(self, body: bytes, judge: WholeJudge | StreamJudge) -> Heard:
        """Send *body*, and return what came of it."""
        heard = Heard(self.loop.time())
        line: Line | None = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                line = await self.line()
                await line.ask(body, heard, judge)
        except (TimeoutError, OSError):
            pass  # an answer that did not come is judged as such
        ended = line is not None and line.complete
        heard.ended_s = self.loop.time()
        heard.verdict = judge.verdict(heard.status, ended=ended)
        if line is not None:
            self.put_back(line)
        return heard

    async def line(self) -> "Line":
        """Take the connection used last, or make one."""
        while self.kept:
            line = self.kept.pop()
            if not line.lost:
                return line
        _, made = await self.loop.create_connection(
            lambda: Line(self.loop), "127.0.0.1", self.port
        )
        return made

    def put_back(self, line: "Line") -> None:
        """Keep a connection whose answer is over; close any other."""
        if line.complete and line.keep and not line.lost:
            self.kept.append(line)
        else:
            line.close()

    def close(self) -> None:
        """Hang up."""
        for line in self.kept:
            line.close()
        self.kept.clear()


class Line(asyncio.Protocol):
    """One connection to the gateway, one answer at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.lost = False
        self.complete = self.keep = False
        self.heard = Heard(0.0)
        self.judge: WholeJudge | StreamJudge = WholeJudge("")
        self.over: asyncio.Future[None] | None = None

    async def ask(
        self, body: bytes, heard: Heard, judge: WholeJudge | StreamJudge
    ) -> None:
        """Send a request, and wait for the end of its answer, whatever it is."""
        self.heard, self.judge = heard, judge
        self.complete = False
        self.parser = httptools.HttpResponseParser(self)
        self.over = self.loop.create_future()
        transport = cast("asyncio.Transport", self.transport)
        transport.write(HEAD % (len(body), body))
        await self.over

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.abort()

    def end(self) -> None:
        """Wake whoever asked."""
        if self.over is not None and not self.over.done():
            self.over.set_result(None)

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.lost = True
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way: nothing more will come."""
        del exc  # how it went is in what came before
        self.lost = True
        self.end()

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the one header that leads to the log line."""
        if name.lower() == REQUEST_ID:
            self.heard.request_id = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note the status."""
        self.heard.status = self.parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """Let the judge have it, and note when there is content."""
        if self.judge.feed(data) and self.heard.first_s is None:
            self.heard.first_s = self.loop.time()

    def on_message_complete(self) -> None:
        """End the answer."""
        self.complete = True
        self.keep = self.parser.should_keep_alive()
        self.end()

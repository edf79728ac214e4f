"""One HTTP/1.1 connection to a provider: one call at a time, every wait bounded.

It knows neither dialects nor routing. What goes wrong is kept as a `Failure` with
the provider to blame; nothing here raises but cancellation.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import cast

import httptools

from heliograph.gateway.types import Blame, Failure, HttpReply
from heliograph.gateway.upstream.call import Call

BODY_BYTES_MAX = 64 * 1024 * 1024
HEADER_BYTES_MAX = 64 * 1024
UNREAD_BYTES_MAX = 256 * 1024
REST_BYTES_MAX = 1024 * 1024
JOIN_BYTES_MAX = 64 * 1024
CODING = b"content-encoding"
EXCHANGE_IS_OVER = "the time for the whole exchange is used up"


class Connection(asyncio.Protocol):
    """A connection that sends one call and reads its answer, whole or in pieces."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self.calls = 0
        self.idle_since = 0.0
        self.waiter: asyncio.Future[None] | None = None
        self.pieces: list[bytes] = []
        self.complete = False
        self.raw_headers: dict[bytes, bytes] = {}
        # On the way of a good answer no header matters: the parser writes them down.
        self.on_header = self.raw_headers.__setitem__
        self.failure: Failure | None = None
        self.awaited = False  # who reads has waited for what comes next
        self.keep_alive = self.streaming = self.paused = self.packed = False
        self.begin()
        self.parser = httptools.HttpResponseParser(self)

    def begin(self) -> None:
        """Forget the last answer.

        It was `reusable`: nothing had failed or was held up, and the parser stands at
        the beginning of the next.
        """
        self.status = self.head_bytes = self.body_bytes = self.unread_bytes = 0
        self.answer_begun = self.head_done = self.complete = self.progressed = False
        self.raw_headers.clear()
        self.pieces.clear()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio has connected; TCP_NODELAY is its default."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read what arrived; an idle connection that speaks is not to be trusted."""
        if self.complete or not self.calls:
            self.abort()
            return
        self.answer_begun = True
        if not self.head_done:
            self.head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail("malformed_http", "the provider's answer is not valid HTTP/1.1")
        if self.head_bytes > HEADER_BYTES_MAX:
            self.bound_head()
        if not self.streaming and not self.complete:
            self.deadline_on_data()
        self.wake()

    def eof_received(self) -> bool:
        """Let asyncio close; `connection_lost` judges what was read so far."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End an answer that has no length of its own; otherwise it was cut."""
        self.closed = True
        del self.parser  # it knows us: both would wait for the collector
        if self.complete or not self.calls or self.failure is not None:
            self.wake()
            return
        if exc is None and self.head_done and self.ends_with_connection():
            self.complete = True
        elif not self.answer_begun:
            self.fail("reset", "the provider closed the connection without an answer")
        else:
            self.fail("truncated", "the provider's answer broke off")
        self.wake()

    # httptools' side

    def on_message_begin(self) -> None:
        """Refuse a second answer to one call: it might be another caller's."""
        if self.complete:
            self.fail("malformed_http", "the provider answered one call twice")

    def on_headers_complete(self) -> None:
        """Keep the status; an interim answer (1xx) is passed over."""
        self.status = self.parser.get_status_code()
        if self.status < 200:  # noqa: PLR2004 - RFC 9110, 15.2: interim answers
            self.raw_headers.clear()
            return
        self.head_done = True
        self.packed = (
            CODING in b" ".join(self.raw_headers).lower()
            and self.headers["content-encoding"].lower() != "identity"
        )
        self.keep_alive = self.parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Keep a piece; stop reading while nobody takes the pieces of a stream."""
        size = len(body)
        self.body_bytes += size
        self.pieces.append(body)
        if self.streaming:
            self.unread_bytes += size
            if self.unread_bytes > UNREAD_BYTES_MAX and self.transport is not None:
                self.transport.pause_reading()
                self.paused = True
        elif self.body_bytes > BODY_BYTES_MAX:
            self.fail("too_large", "the provider's answer is larger than 64 MB")

    def on_message_complete(self) -> None:
        """Mark the answer whole, unless it was an interim one."""
        if self.head_done:
            self.complete = True

    # the caller's side

    def send(self, call: Call, *, streaming: bool) -> None:
        """Write *call*; its bounds run from now."""
        if self.calls:
            self.begin()
        self.calls += 1
        self.streaming = streaming
        self.call = call
        first_byte_s, patience_s = call.timeouts.first_byte_s, call.patience_s
        if patience_s is not None and patience_s < first_byte_s:
            first_byte_s = patience_s
        self.deadline_at = self.loop.time() + first_byte_s
        self.exchange_deadline_at = deadline_at = call.deadline_at
        self.deadline_at = min(self.deadline_at, deadline_at)
        transport = self.transport
        if transport is None or self.closed:
            self.fail("reset", "the provider closed the connection without an answer")
            return
        call.sent = True
        body = call.body
        # A Raw knows its bytes but not their number.
        if len(body) == 1:
            size = len(memoryview(body[0]))
        else:
            size = sum(len(memoryview(piece)) for piece in body)
        head = b"%b\r\ncontent-length: %d\r\n\r\n" % (call.head, size)
        if size <= JOIN_BYTES_MAX:
            transport.write(b"".join((head, *body)))
        else:
            transport.writelines((head, *body))

    def whole(self) -> HttpReply | Failure:
        """Return the whole answer, once it is `complete` or broken."""
        if self.failure is not None:
            return self.failure
        body = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        headers = Headers(self.raw_headers.copy())
        return HttpReply(self.status, headers, body, self.packed)

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers."""
        return Headers(self.raw_headers.copy())

    async def head(self) -> Failure | None:
        """Wait for status and headers."""
        while not self.head_done and self.failure is None:
            await self.news()
        return self.failure

    async def read(self) -> bytes | Failure:
        """Wait for the next bytes of a stream; empty at its end."""
        while (data := self.take()) is None:
            await self.news()
        return data

    def take(self) -> bytes | Failure | None:
        """Take what has come of a stream: empty at its end, None without news."""
        pieces = self.pieces
        if not pieces:
            if self.failure is not None:
                return self.failure
            return b"" if self.complete else None
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.unread_bytes = 0
        if self.awaited:
            self.awaited = False
        elif self.progressed and self.loop.time() > self.deadline_at:
            self.deadline_on_data()  # it was our side that was slow
        if self.paused and self.transport is not None and not self.closed:
            self.paused = False
            self.transport.resume_reading()
        return data

    async def rest(self) -> HttpReply | Failure:
        """Read what turned out to be no stream, up to 1 MB, as a whole answer."""
        body = bytearray()
        while len(body) <= REST_BYTES_MAX:
            self.progress()
            data = await self.read()
            if isinstance(data, Failure):
                return data
            if not data:
                return HttpReply(self.status, self.headers, bytes(body), self.packed)
            body += data
        self.fail("too_large", "the provider's error answer is larger than 1 MB")
        return cast("Failure", self.failure)

    def progress(self) -> None:
        """Say that a stream has begun, or has gone on: the idle bound runs from now.

        The first byte that counts is the first event with content, and after it a
        keep-alive does not count: only the reader of the stream can tell.
        """
        self.progressed = True
        self.deadline_on_data()

    def linger(self, bound_s: float) -> None:
        """Wait at most *bound_s* for HTTP's own end of a finished stream."""
        self.progressed = True
        self.pieces.clear()
        bound = self.loop.time() + bound_s
        self.exchange_deadline_at = self.deadline_at = bound

    def expire(self, now: float) -> None:
        """End the call if its bound has passed.

        While pieces lie unread it is our side that is slow: then only the bound of
        the whole exchange holds.
        """
        if now < self.deadline_at or self.complete or self.failure is not None:
            return
        if self.streaming and self.pieces and now < self.exchange_deadline_at:
            return
        if now >= self.exchange_deadline_at:
            self.fail("total_timeout", EXCHANGE_IS_OVER)
        elif self.answer_begun and (self.progressed or not self.streaming):
            idle_s = self.call.timeouts.idle_s
            said = f"the provider's answer stalled for {idle_s:g} s"
            self.fail("idle_timeout", said)
        else:
            said = f"no answer began within {self.call.first_byte_s:.3g} s"
            self.fail("first_byte_timeout", said)
        self.wake()

    def is_reusable(self) -> bool:
        """Say whether the answer is whole and both sides keep the connection."""
        return (
            self.complete
            and self.keep_alive
            and not self.closed
            and self.failure is None
            and not self.paused
        )

    @property
    def stale(self) -> bool:
        """A kept connection that closed as it was used: nothing was answered.

        One that stayed open and silent is not stale: the provider has the call.
        """
        return (
            self.calls > 1
            and self.failure is not None
            and self.failure.kind == "reset"
            and not self.answer_begun
        )

    def abort(self) -> None:
        """Close at once, without waiting for anything unsent."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    # inside

    def fail(self, kind: str, message: str) -> None:
        """Keep the first thing that went wrong."""
        if self.failure is None:
            self.failure = Failure(Blame.PROVIDER, kind, message, self.status)

    def bound_head(self) -> None:
        """Refuse more than 64 kB of headers, whole or not.

        The parser itself would keep a header that does not end. What came with the
        end of the head may be body, so a whole head is measured by its headers.
        """
        whole_bytes = sum(map(len, chain(*self.raw_headers.items())))
        if not self.head_done or whole_bytes > HEADER_BYTES_MAX:
            self.fail("too_large", "the provider's headers are larger than 64 kB")

    def wake(self) -> None:
        """Let the one who waits look again."""
        if self.streaming or self.complete or self.failure is not None:
            waiter = self.waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def news(self) -> asyncio.Future[None]:
        """Return what is done once something arrived, ended or failed."""
        self.awaited = True
        waiter = self.waiter = self.loop.create_future()
        return waiter

    def deadline_on_data(self) -> None:
        """Move the bound: something arrived."""
        idle_until = self.loop.time() + self.call.timeouts.idle_s
        bound = self.exchange_deadline_at
        self.deadline_at = idle_until if idle_until < bound else bound  # noqa: FURB136 - min() is a call

    def ends_with_connection(self) -> bool:
        """Neither a length nor chunks: RFC 9112, 6.3, the close is the end."""
        return {"content-length", "transfer-encoding"}.isdisjoint(self.headers)


class Headers(Mapping[str, str]):
    """An answer's headers by lower-case name, read when one is asked for.

    Most answers are good ones, and of those nobody asks.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self.raw = raw

    def __getitem__(self, name: str) -> str:
        wanted = name.encode("latin-1")
        for header, value in reversed(self.raw.items()):
            if len(header) == len(wanted) and header.lower() == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(map(lowered, self.raw)))

    def __len__(self) -> int:
        return len(set(map(lowered, self.raw)))


def lowered(name: bytes) -> str:
    """Write a header's name as it is looked for."""
    return name.decode("latin-1").lower()

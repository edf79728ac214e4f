"""One client's connection: parses requests, walks the steps of the answers.

This is the only file that knows a socket. There is no task: a wait is a timer, and a
client that leaves is noticed by the loop at once, whatever was being waited for.
"""

import asyncio
import ipaddress
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator

import httptools

from heliograph.simulation.providers.control import PREFIX, control
from heliograph.simulation.providers.desk import BODY_BYTES_MAX, Desk, Request
from heliograph.simulation.providers.faults import Line
from heliograph.simulation.providers.journal import Seen
from heliograph.simulation.providers.types import End, Step

WAITING_MAX = 16
"""Pipelined requests kept waiting; a client that sends more is hung up on."""
HEADERS_MAX = 200
TARGET_BYTES_MAX = 65_536
_LINGER_ZERO = struct.pack("ii", 1, 0)
_ENDING = b"content-length: 0\r\nconnection: close\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\n" + _ENDING
_TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\n" + _ENDING
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """An asyncio protocol. `open_connections` is the server's set of those alive.

    `gone` is done when the socket is closed.
    """

    def __init__(
        self,
        desk: Desk,
        loop: asyncio.AbstractEventLoop,
        *,
        open_connections: "set[Connection]",
        keepalive_s: float | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.gone: asyncio.Future[None] = loop.create_future()
        self._desk = desk
        self._loop = loop
        self._open = open_connections
        self._keepalive_s = keepalive_s
        self._wall_s = wall_s
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._from_loopback = False
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._waiting: deque[Request] = deque()
        self._busy = False
        self._seen: Seen | None = None
        self._steps: Iterator[Step] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writable = True

    # What the loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take the socket; small writes go out at once."""
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        peer = transport.get_extra_info("peername")
        self._from_loopback = ipaddress.ip_address(peer[0]).is_loopback
        self._open.add(self)
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # no upgrade is on offer; the request is answered as it stands
        except httptools.HttpParserCallbackError:
            raise  # our own mistake, not the client's: the loop says it and closes
        except httptools.HttpParserError:
            self._hang_up(_BAD_REQUEST)

    def eof_received(self) -> bool:
        """Take a half-closed connection for a client that has left."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Write down a client that left before its answer was complete."""
        del error  # how it left does not matter
        self._open.discard(self)
        self.gone.set_result(None)
        self._stop_timer()
        self._steps = None
        self._transport = None
        self._waiting.clear()
        if self._seen is not None:
            self._desk.end(self._seen, self._loop.time(), left=True)
            self._seen = None

    def pause_writing(self) -> None:
        """Stop: the client reads more slowly than we write."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on where writing was stopped."""
        self._writable = True
        if self._timer is None:
            self._play()

    def abort(self) -> None:
        """Drop the connection at once; the server is closing."""
        if self._transport is not None:
            self._transport.abort()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        """Begin a request; a long target comes in pieces."""
        self._url += url
        if len(self._url) > TARGET_BYTES_MAX:
            self._hang_up(_BAD_REQUEST)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; of two with one name the later counts."""
        self._headers[name.lower()] = value
        if len(self._headers) > HEADERS_MAX:
            self._hang_up(_BAD_REQUEST)

    def on_headers_complete(self) -> None:
        """Encourage a client that waits for it to send its body."""
        expects = self._headers.get(b"expect", b"").lower() == b"100-continue"
        if expects and self._transport is not None and not self._busy:
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Gather the body, up to a bound."""
        self._body_bytes += len(data)
        if self._body_bytes > BODY_BYTES_MAX:
            self._hang_up(_TOO_LARGE)
            return
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Answer, or let the request wait for the answer before it."""
        if self._transport is None or self._transport.is_closing():
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(
            self._parser.get_method().decode("latin-1"),
            self._url.decode("latin-1"),
            self._headers,
            body,
            self._line(),
            self._from_loopback,
        )
        self._url, self._headers, self._body, self._body_bytes = b"", {}, [], 0
        if not self._busy:
            self._receive(request)
        elif len(self._waiting) < WAITING_MAX:
            self._waiting.append(request)
        else:
            self._hang_up(b"")

    def _line(self) -> Line:
        # A HEAD is refused with a body, which its client must not read.
        heads = self._parser.get_method() == b"HEAD"
        keep_alive = self._parser.should_keep_alive() and not heads
        chunks = self._parser.get_http_version() != "1.0"
        return _USUAL if keep_alive and chunks else Line(keep_alive, chunks)

    def _receive(self, request: Request) -> None:
        self._busy = True
        self._stop_timer()
        clock_s = self._loop.time()
        if request.target.startswith(PREFIX):
            self._steps = iter(control(self._desk, request, clock_s))
        else:
            steps, self._seen = self._desk.receive(
                request, clock_s=clock_s, wall_s=self._wall_s()
            )
            self._steps = iter(steps)
        self._play()

    def _play(self) -> None:
        """Walk the steps until one has to be waited for."""
        while self._writable and self._steps is not None:
            step = next(self._steps, End.KEEP)
            if self._transport is None:
                return
            if isinstance(step, bytes):
                self._transport.write(step)
            elif isinstance(step, End):
                self._finish(step, self._transport)
            else:
                self._timer = self._loop.call_later(step, self._awake)
                return

    def _awake(self) -> None:
        self._timer = None
        self._play()

    def _finish(self, end: End, transport: asyncio.Transport) -> None:
        self._steps = None
        if end is End.HANG:
            return  # busy until the client leaves
        if self._seen is not None:
            self._desk.end(self._seen, self._loop.time())
            self._seen = None
        if end is End.RESET:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO
            )
            transport.abort()
        elif end is End.CLOSE:
            transport.close()
        elif self._waiting:
            self._receive(self._waiting.popleft())
        else:
            self._busy = False
            self._rest()

    def _rest(self) -> None:
        if self._keepalive_s is not None and self._transport is not None:
            self._timer = self._loop.call_later(
                self._keepalive_s, self._transport.close
            )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hang_up(self, last_words: bytes) -> None:
        """Close; *last_words* only where no answer is under way."""
        if self._transport is None or self._transport.is_closing():
            return
        if last_words and not self._busy:
            self._transport.write(last_words)
        self._transport.close()


_USUAL = Line()

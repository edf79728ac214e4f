"""HTTP answers that are there within their time as a whole, head and body.

urllib3's timeout counts anew with each piece that comes: a server that sends its head
byte by byte is waited for as long as it likes. Here what is left of the time bounds
each piece; `Timeout(total=...)` says how much there is.
"""

import http.client
import io
import socket
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from heliograph.clock import Clock, SystemClock

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CLOCK: Clock = SystemClock()
"""A socket's time is the real one."""


def pool_manager(*, connections: int) -> urllib3.PoolManager:
    """Return what asks over *connections* kept ones a host, or more if need be."""
    manager = urllib3.PoolManager(maxsize=connections, block=False)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


class _Pieces(io.RawIOBase):
    """What comes over *connection*, for as long as its timeout is now, in all."""

    def __init__(self, connection: socket.socket) -> None:
        left_s = connection.gettimeout()
        self._until_s = None if left_s is None else CLOCK.monotonic_s() + left_s
        self._connection = connection
        # The connection stays open until this is closed.
        self._raw = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        if self._until_s is not None:
            left_s = self._until_s - CLOCK.monotonic_s()
            if left_s <= 0:
                raise TimeoutError("the answer is not there in time")
            self._connection.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Reading:
    """A connection as `http.client` opens it to read an answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the answer's bytes; *mode* is always `rb`."""
        del mode
        return io.BufferedReader(_Pieces(self._connection))


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *told: Any, **more: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().__init__(_Reading(sock), *told, **more)  # type: ignore[arg-type]  # no more of a socket is used


class _Connection(HTTPConnection):
    response_class = _Answer


class _TlsConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection

"""What the engine knows of whoever asked."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from heliograph.gateway.types import Chat, Exchange, Failure

Read = Callable[[bytes, int], Chat | Failure]
"""Reads a request in the caller's dialect, nested at most so deep."""


class Caller(Protocol):
    """Whoever asked: the lane in the server, a list in a test."""

    timeout_ms: bytes | None
    """The request's header `x-heliograph-timeout-ms`, as it was sent."""

    @property
    def gone(self) -> bool:
        """The caller has closed the connection."""

    def header(self, name: bytes) -> bytes | None:
        """Return the request's header of that lower-case name."""

    def answer(self, exchange: Exchange, body: bytes) -> Failure | None:
        """Send a whole answer, or say why the caller's dialect cannot hold it."""

    def refuse(self, exchange: Exchange, failure: Failure) -> int:
        """Send an error in the caller's dialect; return the status it went with."""

    def begin(self, exchange: Exchange) -> None:
        """Send the headers of a stream."""

    def write(self, data: bytes) -> None:
        """Send a piece of a stream."""

    def drain(self) -> Awaitable[None] | None:
        """Return what to wait for while the caller reads slower than we write."""

    def end(self) -> None:
        """End a stream."""

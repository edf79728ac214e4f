"""What a dialect is: a module with these four names."""

from typing import Protocol

from heliograph.gateway.types import (
    Chat,
    Endpoint,
    Failure,
    HttpReply,
    HttpRequest,
    ModelFacts,
    Reply,
    Usage,
)


class Stream(Protocol):
    """Reads one upstream stream and writes the caller's, event by event.

    Feed it what arrives; what it returns goes to the caller as it is, already
    framed as OpenAI chat chunks. It never makes anything up: `[DONE]` is written
    only after the upstream really finished.
    """

    started: bool
    """An event with content was seen. Before this, another target may take over."""
    finish: str | None
    usage: Usage | None
    failure: Failure | None
    """Set once the stream is broken; what `feed` returned before still stands."""
    complete: bool
    """The answer is whole and `[DONE]` has been written."""
    events: int
    """How many events have come."""
    created: int
    """Seconds since 1970, for chunks made here; set by whoever has a clock."""

    def feed(self, data: bytes) -> bytes:
        """Take in *data*; return the bytes to hand on, empty when there are none."""

    def close(self) -> bytes:
        """Take note that the upstream ended; fail unless the answer is whole."""


class Dialect(Protocol):
    """How one wire format is written and read. Modules satisfy this."""

    def encode(
        self, chat: Chat, model: str, endpoint: Endpoint, facts: ModelFacts
    ) -> HttpRequest | Failure:
        """Write the upstream request, or refuse naming the parameter."""

    def decode(self, http: HttpReply, chat: Chat) -> Reply | Failure:
        """Read a whole answer with status 200."""

    def decode_error(self, http: HttpReply) -> Failure:
        """Read an answer with any other status: who is to blame, what was said."""

    def stream(self, chat: Chat) -> Stream:
        """Begin to read a stream with status 200."""

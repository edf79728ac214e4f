"""How an upstream stream is read, whatever its dialect.

A dialect's interpreter says what each event means; what a stream may be instead of
a stream (HTML, a JSON document, nothing, an endless event) is settled here once.
"""

from typing import Protocol

from msgspec import Raw

from heliograph.gateway.types import Failure, Usage
from heliograph.gateway.wire.blame import broken, read_said
from heliograph.gateway.wire.sse import Event, SseDecoder

DONE = b"data: [DONE]\n\n"


class Interpreter(Protocol):
    """What a dialect knows of its events; it keeps its findings on the reader."""

    def take(self, reader: "EventReader", event: Event) -> bytes:
        """Take in one event; return what the caller gets for it."""

    def end(self, reader: "EventReader") -> bytes:
        """Complete the answer at the upstream's end, or fail the reader."""


class EventReader:
    """A `Stream` of any dialect: framing, and the ends that all dialects share.

    A failure is final: nothing after it is read, what was returned before stands.
    """

    __slots__ = (
        "_decoder",
        "_first",
        "_interpreter",
        "_seen",
        "complete",
        "created",
        "events",
        "failure",
        "finish",
        "started",
        "usage",
    )

    def __init__(self, interpreter: Interpreter) -> None:
        self.started = False
        self.finish: str | None = None
        self.usage: Usage | None = None
        self.events = 0
        self.failure: Failure | None = None
        self.complete = False
        self.created = 0
        """Unix seconds, for chunks that we write ourselves; set it before feeding."""
        self._interpreter = interpreter
        self._decoder = SseDecoder()
        self._first = True
        self._seen = False

    def feed(self, data: bytes) -> bytes:
        """Take in *data*; return the bytes to hand on, empty when there are none."""
        if self.failure is not None or self.complete:
            return b""
        if self._first:
            head = data.lstrip()[:1]
            self._first = not head
            if head and head in b"<{[":
                self.fail("not_sse", "The provider answered a stream with a document.")
                return b""
        decoder = self._decoder
        events = decoder.feed(data)
        if len(events) == 1:
            self._seen = True
            self.events += 1
            out = self._interpreter.take(self, events[0])
        else:
            out = self._read(events)
        if decoder.overflow and not self._over():
            self.fail("event_too_large", "An event of the provider's was too large.")
        return out

    def close(self) -> bytes:
        """Take note of a clean end; set `failure` unless the answer is whole."""
        if self._over():
            return b""
        if self._first:
            self.fail("empty", "The provider's stream ended before its first event.")
            return b""
        out = self._read(self._decoder.close())
        if not self._seen:
            self.fail("not_sse", "The provider's stream held no event at all.")
            return b""
        self._forgive_the_cut()
        return out if self._over() else out + self._interpreter.end(self)

    def fail(self, kind: str, message: str) -> None:
        """Set the failure; the provider is to blame."""
        self.failure = broken(kind, message)

    def fail_by_event(self, error: Raw) -> None:
        """Set the failure for an error that the provider sent inside the stream."""
        words = read_said(error).words
        self.fail("error_event", f"The provider sent an error in its stream{words}.")

    def _over(self) -> bool:
        return self.failure is not None or self.complete

    def _forgive_the_cut(self) -> None:
        """Drop a last event that the end cut in two.

        Whether the answer is whole without it is for the interpreter to say.
        """
        if self.failure is not None and self.failure.kind == "malformed_event":
            self.failure = None

    def _read(self, events: list[Event]) -> bytes:
        if not events:
            return b""
        self._seen = True
        out = []
        take = self._interpreter.take
        for event in events:
            out.append(take(self, event))
            if self._over():
                break
        self.events += len(out)
        return b"".join(out)

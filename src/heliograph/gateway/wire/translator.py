"""A stream of OpenAI's events as another dialect's, whatever that dialect is.

The writer knows the dialect's events; when a stream is whole, broken or over is
settled here once.
"""

from typing import Protocol

from msgspec import Raw

from heliograph.gateway.wire.blame import Said, read_said
from heliograph.gateway.wire.completion import Answered, read_chunk
from heliograph.gateway.wire.sse import SseDecoder

_NULL = Raw(b"null")
_CUT = Said("The answer broke off.", code="truncated")
_UNREADABLE = Said(
    "The answer broke off: one of its events is malformed.", code="malformed_event"
)


class EventWriter(Protocol):
    """Writes a dialect's events; each stream has one of its own."""

    def chunk(self, chunk: Answered) -> bytes | Said:
        """Write what *chunk* adds, or say why it cannot be written."""

    def done(self) -> bytes | Said:
        """Write the end of a whole answer, or say why it is not whole."""

    def error(self, said: Said) -> bytes:
        """Write the error that ends a broken answer."""


class EventTranslator:
    """A `Translator` for any dialect that has an `EventWriter`."""

    __slots__ = ("_decoder", "_over", "_writer")

    def __init__(self, writer: EventWriter) -> None:
        self._decoder = SseDecoder()
        self._writer = writer
        self._over = False

    def feed(self, data: bytes) -> bytes:
        """Take in *data*; return the bytes to hand on, empty when there are none."""
        out = []
        for _, event in self._decoder.feed(data):
            if self._over:
                break
            out.append(self._event(event))
        if self._decoder.overflow and not self._over:
            out.append(self._break(_UNREADABLE))
        return b"".join(out)

    def close(self) -> bytes:
        """Take note of the end: the dialect's error unless the answer was whole."""
        return b"" if self._over else self._break(_CUT)

    def _event(self, event: bytes) -> bytes:
        if event == b"[DONE]":
            said = self._writer.done()
            if isinstance(said, bytes):
                self._over = True
                return said
            return self._break(said)
        chunk = read_chunk(event)
        if chunk is None:
            return self._break(_UNREADABLE)
        if chunk.error != _NULL:
            return self._break(read_said(chunk.error))
        written = self._writer.chunk(chunk)
        return written if isinstance(written, bytes) else self._break(written)

    def _break(self, said: Said) -> bytes:
        self._over = True
        return self._writer.error(said)

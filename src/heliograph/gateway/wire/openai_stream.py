"""A stream of OpenAI chat chunks: passed on as bytes, watched as it passes.

What real clients cannot bear is left out on the way: comments, `id` and `retry`
lines, a byte order mark, empty and `null` events, pings.
https://platform.openai.com/docs/api-reference/chat/streaming
"""

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat
from heliograph.gateway.wire.json_text import UNREADABLE, is_utf8
from heliograph.gateway.wire.openai_usage import read_usage
from heliograph.gateway.wire.reading import DONE, EventReader
from heliograph.gateway.wire.sse import Event

_NULL = Raw(b"null")
_EMPTY = frozenset({b"null", b'""', b"[]", b"{}"})


class _Choice(Struct):
    index: int = 0
    delta: Raw = _NULL
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None
    usage: Raw = _NULL
    service_tier: Raw = _NULL
    error: Raw = _NULL


_CHUNK = json.Decoder(_Chunk | None)
_DELTA = json.Decoder(dict[str, Raw] | None)
_N = json.Decoder(int | None)


class ChunkInterpreter:
    """Passes chunks on and notes what has begun, what has finished and what it cost."""

    __slots__ = ("_begun", "_choices", "_finished", "_wants_usage")

    def __init__(self, chat: Chat) -> None:
        self._wants_usage = chat.include_usage
        self._choices = _choices_asked(chat)
        self._begun: set[int] = set()
        self._finished: set[int] = set()

    def take(self, reader: EventReader, event: Event) -> bytes:
        """Take in one event; return it in its plainest spelling, or nothing."""
        name, data = event
        if not name and data.startswith(b"{"):
            return self._take_object(reader, data)
        if data.strip() == b"[DONE]":
            return self._done(reader, whole=self._finished >= self._begun)
        if name == b"ping" or data.isspace():
            return b""
        return self._take_object(reader, data, is_error=name == b"error")

    def _take_object(
        self, reader: EventReader, data: bytes, *, is_error: bool = False
    ) -> bytes:
        """Take in what should be a chunk: an object, or `null`."""
        try:
            chunk = _CHUNK.decode(data)
        except UNREADABLE:
            if is_error:
                reader.fail_by_event(_NULL)
            else:
                self._fail_unreadable(reader)
            return b""
        if chunk is None:
            if is_error:
                reader.fail_by_event(_NULL)
            return b""
        if is_error or (chunk.error is not _NULL and chunk.error != _NULL):
            reader.fail_by_event(chunk.error)
        elif not is_utf8(data):
            self._fail_unreadable(reader)
        elif self._note(reader, chunk):
            # A line feed in JSON is white space; in an event it begins a new line.
            line = data.replace(b"\n", b" ") if b"\n" in data else data
            return b"data: " + line + b"\n\n"
        return b""

    def _fail_unreadable(self, reader: EventReader) -> None:
        reader.fail("malformed_event", "An event of the provider's is not JSON.")

    def end(self, reader: EventReader) -> bytes:
        """End without `[DONE]`: whole only if every choice asked for has finished."""
        return self._done(reader, whole=len(self._finished) >= self._choices)

    def _done(self, reader: EventReader, *, whole: bool) -> bytes:
        if not whole or not self._finished or not self._finished >= self._begun:
            reader.fail("truncated", "The provider's stream ended without a finish.")
            return b""
        reader.complete = True
        return DONE

    def _note(self, reader: EventReader, chunk: _Chunk) -> bool:
        """Note what *chunk* says; tell whether the caller gets it."""
        counted = chunk.usage is not _NULL and chunk.usage != _NULL
        if counted:
            reader.usage = read_usage(chunk.usage, chunk.service_tier) or reader.usage
        if chunk.choices is None:
            return False
        if not chunk.choices:
            return self._wants_usage or not counted
        for choice in chunk.choices:
            if choice.index not in self._begun:
                self._begun.add(choice.index)
            if choice.finish_reason:
                self._finished.add(choice.index)
                reader.started = True
                if reader.finish is None or choice.index == 0:
                    reader.finish = choice.finish_reason
            elif not reader.started:
                reader.started = _has_content(choice.delta)
        return True


def _has_content(delta: Raw) -> bool:
    """Say whether a delta carries more than the role: text, a tool call, a refusal."""
    try:
        members = _DELTA.decode(delta) or {}
    except UNREADABLE:
        return False
    return any(
        name != "role" and bytes(value) not in _EMPTY for name, value in members.items()
    )


def _choices_asked(chat: Chat) -> int:
    try:
        return _N.decode(chat.fields.get("n", _NULL)) or 1
    except UNREADABLE:
        return 1


def chat_stream(chat: Chat) -> EventReader:
    """Begin to read the stream that answers *chat*."""
    return EventReader(ChunkInterpreter(chat))

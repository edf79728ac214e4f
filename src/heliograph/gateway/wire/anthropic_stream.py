"""Anthropic's stream of events as OpenAI's stream of chunks.

Texts are moved as the JSON texts they are; prefix and suffix of a chunk are made
once a stream. The finish, the usage and `[DONE]` are written when the upstream
has said `message_stop`, and at no other time.
https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat
from heliograph.gateway.wire.anthropic_reply import (
    FINISHES,
    Tokens,
    read_tokens,
    unknown_finish,
)
from heliograph.gateway.wire.json_text import UNREADABLE, is_utf8
from heliograph.gateway.wire.openai_usage import write_usage
from heliograph.gateway.wire.reading import DONE, EventReader
from heliograph.gateway.wire.sse import Event

_NULL = Raw(b"null")
_NO_TEXT = Raw(b'""')


class _Block(Struct):
    type: str
    text: Raw = _NO_TEXT
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")


class _Delta(Struct):
    type: str = ""
    text: Raw = _NO_TEXT
    partial_json: Raw = _NO_TEXT
    stop_reason: str | None = None


class _Message(Struct):
    id: str
    model: str
    usage: Raw = _NULL


class _Event(Struct):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: Raw = _NULL
    error: dict[str, Raw] | str | None = None


class _Call(Struct):
    """A call of a tool under way: its place among the calls, and its first input."""

    place: int
    input: Raw
    begun: bool = False


_EVENT = json.Decoder(_Event)


class MessageInterpreter:
    """Writes chunks for the events of one message."""

    __slots__ = ("_calls", "_calls_count", "_id", "_prefix", "_suffix", "_tokens",
                 "_wants_usage")  # fmt: skip

    def __init__(self, chat: Chat) -> None:
        self._wants_usage = chat.include_usage
        self._id = ""
        self._prefix = b""
        self._suffix = b""
        self._calls: dict[int, _Call] = {}
        self._calls_count = 0
        self._tokens = Tokens()

    def take(self, reader: EventReader, event: Event) -> bytes:
        """Take in one event; return the chunks it becomes."""
        name, data = event
        try:
            said = _EVENT.decode(data)
        except UNREADABLE:
            said = None
        if said is None or said.type == "error" or name == b"error" or said.error:
            self._broken(reader, data, told=said is not None or name == b"error")
            return b""
        if said.type == "content_block_delta" and said.delta is not None:
            return self._delta(reader, said.index, said.delta, data)
        if said.type in ("message_start", "content_block_start", "content_block_stop"):
            return self._frame(reader, said, data)
        if said.type == "message_delta":
            self._note_end(reader, said)
        elif said.type == "message_stop":
            return self._stop(reader)
        # `ping`, and whatever Anthropic adds: its docs ask readers to go on.
        return b""

    def end(self, reader: EventReader) -> bytes:
        """End without `message_stop`: never whole."""
        reader.fail("truncated", "The provider's stream ended before message_stop.")
        return b""

    def _broken(self, reader: EventReader, data: bytes, *, told: bool) -> None:
        """Tell an error, also one in the shape that proxies write, from garbage."""
        try:
            members = json.decode(data, type=dict[str, Raw])
        except UNREADABLE:
            members = {}
        if told or "error" in members:
            reader.fail_by_event(members.get("error", _NULL))
        else:
            reader.fail("malformed_event", "An event of the provider's is malformed.")

    def _delta(
        self, reader: EventReader, index: int, delta: _Delta, data: bytes
    ) -> bytes:
        if delta.type == "text_delta":
            text = bytes(delta.text)
            if self._unusable(reader, text, data):
                return b""
            if len(text) > len(b'""'):
                reader.started = True
            return self._chunk(b'{"content":' + text + b"}")
        if delta.type == "input_json_delta":
            text = bytes(delta.partial_json)
            call = self._calls.get(index)
            if call is None or self._unusable(reader, text, data):
                return b""
            if len(text) == len(b'""'):
                return b""
            call.begun = True
            return self._arguments(call, text)
        return b""

    def _unusable(self, reader: EventReader, text: bytes, data: bytes) -> bool:
        """Fail on a delta that is no text, or comes before the message began."""
        if text[:1] == b'"' and self._prefix and is_utf8(data):
            return False
        reader.fail("malformed_event", "An event of the provider's is malformed.")
        return True

    def _frame(self, reader: EventReader, said: _Event, data: bytes) -> bytes:
        if said.message is not None:
            return self._begin(reader, said.message)
        if said.type == "content_block_stop":
            return self._end_call(said.index)
        block = said.content_block
        if block is None or self._unusable(reader, bytes(block.text), data):
            return b""
        if block.type == "tool_use":
            return self._begin_call(reader, said.index, block)
        if block.type == "text" and block.text != _NO_TEXT:
            reader.started = True
            return self._chunk(b'{"content":' + bytes(block.text) + b"}")
        return b""

    def _begin(self, reader: EventReader, message: _Message) -> bytes:
        if self._prefix:
            # Seen in the wild: the same start twice is harmless, another message
            # spliced into this one is not.
            if message.id != self._id or reader.started:
                reader.fail("malformed_event", "The provider's stream began twice.")
            return b""
        self._id = message.id
        self._count(reader, message.usage)
        head = json.encode(
            {
                "id": f"chatcmpl-{message.id}",
                "object": "chat.completion.chunk",
                "created": reader.created,
                "model": message.model,
            }
        )
        self._prefix = b"data: " + head[:-1] + b',"choices":[{"index":0,"delta":'
        usage = b',"usage":null' if self._wants_usage else b""
        self._suffix = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        return self._chunk(b'{"role":"assistant","content":"","refusal":null}')

    def _begin_call(self, reader: EventReader, index: int, block: _Block) -> bytes:
        call = _Call(self._calls_count, block.input)
        self._calls_count += 1
        self._calls[index] = call
        reader.started = True
        function = {"name": block.name, "arguments": ""}
        delta = {
            "index": call.place,
            "id": block.id,
            "type": "function",
            "function": function,
        }
        return self._chunk(json.encode({"tool_calls": [delta]}))

    def _end_call(self, index: int) -> bytes:
        call = self._calls.get(index)
        if call is None or call.begun:
            return b""
        # A call without arguments streams none; callers parse what they collect.
        call.begun = True
        return self._arguments(call, json.encode(bytes(call.input).decode()))

    def _arguments(self, call: _Call, text: bytes) -> bytes:
        place = b"%d" % call.place
        lead = b'{"tool_calls":[{"index":' + place + b',"function":{"arguments":'
        return self._chunk(lead + text + b"}}]}")

    def _chunk(self, delta: bytes) -> bytes:
        return self._prefix + delta + self._suffix

    def _count(self, reader: EventReader, usage: Raw) -> None:
        """Keep the newest figures: they are totals, and a cut stream is paid for."""
        tokens = read_tokens(usage)
        if tokens is not None:
            self._tokens = tokens.after(self._tokens)
            reader.usage = self._tokens.usage()

    def _note_end(self, reader: EventReader, said: _Event) -> None:
        self._count(reader, said.usage)
        reason = said.delta.stop_reason if said.delta is not None else None
        if reason is None:
            return
        reader.finish = FINISHES.get(reason)
        if reader.finish is None:
            reader.failure = unknown_finish()

    def _stop(self, reader: EventReader) -> bytes:
        if reader.finish is None or not self._prefix:
            reader.fail("truncated", "The provider's stream ended without a finish.")
            return b""
        reader.started = True
        reader.complete = True
        finish = b',"logprobs":null,"finish_reason":"' + reader.finish.encode() + b'"}]'
        usage = b',"usage":null' if self._wants_usage else b""
        last = self._prefix + b"{}" + finish + usage + b"}\n\n"
        return last + self._usage_chunk(reader) + DONE

    def _usage_chunk(self, reader: EventReader) -> bytes:
        if not self._wants_usage or reader.usage is None:
            return b""
        head = self._prefix.partition(b',"choices":')[0]
        usage = json.encode(write_usage(reader.usage))
        return head + b',"choices":[],"usage":' + usage + b"}\n\n"


def message_stream(chat: Chat) -> EventReader:
    """Begin to read the stream that answers *chat*."""
    return EventReader(MessageInterpreter(chat))

"""OpenAI's stream of chunks as Anthropic's stream of events.

One block is open at a time, as Anthropic's own streams have it: what belongs to a
later call of a tool is kept until its turn comes. `message_stop` is written when
`[DONE]` was read, and at no other time.
https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from collections.abc import Mapping

from msgspec import json

from heliograph.gateway.types import Usage
from heliograph.gateway.wire.blame import Said
from heliograph.gateway.wire.completion import Answered, Call, Calls
from heliograph.gateway.wire.inbound_anthropic_answer import (
    call_id,
    stop_reason,
    write_message,
    write_usage,
)

_TEXT = {"type": "text", "text": ""}
_KINDS: Mapping[str, str] = {
    "overloaded": "overloaded_error",
    "gateway_stopped": "overloaded_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "rate_limit_error",
    "upstream_timeout": "timeout_error",
    "connect_timeout": "timeout_error",
    "first_byte_timeout": "timeout_error",
    "idle_timeout": "timeout_error",
    "total_timeout": "timeout_error",
}
_LATE = Said("The answer broke off: a call went on after its end.", code="malformed")
_NO_FINISH = Said("The answer ended without a finish.", code="truncated")
_UNKNOWN_FINISH = Said("The answer ended for an unknown reason.", code="unknown_finish")
_NAMELESS = Said("The model called a tool without a name.", code="malformed_call")


class MessageWriter:
    """Writes the events of one message."""

    __slots__ = ("_begun", "_calls", "_closed", "_finish", "_id", "_index", "_open",
                 "_refused", "_sent", "_usage")  # fmt: skip

    def __init__(self) -> None:
        self._begun = False
        self._calls = Calls()
        self._open: Call | bool | None = None  # True: a block of text
        self._closed: set[int] = set()
        self._sent = 0  # pieces of the open call's arguments
        self._index = -1
        self._finish: str | None = None
        self._id = ""
        self._refused = False
        self._usage: Usage | None = None

    def chunk(self, chunk: Answered) -> bytes | Said:
        """Write what *chunk* adds, or say why it cannot be written."""
        self._usage = chunk.counted or self._usage
        out = b"" if self._begun else self._begin(chunk)
        choice = chunk.first
        if choice is None:
            return out
        self._finish = choice.finish_reason or self._finish
        said = choice.delta
        if said is None:
            return out
        self._refused = self._refused or bool(said.refusal)
        text = said.text + (said.refusal or "")
        if text:
            out += self._text(text)
        for piece in said.tool_calls or ():
            call = self._calls.take(piece)
            if call.place in self._closed:
                return _LATE
            if self._open is True or self._open is None:
                out += self._open_call(call)
            elif self._open is call:
                out += self._arguments(call)
        return out

    def done(self) -> bytes | Said:
        """Write the end of a whole answer, or say why it is not whole."""
        if self._finish is None or not self._begun:
            return _NO_FINISH
        called = bool(self._calls.listed)
        reason = stop_reason(self._finish, called=called, refused=self._refused)
        if reason is None:
            return _UNKNOWN_FINISH
        if not all(call.name for call in self._calls.listed):
            return _NAMELESS
        out = self._close_all()
        delta = {"stop_reason": reason, "stop_sequence": None}
        end = {"delta": delta, "usage": write_usage(self._usage)}
        return out + event("message_delta", end) + event("message_stop", {})

    def error(self, said: Said) -> bytes:
        """Write the error that ends a broken answer."""
        kind = _KINDS.get(said.code or "", "api_error")
        told = {"type": kind, "message": said.message or "The answer broke off."}
        return event("error", {"error": told})

    def _begin(self, chunk: Answered) -> bytes:
        self._begun = True
        self._id = chunk.id
        return event("message_start", {"message": write_message(chunk, [])})

    def _text(self, text: str) -> bytes:
        out = b""
        if self._open is not True:
            out = self._close_all() + self._start(_TEXT)
            self._open = True
        return out + self._delta({"type": "text_delta", "text": text})

    def _open_call(self, call: Call) -> bytes:
        if not call.name:
            return b""  # some providers say the name later: wait for it
        out = self._close_block()
        block = {"type": "tool_use", "id": call_id(call, self._id), "name": call.name}
        out += self._start({**block, "input": {}})
        self._open = call
        return out + self._arguments(call)

    def _arguments(self, call: Call) -> bytes:
        text = "".join(call.pieces[self._sent :])
        self._sent = len(call.pieces)
        if not text:
            return b""
        return self._delta({"type": "input_json_delta", "partial_json": text})

    def _start(self, block: Mapping[str, object]) -> bytes:
        self._index += 1
        self._sent = 0
        return event(
            "content_block_start", {"index": self._index, "content_block": block}
        )

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        return event("content_block_delta", {"index": self._index, "delta": delta})

    def _close_block(self) -> bytes:
        if self._open is None:
            return b""
        if isinstance(self._open, Call):
            self._closed.add(self._open.place)
        self._open = None
        return event("content_block_stop", {"index": self._index})

    def _close_all(self) -> bytes:
        """Close what is open and write what was kept behind it."""
        out = self._close_block()
        for call in self._calls.listed:
            if call.place not in self._closed and call.name:
                out += self._open_call(call) + self._close_block()
        return out


def event(name: str, members: Mapping[str, object]) -> bytes:
    """Write one event; the SDK goes by its name."""
    data = json.encode({"type": name, **members})
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def write_error(kind: str, message: str, request_id: str) -> bytes:
    """Write the body of an error."""
    told = {"type": kind, "message": message}
    return json.encode(
        {"type": "error", "error": told, "request_id": request_id or None}
    )

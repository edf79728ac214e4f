"""OpenAI's answers as Gemini's, whole or in pieces.

A call of a tool is one part of an answer there, so its pieces are gathered. The
finish is written when `[DONE]` was read, and at no other time.
https://ai.google.dev/api/generate-content
"""

from collections.abc import Mapping

from msgspec import Raw, json

from heliograph.gateway.types import Failure, Usage
from heliograph.gateway.wire.blame import Said
from heliograph.gateway.wire.completion import (
    Answered,
    Call,
    Calls,
    message_calls,
    usable_calls,
)
from heliograph.gateway.wire.completion import Said as Message

_FINISHES: Mapping[str, str] = {
    "stop": "STOP",
    "eos": "STOP",
    "tool_calls": "STOP",
    "function_call": "STOP",
    "length": "MAX_TOKENS",
    "model_length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}
_STATUSES: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_INTERNAL = 500
_CODES: Mapping[str, int] = {
    "overloaded": 503,
    "gateway_stopped": 503,
    "rate_limited": 429,
    "quota_exhausted": 429,
    "upstream_timeout": 504,
    "connect_timeout": 504,
    "first_byte_timeout": 504,
    "idle_timeout": 504,
    "total_timeout": 504,
}
_NO_FINISH = Said("The answer ended without a finish.", code="truncated")

Part = dict[str, object]


class ContentWriter:
    """Writes the events of one answer."""

    __slots__ = ("_calls", "_finish", "_last", "_usage")

    def __init__(self) -> None:
        self._calls = Calls()
        self._finish: str | None = None
        self._last = Answered()
        self._usage: Usage | None = None

    def chunk(self, chunk: Answered) -> bytes | Said:
        """Write the text that *chunk* adds; keep the rest for the end."""
        self._last = chunk
        self._usage = chunk.counted or self._usage
        choice = chunk.first
        if choice is None:
            return b""
        self._finish = choice.finish_reason or self._finish
        said = choice.delta
        if said is None:
            return b""
        for piece in said.tool_calls or ():
            self._calls.take(piece)
        text = said.text + (said.refusal or "")
        return event(_response(chunk, [{"text": text}], None)) if text else b""

    def done(self) -> bytes | Said:
        """Write the calls, the finish and the count, or say why it is not whole."""
        if self._finish is None:
            return _NO_FINISH
        calls = usable_calls(self._calls.listed, self._finish)
        if isinstance(calls, Failure):
            return Said(calls.message, code=calls.kind)
        last = _response(self._last, _call_parts(calls), self._finish)
        return event(last | _counted(self._usage))

    def error(self, said: Said) -> bytes:
        """Write the error that ends a broken answer."""
        code = _CODES.get(said.code or "", _INTERNAL)
        message = said.message or "The answer broke off."
        return b"data: " + write_error(code, message) + b"\n\n"


def write_answer(completion: Answered) -> bytes | Failure:
    """Write a whole answer."""
    choice = completion.first
    said = (choice.message if choice else None) or Message()
    finish = (choice.finish_reason if choice else None) or ""
    calls = usable_calls(message_calls(said), finish)
    if isinstance(calls, Failure):
        return calls
    text = said.text + (said.refusal or "")
    parts: list[Part] = [{"text": text}] if text else []
    parts += _call_parts(calls)
    whole = _response(completion, parts, finish) | _counted(completion.counted)
    return json.encode(whole)


def write_error(code: int, message: str) -> bytes:
    """Write an error; in a stream the SDK knows it by its first member."""
    unlisted = "INTERNAL" if code >= _INTERNAL else "INVALID_ARGUMENT"
    status = _STATUSES.get(code, unlisted)
    return json.encode({"error": {"code": code, "message": message, "status": status}})


def event(response: Mapping[str, object]) -> bytes:
    """Write one event; it has no name."""
    return b"data: " + json.encode(response) + b"\n\n"


def _response(
    answered: Answered, parts: list[Part], finish: str | None
) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": parts, "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = _FINISHES.get(finish, "OTHER")
    candidate["index"] = 0
    return {
        "candidates": [candidate],
        "modelVersion": answered.model,
        "responseId": answered.id,
    }


def _call_parts(calls: list[Call]) -> list[Part]:
    return [{"functionCall": _call(call)} for call in calls]


def _call(call: Call) -> dict[str, object]:
    args = Raw((call.arguments or "{}").encode())
    named: dict[str, object] = {"id": call.id} if call.id else {}
    return {**named, "name": call.name, "args": args}


def _counted(usage: Usage | None) -> dict[str, object]:
    """Count as Gemini does: what was thought stands beside what was said."""
    if usage is None:
        return {}
    counted = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        counted["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        counted["thoughtsTokenCount"] = usage.reasoning_tokens
    return {"usageMetadata": counted}

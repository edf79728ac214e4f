"""Gemini's contents as OpenAI's list of messages.

Calls of tools need no id there, so one is made up, and the result of that name takes
the first that waits for one.
https://ai.google.dev/api/caching#Content
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Raw, Struct, field, json

from heliograph.gateway.wire.refused import RefusedError, bad_value

_NULL = Raw(b"null")
_SEPARATOR = "\n\n"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_OWN_FILES = "https://generativelanguage.googleapis.com/"

Message = dict[str, object]


class _Blob(Struct, rename="camel", forbid_unknown_fields=True):
    mime_type: str
    data: Raw
    display_name: str | None = None


class _File(Struct, rename="camel", forbid_unknown_fields=True):
    file_uri: str
    mime_type: str = ""
    display_name: str | None = None


class _FunctionCall(Struct, rename="camel", forbid_unknown_fields=True):
    name: str
    args: Raw = Raw(b"{}")
    id: str | None = None


class _FunctionResponse(Struct, rename="camel", forbid_unknown_fields=True):
    name: str
    response: Raw = Raw(b"{}")
    id: str | None = None


class Part(Struct, rename="camel", forbid_unknown_fields=True):
    """One part of a content."""

    text: str | None = None
    inline_data: _Blob | None = None
    file_data: _File | None = None
    function_call: _FunctionCall | None = None
    function_response: _FunctionResponse | None = None
    thought: bool | None = None
    thought_signature: Raw = _NULL
    media_resolution: Raw = _NULL


class Content(Struct, rename="camel", forbid_unknown_fields=True):
    """What one side says; Google's pages also show a lone part."""

    parts: list[Part] | Part = field(default_factory=list)
    role: Literal["user", "model", "function", "tool", "system", ""] | None = None

    def each(self, place: str) -> Iterator[tuple[str, Part]]:
        """Yield the parts with their places; what a model thought is left out."""
        parts = self.parts if isinstance(self.parts, list) else [self.parts]
        for number, part in enumerate(parts):
            if not part.thought:
                yield f"{place}.parts[{number}]", part


class _Waiting:
    """The calls of tools that have no result yet, and how many there were."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.count = 0

    def call(self, called: _FunctionCall) -> str:
        self.count += 1
        call_id = called.id or f"call_{self.count}"
        self.calls.append((called.name, call_id))
        return call_id

    def answer(self, result: _FunctionResponse, place: str) -> str:
        for waiting in self.calls:
            if result.id == waiting[1] or (not result.id and result.name == waiting[0]):
                self.calls.remove(waiting)
                return waiting[1]
        if result.id:
            return result.id
        said = f"`{place}.functionResponse` answers no call before it."
        raise bad_value(said, f"{place}.functionResponse")


def system_text(content: Content) -> str:
    """Read the system instruction as one text."""
    texts = []
    for place, part in content.each("systemInstruction"):
        if part.text is None:
            raise RefusedError(f"`{place}`: only text is taken here.", place)
        texts.append(part.text)
    return _SEPARATOR.join(filter(None, texts))


def read_contents(contents: Sequence[Content]) -> list[Message]:
    """Translate *contents*. Raises `RefusedError`."""
    waiting = _Waiting()
    messages: list[Message] = []
    for number, content in enumerate(contents):
        place = f"contents[{number}]"
        if content.role == "model":
            messages += _model(content, place, waiting)
        elif content.role == "system":
            said = f"`{place}.role`: the system speaks in `systemInstruction`."
            raise bad_value(said, f"{place}.role")
        else:
            messages += _user(content, place, waiting)
    return messages


def _model(content: Content, place: str, waiting: _Waiting) -> list[Message]:
    texts: list[str] = []
    calls: list[dict[str, object]] = []
    for at, part in content.each(place):
        if part.function_call is not None:
            called = part.function_call
            _require_object(called.args, f"{at}.functionCall.args")
            # The text itself: numbers keep their digits, members their order.
            function = {"name": called.name, "arguments": bytes(called.args).decode()}
            call_id = waiting.call(called)
            calls.append({"id": call_id, "type": "function", "function": function})
        elif part.text is not None:
            texts.append(part.text)
        else:
            raise RefusedError(f"`{at}`: the model's turns take no such part.", at)
    if not texts and not calls:
        return []  # it was all thought
    message: Message = {"role": "assistant", "content": "".join(texts)}
    if calls:
        message["tool_calls"] = calls
        message["content"] = message["content"] or None
    return [message]


def _user(content: Content, place: str, waiting: _Waiting) -> list[Message]:
    results: list[Message] = []
    parts: list[dict[str, object]] = []
    for at, part in content.each(place):
        if part.function_response is not None:
            results.append(_result(part.function_response, at, waiting))
        elif part.inline_data is not None:
            parts.append(_image(_inline(part.inline_data, at)))
        elif part.file_data is not None:
            parts.append(_image(_link(part.file_data, at)))
        elif part.text is not None:
            parts.append({"type": "text", "text": part.text})
        else:
            raise RefusedError(f"`{at}`: the user's turns take no such part.", at)
    if not parts:
        return results
    alone = len(parts) == 1 and parts[0]["type"] == "text"
    said: object = parts[0]["text"] if alone else parts
    return [*results, {"role": "user", "content": said}]


def _result(result: _FunctionResponse, place: str, waiting: _Waiting) -> Message:
    _require_object(result.response, f"{place}.functionResponse.response")
    return {
        "role": "tool",
        "tool_call_id": waiting.answer(result, place),
        "content": bytes(result.response).decode(),
    }


def _require_object(value: Raw, param: str) -> None:
    # Well-formed it is: the whole request was read.
    if bytes(memoryview(value)[:1]) != b"{":
        raise bad_value(f"`{param}` must be an object.", param)


def _image(url: object) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


def _inline(blob: _Blob, place: str) -> object:
    param = f"{place}.inlineData"
    _require_image(blob.mime_type, param)
    data = bytes(blob.data)
    if data[:1] != b'"':
        raise bad_value(f"`{param}.data` must be a base64 text.", f"{param}.data")
    if b"-" in data or b"_" in data:
        data = data.translate(_URL_SAFE)  # as Google's own SDK writes it
    if b"\\" not in data:
        data = data[:-1] + b"=" * (-(len(data) - 2) % 4) + b'"'
    media = json.encode(f"data:{blob.mime_type};base64,")[:-1]
    return Raw(media + data[1:])


def _link(file: _File, place: str) -> str:
    param = f"{place}.fileData"
    _require_image(file.mime_type, param)
    if not file.file_uri.startswith("https://") or file.file_uri.startswith(_OWN_FILES):
        raise RefusedError(
            f"`{param}.fileUri` must be an https URL that anybody may read; files"
            " kept at Google are not reached from here.",
            f"{param}.fileUri",
        )
    return file.file_uri


def _require_image(mime_type: str, param: str) -> None:
    if not mime_type.startswith("image/"):
        raise RefusedError(
            f"`{param}.mimeType`: only pictures are taken here.", f"{param}.mimeType"
        )

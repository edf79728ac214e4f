"""Anthropic's turns as OpenAI's list of messages.

The results of tools become messages of their own, before what else the user says.
https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Raw, Struct, json

from heliograph.gateway.wire.json_text import UNREADABLE, where, why
from heliograph.gateway.wire.refused import RefusedError, bad_value

_NULL = Raw(b"null")
_SEPARATOR = "\n\n"

Message = dict[str, object]


class _Text(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    text: str
    cache_control: Raw = _NULL
    citations: Raw = _NULL


class _Base64(Struct, tag_field="type", tag="base64", forbid_unknown_fields=True):
    media_type: str
    data: Raw


class _Url(Struct, tag_field="type", tag="url", forbid_unknown_fields=True):
    url: str


class _Image(Struct, tag_field="type", tag="image", forbid_unknown_fields=True):
    source: _Base64 | _Url
    cache_control: Raw = _NULL


class _ToolUse(Struct, tag_field="type", tag="tool_use", forbid_unknown_fields=True):
    id: str
    name: str
    input: Raw = Raw(b"{}")
    caller: Raw = _NULL
    cache_control: Raw = _NULL


class _ToolResult(
    Struct, tag_field="type", tag="tool_result", forbid_unknown_fields=True
):
    """`is_error` has no counterpart: the text says what went wrong."""

    tool_use_id: str
    content: str | list[_Text | _Image] | None = None
    is_error: bool | None = None
    cache_control: Raw = _NULL


class _Thinking(Struct, tag_field="type", tag="thinking"):
    """What a model thought before; only the one that thought it can read it."""


class _RedactedThinking(Struct, tag_field="type", tag="redacted_thinking"):
    """The same, sealed."""


_Block = _Text | _Image | _ToolUse | _ToolResult | _Thinking | _RedactedThinking


class _Turn(Struct, forbid_unknown_fields=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


_TURNS = json.Decoder(list[_Turn])
_SYSTEM = json.Decoder(str | list[_Text] | None)
_OBJECT = json.Decoder(dict[str, Raw])


def system_text(system: Raw, param: str) -> str:
    """Read the system prompt as one text."""
    try:
        said = _SYSTEM.decode(system)
    except UNREADABLE as error:
        place = where(error, param)
        raise bad_value(f"`{place}`: {why(error)}.", place) from error
    return _joined(said or "")


def read_messages(messages: Raw) -> list[Message]:
    """Translate the JSON list *messages*. Raises `RefusedError`."""
    try:
        turns = _TURNS.decode(messages)
    except UNREADABLE as error:
        place = where(error, "messages")
        raise RefusedError(f"`{place}`: {why(error)}.", place) from error
    if not turns:
        raise bad_value(
            "`messages` must be a list of at least one message.", "messages"
        )
    return [
        message
        for number, turn in enumerate(turns)
        for message in _messages(turn, f"messages[{number}]")
    ]


def _messages(turn: _Turn, place: str) -> list[Message]:
    if isinstance(turn.content, str):
        return [{"role": turn.role, "content": turn.content}]
    if turn.role == "user":
        return _user(turn.content, place)
    if turn.role == "assistant":
        return _assistant(turn.content, place)
    texts = [block for block in turn.content if isinstance(block, _Text)]
    if len(texts) < len(turn.content):
        said = f"`{place}.content`: a message of the system takes text only."
        raise bad_value(said, f"{place}.content")
    return [{"role": "system", "content": _joined(texts)}]


def _joined(said: str | Sequence[_Text]) -> str:
    if isinstance(said, str):
        return said
    return _SEPARATOR.join(block.text for block in said if block.text)


def _user(blocks: list[_Block], place: str) -> list[Message]:
    results: list[Message] = []
    parts: list[dict[str, object]] = []
    for number, block in enumerate(blocks):
        at = f"{place}.content[{number}]"
        if isinstance(block, _ToolResult):
            results.append(_result(block, at))
        elif isinstance(block, _Text):
            parts.append({"type": "text", "text": block.text})
        elif isinstance(block, _Image):
            url = {"url": _picture(block, at)}
            parts.append({"type": "image_url", "image_url": url})
        else:
            said = f"`{at}`: the user's turns take no block of this type."
            raise bad_value(said, at)
    if not parts:
        return results
    alone = len(parts) == 1 and parts[0]["type"] == "text"
    content: object = parts[0]["text"] if alone else parts
    return [*results, {"role": "user", "content": content}]


def _assistant(blocks: list[_Block], place: str) -> list[Message]:
    texts: list[str] = []
    calls: list[dict[str, object]] = []
    for number, block in enumerate(blocks):
        at = f"{place}.content[{number}]"
        if isinstance(block, _Text):
            texts.append(block.text)
        elif isinstance(block, _ToolUse):
            calls.append(_call(block, at))
        elif isinstance(block, _Image | _ToolResult):
            said = f"`{at}`: the assistant's turns take no block of this type."
            raise bad_value(said, at)
    if not texts and not calls:
        return []  # it was all thought
    message: Message = {"role": "assistant", "content": "".join(texts)}
    if calls:
        message["tool_calls"] = calls
        message["content"] = message["content"] or None
    return [message]


def _call(block: _ToolUse, place: str) -> dict[str, object]:
    try:
        _OBJECT.decode(block.input)
    except UNREADABLE as error:
        said = f"`{place}.input` must be an object."
        raise bad_value(said, f"{place}.input") from error
    # The text itself: numbers keep their digits, members their order.
    function = {"name": block.name, "arguments": bytes(block.input).decode()}
    return {"id": block.id, "type": "function", "function": function}


def _result(block: _ToolResult, place: str) -> Message:
    content = block.content or ""
    texts: list[_Text] = []
    for number, part in enumerate(content if isinstance(content, list) else ()):
        if isinstance(part, _Image):
            at = f"{place}.content[{number}]"
            raise RefusedError(
                f"`{at}`: a result of a tool takes text only here; send the picture"
                " as a block of the user's turn.",
                at,
            )
        texts.append(part)
    return {
        "role": "tool",
        "tool_call_id": block.tool_use_id,
        "content": content if isinstance(content, str) else _joined(texts),
    }


def _picture(block: _Image, place: str) -> object:
    source = block.source
    if isinstance(source, _Url):
        return source.url
    data = bytes(source.data)
    if data[:1] != b'"':
        said = f"`{place}.source.data` must be a base64 text."
        raise bad_value(said, f"{place}.source.data")
    media = json.encode(f"data:{source.media_type};base64,")[:-1]
    # Moved, not decoded: it may be most of the request.
    return Raw(media + data[1:])

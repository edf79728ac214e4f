"""OpenAI's list of messages as Anthropic's system prompt and turns.

A turn is all that one side says before the other: neighbours of one role are
joined, and the results of tools are the user's.
https://docs.anthropic.com/en/api/messages
"""

from typing import Literal

from msgspec import Raw, Struct, field, json

from heliograph.gateway.wire.anthropic_picture import source
from heliograph.gateway.wire.json_text import UNREADABLE, where, why
from heliograph.gateway.wire.refused import RefusedError, bad_value

_NULL = Raw(b"null")
_SYSTEM_SEPARATOR = "\n\n"

Block = dict[str, object]


class _ImageUrl(Struct, forbid_unknown_fields=True):
    url: Raw
    detail: str | None = None


class _Part(Struct, forbid_unknown_fields=True):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: _ImageUrl | None = None
    input_audio: Raw = _NULL
    file: Raw = _NULL


class _Function(Struct, forbid_unknown_fields=True):
    name: str
    arguments: str = ""


class _ToolCall(Struct, forbid_unknown_fields=True):
    id: str
    function: _Function
    type: Literal["function"] = "function"
    index: int | None = None


class _Message(Struct, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    # OpenAI's own answers carry these as nothing, and callers send answers back.
    annotations: list[Raw] | None = None
    audio: None = None
    function_call: None = None


class Turns(Struct):
    """The conversation as Anthropic wants it; `system` is None when there is none."""

    system: str | None = None
    turns: list[dict[str, object]] = field(default_factory=list)


_MESSAGES = json.Decoder(list[_Message])
_ARGUMENTS = json.Decoder(dict[str, Raw])


def read_turns(messages: Raw, drop: frozenset[str]) -> Turns:
    """Translate the JSON list *messages*.

    *drop* may name `messages.name` and `image_url.detail`, which Anthropic has no
    words for: named there they are left out, else they are refused. Raises
    `RefusedError`.
    """
    try:
        asked = _MESSAGES.decode(messages)
    except UNREADABLE as error:
        place = where(error, "messages")
        raise bad_value(f"`{place}`: {why(error)}.", place) from error
    system: list[str] = []
    turns: list[tuple[str, list[Block]]] = []
    for index, message in enumerate(asked):
        place = f"messages[{index}]"
        _refuse_name(message, place, drop)
        if message.role in ("system", "developer"):
            system.append(_only_text(message.content, place))
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, place, drop)
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, blocks))
    if not turns:
        raise bad_value("`messages` needs a message of the user.", "messages")
    return Turns(
        system=_SYSTEM_SEPARATOR.join(filter(None, system)) or None,
        turns=[{"role": role, "content": blocks} for role, blocks in turns],
    )


def _refuse_name(message: _Message, place: str, drop: frozenset[str]) -> None:
    # The name of a tool's message repeats what the call's id already says.
    if message.name and message.role != "tool" and "messages.name" not in drop:
        raise RefusedError(
            f"`{place}.name` cannot be carried to Anthropic; put it into the text.",
            f"{place}.name",
        )


def _blocks(message: _Message, place: str, drop: frozenset[str]) -> list[Block]:
    if message.role == "tool":
        return [_tool_result(message, place)]
    if message.role == "user":
        blocks = _content_blocks(message.content, place, drop)
    else:
        blocks = _content_blocks(message.content, place, drop)
        if message.refusal:
            blocks.append({"type": "text", "text": message.refusal})
        for number, call in enumerate(message.tool_calls or ()):
            blocks.append(_tool_use(call, f"{place}.tool_calls[{number}]"))
    if not blocks:
        raise bad_value(f"`{place}.content` is empty.", f"{place}.content")
    return blocks


def _content_blocks(
    content: str | list[_Part] | None, place: str, drop: frozenset[str]
) -> list[Block]:
    if not content:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    blocks = []
    for number, part in enumerate(content):
        block = _block(part, f"{place}.content[{number}]", drop)
        # Anthropic refuses a text block without text, and it says nothing.
        if block.get("text") != "":
            blocks.append(block)
    return blocks


def _block(part: _Part, place: str, drop: frozenset[str]) -> Block:
    if part.type == "image_url":
        return _image(part, place, drop)
    text = {"text": part.text, "refusal": part.refusal}.get(part.type)
    if text is not None:
        return {"type": "text", "text": text}
    if part.type in ("text", "refusal"):
        raise bad_value(f"`{place}.{part.type}` is missing.", place)
    raise RefusedError(
        f"`{place}`: Anthropic takes parts of type text and image_url only here.", place
    )


def _image(part: _Part, place: str, drop: frozenset[str]) -> Block:
    if part.image_url is None:
        raise bad_value(f"`{place}.image_url` is missing.", f"{place}.image_url")
    detail = part.image_url.detail
    if detail not in (None, "auto") and "image_url.detail" not in drop:
        raise RefusedError(
            f"`{place}.image_url.detail` cannot be carried to Anthropic;"
            " scale the picture instead.",
            f"{place}.image_url.detail",
        )
    url = source(part.image_url.url, f"{place}.image_url.url")
    return {"type": "image", "source": url}


def _tool_use(call: _ToolCall, place: str) -> Block:
    text = call.function.arguments or "{}"
    try:
        _ARGUMENTS.decode(text)
    except UNREADABLE as error:
        param = f"{place}.function.arguments"
        raise bad_value(
            f"`{param}` must be the JSON text of an object.", param
        ) from error
    return {
        "type": "tool_use",
        "id": call.id,
        "name": call.function.name,
        # The text itself: numbers keep their digits, members their order.
        "input": Raw(text),
    }


def _tool_result(message: _Message, place: str) -> Block:
    if not message.tool_call_id:
        param = f"{place}.tool_call_id"
        raise bad_value(f"`{param}` is missing; name the call it answers.", param)
    return {
        "type": "tool_result",
        "tool_use_id": message.tool_call_id,
        "content": _only_text(message.content, place),
    }


def _only_text(content: str | list[_Part] | None, place: str) -> str:
    if content is None:
        raise bad_value(f"`{place}.content` is missing.", f"{place}.content")
    if isinstance(content, str):
        return content
    for number, part in enumerate(content):
        if part.type != "text" or part.text is None:
            param = f"{place}.content[{number}]"
            raise RefusedError(f"`{param}` must be a part of type text.", param)
    return "".join(part.text or "" for part in content)

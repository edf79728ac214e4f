"""OpenAI's chat parameters as Anthropic's; what has no counterpart is refused.

https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Mapping
from typing import Literal, TypeVar

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat, Endpoint, ModelFacts
from heliograph.gateway.wire.anthropic_picture import Payload
from heliograph.gateway.wire.anthropic_turns import read_turns
from heliograph.gateway.wire.json_text import UNREADABLE, where, why
from heliograph.gateway.wire.refused import RefusedError, bad_value

_NULL = Raw(b"null")
# Where a picture goes. JSON has no such byte: in texts it is escaped, and in the
# members that are moved as they came, the reader has refused it.
_GAP = Raw(b'"\0')
_TEMPERATURE_MAX = 1.0

_CARRIED = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "parallel_tool_calls",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user",
    }
)
# A parameter that says what would happen anyway is lost without harm.
_HARMLESS: Mapping[str, tuple[bytes, ...]] = {
    "n": (b"1",),
    "logprobs": (b"false",),
    "top_logprobs": (b"0",),
    "logit_bias": (b"{}",),
    "frequency_penalty": (b"0", b"0.0"),
    "presence_penalty": (b"0", b"0.0"),
    "response_format": (b'{"type":"text"}',),
    "modalities": (b'["text"]',),
    "store": (b"false",),
    "metadata": (b"{}",),
    "functions": (b"[]",),
    "service_tier": (b'"auto"', b'"default"'),
}


class _Function(Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: Raw = _NULL
    strict: bool | None = None


class _Tool(Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: _Function


class _NamedFunction(Struct, forbid_unknown_fields=True):
    name: str


class _NamedTool(Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: _NamedFunction


class _StreamOptions(Struct, forbid_unknown_fields=True):
    include_usage: bool | None = None
    include_obfuscation: Literal[False] | None = None


_Choice = Literal["none", "auto", "required"] | _NamedTool

_TOOLS = json.Decoder(list[_Tool])
_CHOICE = json.Decoder(_Choice)
_STREAM_OPTIONS = json.Decoder(_StreamOptions)
_NUMBER = json.Decoder(float)
_COUNT = json.Decoder(int)
_TEXT = json.Decoder(str)
_FLAG = json.Decoder(bool)
_STOP = json.Decoder(str | list[str])

_T = TypeVar("_T")


def write_body(
    chat: Chat, model: str, endpoint: Endpoint, facts: ModelFacts
) -> tuple[bytes | Raw, ...]:
    """Write the body of `POST /v1/messages`, pictures as pieces of their own.

    Raises `RefusedError`.
    """
    drop = endpoint.drop
    fields = {
        name: value
        for name, value in chat.fields.items()
        if name not in drop and value != _NULL
    }
    for name in fields.keys() - _CARRIED:
        _refuse_unless_harmless(name, fields[name])
    _read(fields, "stream_options", _STREAM_OPTIONS)
    talk = read_turns(chat.fields["messages"], drop)
    body: dict[str, object] = {
        "model": model,
        # Anthropic refuses a request without a ceiling; OpenAI asks for none.
        "max_tokens": chat.max_tokens or facts.output_tokens_max,
        "messages": talk.turns,
    }
    if talk.system is not None:
        body["system"] = talk.system
    if chat.stream:
        body["stream"] = True
    _write_sampling(fields, body)
    _write_tools(fields, body)
    return _pieces(body)


def _pieces(body: dict[str, object]) -> tuple[bytes | Raw, ...]:
    payloads: list[Raw] = []

    def set_aside(value: object) -> Raw:
        if not isinstance(value, Payload):
            raise TypeError(type(value))
        payloads.append(Raw(value.text))
        return _GAP

    frame = json.encode(body, enc_hook=set_aside)
    first, *rest = frame.split(b"\0")
    pieces: list[bytes | Raw] = [first]
    for payload, after in zip(payloads, rest, strict=True):
        pieces += (payload, after)
    return tuple(pieces)


def _refuse_unless_harmless(name: str, value: Raw) -> None:
    if name in _HARMLESS and _plain(value) in _HARMLESS[name]:
        return
    raise RefusedError(
        f"`{name}` cannot be carried to Anthropic; leave it out,"
        " or send the request to a provider that takes it.",
        name,
    )


def _plain(value: Raw) -> bytes:
    """Spell *value* without white space and escapes; as it came if unreadable."""
    try:
        return json.encode(json.decode(value))
    except UNREADABLE:
        return bytes(value)


def _read(
    fields: Mapping[str, Raw], name: str, decoder: "json.Decoder[_T]"
) -> _T | None:
    """Read one parameter; None when it was not given."""
    if name not in fields:
        return None
    try:
        return decoder.decode(fields[name])
    except UNREADABLE as error:
        place = where(error, name)
        raise bad_value(f"`{place}`: {why(error)}.", place) from error


def _write_sampling(fields: Mapping[str, Raw], body: dict[str, object]) -> None:
    temperature = _read(fields, "temperature", _NUMBER)
    if temperature is not None:
        if temperature > _TEMPERATURE_MAX:
            raise RefusedError(
                "`temperature` ends at 1 with Anthropic, at 2 with OpenAI;"
                " send at most 1.",
                "temperature",
            )
        body["temperature"] = fields["temperature"]
    if _read(fields, "top_p", _NUMBER) is not None:
        body["top_p"] = fields["top_p"]
    # No member of OpenAI's, but one that callers of other dialects bring.
    if _read(fields, "top_k", _COUNT) is not None:
        body["top_k"] = fields["top_k"]
    stop = _read(fields, "stop", _STOP)
    if stop:
        body["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    user = _read(fields, "user", _TEXT)
    if user:
        body["metadata"] = {"user_id": user}


def _write_tools(fields: Mapping[str, Raw], body: dict[str, object]) -> None:
    tools = _read(fields, "tools", _TOOLS)
    choice = _read(fields, "tool_choice", _CHOICE)
    parallel = _read(fields, "parallel_tool_calls", _FLAG)
    if not tools:
        if choice not in (None, "none", "auto"):
            raise bad_value("`tool_choice` needs `tools`.", "tool_choice")
        return
    body["tools"] = [_tool(tool.function) for tool in tools]
    chosen = _choice(choice)
    if parallel is False and choice != "none":
        chosen = {**(chosen or {"type": "auto"}), "disable_parallel_tool_use": True}
    if chosen is not None:
        body["tool_choice"] = chosen


def _tool(function: _Function) -> dict[str, object]:
    empty = function.parameters == _NULL or not json.decode(function.parameters)
    tool: dict[str, object] = {
        "name": function.name,
        "input_schema": {"type": "object"} if empty else function.parameters,
    }
    if function.description:
        tool["description"] = function.description
    if function.strict:
        tool["strict"] = True
    return tool


def _choice(choice: _Choice | None) -> dict[str, object] | None:
    if isinstance(choice, _NamedTool):
        return {"type": "tool", "name": choice.function.name}
    if choice is None:
        return None
    return {"type": "any" if choice == "required" else choice}

"""Anthropic's request as OpenAI's; what has no counterpart is refused by name.

Left out is what only tunes or marks (caching, thinking, effort, tiers): the answer
means the same without it.
https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Raw, Struct, json, structs

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.chat import members
from heliograph.gateway.wire.chat import read as read_chat
from heliograph.gateway.wire.inbound_anthropic_turns import read_messages, system_text
from heliograph.gateway.wire.json_text import UNREADABLE, where, why
from heliograph.gateway.wire.refused import RefusedError, bad_value

_NULL = Raw(b"null")
# The same words in both dialects, or one that goes on to whoever knows it.
_AS_IT_IS = ("model", "stream", "temperature", "top_p", "top_k", "fallbacks")
_READ = frozenset(
    {
        "max_tokens",
        "messages",
        "metadata",
        "output_config",
        "stop_sequences",
        "system",
        "tool_choice",
        "tools",
        *_AS_IT_IS,
    }
)
_LEFT_OUT = frozenset({"cache_control", "service_tier", "speed", "thinking"})


class _Metadata(Struct):
    user_id: str | None = None


class _Format(Struct, forbid_unknown_fields=True, tag_field="type", tag="json_schema"):
    schema: Raw


class _OutputConfig(Struct, forbid_unknown_fields=True):
    format: _Format | None = None
    effort: str | None = None


class _Tool(Struct, forbid_unknown_fields=True):
    """A tool of the caller's own; `type` names those that run at Anthropic."""

    name: str
    input_schema: Raw = _NULL
    description: str | None = None
    type: str | None = None
    strict: bool | None = None
    allowed_callers: Raw = _NULL
    cache_control: Raw = _NULL
    defer_loading: Raw = _NULL
    eager_input_streaming: Raw = _NULL
    input_examples: Raw = _NULL


class _Named(Struct):
    type: str = ""


class _Choice(Struct, forbid_unknown_fields=True):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool = False


_CHOICES: Mapping[str, str] = {"auto": "auto", "any": "required", "none": "none"}
_MAX_TOKENS = json.Decoder(int)
_METADATA = json.Decoder(_Metadata)
_OUTPUT_CONFIG = json.Decoder(_OutputConfig)
_STOPS = json.Decoder(list[str])
_TYPES: json.Decoder[list[_Named]] = json.Decoder(list[_Named])
_TOOLS = json.Decoder(list[_Tool])
_CHOICE = json.Decoder(_Choice)

_T = TypeVar("_T")


def read_request(body: bytes, depth_max: int) -> Chat | Failure:
    """Read the *body* of a request for a message."""
    asked = members(body, depth_max)
    if isinstance(asked, Failure):
        return asked
    try:
        written = _write(asked)
    except RefusedError as refused:
        return refused.failure()
    chat = read_chat(json.encode(written), depth_max + 2)
    if isinstance(chat, Failure) or not chat.stream:
        return chat
    # The end of a message tells its tokens. Who is asked in which way is the
    # endpoint's business, so the request itself does not say it.
    return structs.replace(chat, include_usage=True)


def _write(asked: Mapping[str, Raw]) -> dict[str, object]:
    given = {name: value for name, value in asked.items() if value != _NULL}
    for name in given.keys() - _READ - _LEFT_OUT:
        raise RefusedError(
            f"`{name}` is not taken here: it has no counterpart with every provider;"
            " leave it out.",
            name,
        )
    written: dict[str, object] = {
        name: given[name] for name in _AS_IT_IS if name in given
    }
    if "max_tokens" not in given:
        raise bad_value("`max_tokens` is missing; send at least 1.", "max_tokens")
    # OpenAI's newer models refuse the older name; endpoints rename where needed.
    ceiling = _read(given, "max_tokens", _MAX_TOKENS)
    if ceiling is None or ceiling < 1:
        raise bad_value("`max_tokens` must be at least 1.", "max_tokens")
    written["max_completion_tokens"] = ceiling
    written["messages"] = _messages(given)
    stops = _read(given, "stop_sequences", _STOPS)
    if stops:
        written["stop"] = stops
    metadata = _read(given, "metadata", _METADATA)
    if metadata is not None and metadata.user_id:
        written["user"] = metadata.user_id
    config = _read(given, "output_config", _OUTPUT_CONFIG)
    if config is not None and config.format is not None:
        written["response_format"] = _response_format(config.format)
    return written | _tools(given)


def _messages(given: Mapping[str, Raw]) -> list[dict[str, object]]:
    if "messages" not in given:
        raise bad_value("`messages` is missing; send a list of messages.", "messages")
    system = system_text(given.get("system", _NULL), "system")
    said = read_messages(given["messages"])
    return [{"role": "system", "content": system}, *said] if system else said


def _read(
    given: Mapping[str, Raw], name: str, decoder: "json.Decoder[_T]"
) -> _T | None:
    if name not in given:
        return None
    try:
        return decoder.decode(given[name])
    except UNREADABLE as error:
        place = where(error, name)
        raise bad_value(f"`{place}`: {why(error)}.", place) from error


def _response_format(wanted: _Format) -> dict[str, object]:
    schema = {"name": "answer", "schema": wanted.schema, "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _tools(given: Mapping[str, Raw]) -> dict[str, object]:
    typed = _read(given, "tools", _TYPES)
    for place, named in enumerate(typed or ()):
        if named.type not in ("", "custom"):
            raise RefusedError(
                f"`tools[{place}].type`: a tool that runs at Anthropic ({named.type})"
                " is not taken here; send tools of your own.",
                f"tools[{place}].type",
            )
    tools = _read(given, "tools", _TOOLS)
    choice = _read(given, "tool_choice", _CHOICE)
    if not tools:
        if choice is not None and choice.type not in ("auto", "none"):
            raise bad_value("`tool_choice` needs `tools`.", "tool_choice")
        return {}
    written: dict[str, object] = {"tools": [_tool(tool) for tool in tools]}
    if choice is not None:
        written["tool_choice"] = _choice(choice)
        if choice.disable_parallel_tool_use:
            written["parallel_tool_calls"] = False
    return written


def _tool(tool: _Tool) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.input_schema != _NULL:
        function["parameters"] = tool.input_schema
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(choice: _Choice) -> object:
    if choice.type == "tool" and choice.name:
        return {"type": "function", "function": {"name": choice.name}}
    if choice.type not in _CHOICES:
        said = "`tool_choice.type` must be auto, any, none, or tool with a `name`."
        raise bad_value(said, "tool_choice.type")
    return _CHOICES[choice.type]

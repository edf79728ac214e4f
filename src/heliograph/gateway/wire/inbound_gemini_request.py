"""Gemini's request as OpenAI's; what has no counterpart is refused by name.

Left out is what only tunes or marks: safety settings, labels, thinking, resolution.
https://ai.google.dev/api/generate-content
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from msgspec import Raw, Struct, json, structs

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.chat import members, refuse
from heliograph.gateway.wire.chat import read as read_chat
from heliograph.gateway.wire.inbound_gemini_schema import in_camel_case, json_schema
from heliograph.gateway.wire.inbound_gemini_turns import (
    Content,
    read_contents,
    system_text,
)
from heliograph.gateway.wire.json_text import UNREADABLE, where, why
from heliograph.gateway.wire.refused import RefusedError, bad_value

STREAM = b":streamGenerateContent"
_NULL = Raw(b"null")
_CHOICES: Mapping[str, str] = {
    "MODE_UNSPECIFIED": "auto",
    "AUTO": "auto",
    "VALIDATED": "auto",
    "ANY": "required",
    "NONE": "none",
}


class _Generation(Struct, rename="camel", forbid_unknown_fields=True):
    temperature: Raw = _NULL
    top_p: Raw = _NULL
    top_k: float | None = None
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    presence_penalty: Raw = _NULL
    frequency_penalty: Raw = _NULL
    seed: Raw = _NULL
    response_mime_type: str | None = None
    response_schema: dict[str, object] | None = None
    response_json_schema: Raw = _NULL
    response_modalities: list[str] | None = None
    media_resolution: Raw = _NULL
    thinking_config: Raw = _NULL


class _Function(Struct, rename="camel", forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: dict[str, object] | None = None
    parameters_json_schema: Raw = _NULL
    response: Raw = _NULL
    response_json_schema: Raw = _NULL


class _Tool(Struct, rename="camel", forbid_unknown_fields=True):
    function_declarations: list[_Function] | None = None


class _Calling(Struct, rename="camel", forbid_unknown_fields=True):
    mode: str = "AUTO"
    allowed_function_names: list[str] | None = None


class _ToolConfig(Struct, rename="camel", forbid_unknown_fields=True):
    function_calling_config: _Calling | None = None


class _Request(Struct, rename="camel", forbid_unknown_fields=True):
    contents: list[Content] | None = None
    system_instruction: Content | None = None
    generation_config: _Generation | None = None
    tools: list[_Tool] | None = None
    tool_config: _ToolConfig | None = None
    safety_settings: Raw = _NULL
    labels: Raw = _NULL
    model: Raw = _NULL
    fallbacks: Raw = _NULL


_REQUEST = json.Decoder(_Request)


def read_request(body: bytes, url: bytes, depth_max: int) -> Chat | Failure:
    """Read the *body* that was posted to *url*."""
    asked = members(body, depth_max)
    if isinstance(asked, Failure):
        return asked
    path, _, query = url.partition(b"?")
    stream = path.endswith(STREAM)
    if stream and parse_qs(query).get(b"alt") != [b"sse"]:
        said = "Streams are server-sent events here: add `?alt=sse` to the path."
        return refuse(said, param="alt")
    try:
        written = _write(_read(body))
    except RefusedError as refused:
        return refused.failure()
    written["model"] = _model(path)
    if stream:
        written["stream"] = True
    chat = read_chat(json.encode(written), depth_max + 2)
    if isinstance(chat, Failure):
        return chat
    return structs.replace(chat, include_usage=chat.stream)


def _model(path: bytes) -> str:
    name = path.partition(b"/models/")[2].rpartition(b":")[0]
    return unquote(name.decode("latin-1"))


def _read(body: bytes) -> _Request:
    try:
        return _REQUEST.decode(body)
    except UNREADABLE:
        pass
    try:
        return _REQUEST.decode(in_camel_case(Raw(body.strip())))
    except UNREADABLE as error:
        place = where(error, "body").removeprefix("body.")
        raise RefusedError(f"`{place}`: {why(error)}.", place) from error


def _write(asked: _Request) -> dict[str, object]:
    if not asked.contents:
        raise bad_value("`contents` is missing; send a list of contents.", "contents")
    said = read_contents(asked.contents)
    if not said:
        raise bad_value("`contents` holds no part.", "contents")
    if asked.system_instruction is not None:
        system = system_text(asked.system_instruction)
        said = [{"role": "system", "content": system}, *said] if system else said
    written: dict[str, object] = {"messages": said}
    if asked.generation_config is not None:
        written |= _generation(asked.generation_config)
    if asked.fallbacks != _NULL:
        written["fallbacks"] = asked.fallbacks
    return written | _tools(asked)


def _generation(wanted: _Generation) -> dict[str, object]:
    _require_one_text(wanted)
    given: dict[str, Any] = {
        "temperature": wanted.temperature,
        "top_p": wanted.top_p,
        "presence_penalty": wanted.presence_penalty,
        "frequency_penalty": wanted.frequency_penalty,
        "seed": wanted.seed,
    }
    written: dict[str, object] = {n: v for n, v in given.items() if v != _NULL}
    if wanted.top_k is not None:
        written["top_k"] = int(wanted.top_k)
    if wanted.max_output_tokens is not None:
        # OpenAI's newer models refuse the older name; endpoints rename where needed.
        written["max_completion_tokens"] = wanted.max_output_tokens
    if wanted.stop_sequences:
        written["stop"] = wanted.stop_sequences
    return written | _response_format(wanted)


def _require_one_text(wanted: _Generation) -> None:
    ceiling = wanted.max_output_tokens
    if ceiling is not None and ceiling < 1:
        param = "generationConfig.maxOutputTokens"
        raise bad_value(f"`{param}` must be at least 1.", param)
    if wanted.candidate_count not in (None, 1):
        param = "generationConfig.candidateCount"
        raise RefusedError(f"`{param}` can only be 1 here; ask again for more.", param)
    if wanted.response_modalities not in (None, [], ["TEXT"], ["text"]):
        param = "generationConfig.responseModalities"
        raise RefusedError(f"`{param}` can only be TEXT here.", param)


def _response_format(wanted: _Generation) -> dict[str, object]:
    if wanted.response_mime_type not in (None, "", "text/plain", "application/json"):
        param = "generationConfig.responseMimeType"
        said = f"`{param}` can only be text/plain or application/json here."
        raise RefusedError(said, param)
    schema: object = wanted.response_json_schema
    if wanted.response_schema is not None:
        schema = json_schema(wanted.response_schema)
    if schema != _NULL:
        named = {"name": "answer", "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    if wanted.response_mime_type == "application/json":
        return {"response_format": {"type": "json_object"}}
    return {}


def _tools(asked: _Request) -> dict[str, object]:
    functions = [f for tool in asked.tools or () for f in _declared(tool)]
    config = asked.tool_config.function_calling_config if asked.tool_config else None
    calling = config or _Calling()
    if calling.mode not in _CHOICES:
        param = "toolConfig.functionCallingConfig.mode"
        raise bad_value(f"`{param}` must be AUTO, ANY, NONE or VALIDATED.", param)
    allowed = calling.allowed_function_names
    if allowed:
        # Whoever may call some only is shown no others.
        functions = [f for f in functions if f.name in allowed]
    if not functions:
        if calling.mode == "ANY":
            raise bad_value("`toolConfig` needs `tools`.", "toolConfig")
        return {}
    choice = _CHOICES[calling.mode]
    written: dict[str, object] = {"tools": [_tool(function) for function in functions]}
    return written if config is None else written | {"tool_choice": choice}


def _declared(tool: _Tool) -> list[_Function]:
    return tool.function_declarations or []


def _tool(declared: _Function) -> dict[str, object]:
    function: dict[str, object] = {"name": declared.name}
    if declared.description:
        function["description"] = declared.description
    if declared.parameters is not None:
        function["parameters"] = json_schema(declared.parameters)
    elif declared.parameters_json_schema != _NULL:
        function["parameters"] = declared.parameters_json_schema
    return {"type": "function", "function": function}

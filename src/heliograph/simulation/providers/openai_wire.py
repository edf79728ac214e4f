"""The OpenAI chat completions format, as its OpenAPI description 2.3.0 has it."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    Event,
    EventRole,
    Finish,
    Picture,
    Refusal,
    Route,
    Tool,
)

JSON_TYPE = "application/json"
OVERLOAD_STATUS = 503
PING = b": ping\n\n"
_FINISH: dict[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool": "tool_calls",
    "filter": "content_filter",
}
_TYPES = {429: "requests", 503: "service_unavailable_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_MESSAGES = {
    401: "Incorrect API key provided.",
    429: "Rate limit reached. Please try again later.",
    500: "The server had an error while processing your request.",
    503: "The server is currently overloaded. Please try again later.",
}


class _ImageUrl(Struct):
    url: str


class _Part(Struct):
    type: str
    text: str = ""
    image_url: _ImageUrl | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None


class _Function(Struct):
    name: str
    parameters: dict[str, object] = {}


class _Tool(Struct):
    type: str
    function: _Function | None = None


class _Choice(Struct):
    type: str
    function: _Function | None = None


class _StreamOptions(Struct):
    include_usage: bool = False


class _Request(Struct):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    tools: list[_Tool] = []
    tool_choice: str | _Choice | None = None


_decode = msgspec.json.Decoder(_Request).decode
_encode = msgspec.json.Encoder().encode


def read(body: bytes, route: Route) -> Ask | Refusal:
    """Read a chat request."""
    del route  # everything is in the body
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(400, f"Invalid request: {error}")
    return _wrong(request) or _ask(request)


def _wrong(request: _Request) -> Refusal | None:
    if not request.messages:
        return Refusal(400, "[] is too short - 'messages'", param="messages")
    if request.n not in (None, 1):
        return Refusal(400, "The simulated provider gives one choice.", param="n")
    limit = _limit(request)
    if limit is not None and limit < 1:
        return Refusal(400, f"Invalid max_tokens: {limit}; at least 1.")
    if request.stream_options is not None and not request.stream:
        said = "The 'stream_options' parameter is only allowed with 'stream'."
        return Refusal(400, said, param="stream_options")
    for message in request.messages:
        for part in message.content if isinstance(message.content, list) else ():
            if wrong := _wrong_part(part):
                return Refusal(400, wrong, param="messages")
    return None


def _wrong_part(part: _Part) -> str | None:
    if part.type in ("text", "refusal"):
        return None
    if part.type != "image_url":
        return f"The simulated provider takes no '{part.type}' content."
    url = part.image_url.url if part.image_url else ""
    head = url.partition(",")[0]
    if url.startswith(("http://", "https://")):
        return None
    if head.startswith("data:image/") and head.endswith(";base64"):
        return None
    return "Invalid 'image_url': expected an http(s) URL or data:image/TYPE;base64,..."


def _limit(request: _Request) -> int | None:
    limit = request.max_completion_tokens
    return request.max_tokens if limit is None else limit


def _ask(request: _Request) -> Ask | Refusal:
    tool = _forced(request)
    if isinstance(tool, Refusal):
        return tool
    last: list[_Part] = []
    chars = 0
    for message in request.messages:
        content = message.content
        parts = [_Part("text", content)] if isinstance(content, str) else content or []
        chars += sum(len(part.text) for part in parts)
        last = parts if message.role == "user" else last
    stop = request.stop
    return Ask(
        model=request.model,
        stream=bool(request.stream),
        include_usage=bool(
            request.stream_options and request.stream_options.include_usage
        ),
        max_tokens=_limit(request),
        stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
        text=" ".join(part.text for part in last if part.text),
        chars=chars,
        pictures=tuple(_picture(part.image_url.url) for part in last if part.image_url),
        tool=tool,
    )


def _picture(url: str) -> Picture:
    if not url.startswith("data:"):
        return Picture(url=url)
    return Picture(data=url.partition(",")[2])


def _forced(request: _Request) -> Tool | Refusal | None:
    choice = request.tool_choice
    offered = [tool.function for tool in request.tools if tool.function]
    if isinstance(choice, _Choice):
        name = choice.function.name if choice.function else ""
        offered = [function for function in offered if function.name == name]
    elif choice != "required":
        return None
    if not offered:
        message = "'tool_choice' names a tool that is not in 'tools'."
        return Refusal(400, message, param="tool_choice")
    return Tool(offered[0].name, offered[0].parameters)


def whole(answer: Answer) -> bytes:
    """Write one chat.completion."""
    message: dict[str, object] = {
        "role": "assistant",
        "content": answer.text,
        "refusal": None,
        "annotations": [],
    }
    if answer.tool is not None:
        message["content"] = None
        message["tool_calls"] = [_call(answer, answer.arguments)]
    return _encode(
        {
            "id": f"chatcmpl-{answer.serial}",
            "object": "chat.completion",
            "created": answer.created_at,
            "model": answer.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": _FINISH[answer.finish],
                }
            ],
            "usage": _usage(answer),
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }
    )


def events(answer: Answer, ask: Ask) -> Sequence[Event]:
    """Write the chunks, the usage chunk if asked for, and `[DONE]`."""
    first: dict[str, object] = {"role": "assistant", "content": "", "refusal": None}
    rows: list[tuple[EventRole, dict[str, object]]] = [("open", first)]
    if answer.tool is not None:
        first["content"] = None
        first["tool_calls"] = [{"index": 0, **_call(answer, "")}]
        rows += [("text", _arguments(part)) for part in _halves(answer.arguments)]
    rows += [("text", {"content": piece}) for piece in answer.pieces]
    made = [Event(role, _chunk(answer, ask, delta, None)) for role, delta in rows]
    made.append(Event("finish", _chunk(answer, ask, {}, _FINISH[answer.finish])))
    if ask.include_usage:
        usage = {**_frame(answer), "choices": [], "usage": _usage(answer)}
        made.append(Event("usage", _sse(usage)))
    made.append(Event("terminal", b"data: [DONE]\n\n"))
    return made


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


def _call(answer: Answer, arguments: str) -> dict[str, object]:
    return {
        "id": f"call_{answer.serial}",
        "type": "function",
        "function": {"name": answer.tool, "arguments": arguments},
    }


def _arguments(part: str) -> dict[str, object]:
    return {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}


def _chunk(
    answer: Answer, ask: Ask, delta: dict[str, object], finish: str | None
) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk: dict[str, object] = {**_frame(answer), "choices": [choice]}
    if ask.include_usage:
        chunk["usage"] = None
    return _sse(chunk)


def _frame(answer: Answer) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{answer.serial}",
        "object": "chat.completion.chunk",
        "created": answer.created_at,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }


def _usage(answer: Answer) -> dict[str, object]:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def models(names: Sequence[str]) -> bytes:
    """Write the list of models."""
    rows = [
        {"id": name, "object": "model", "created": 1735689600, "owned_by": "simulated"}
        for name in names
    ]
    return _encode({"object": "list", "data": rows})


def error(refusal: Refusal, request_id: str) -> bytes:
    """Write an error body; OpenAI names the request in a header only."""
    del request_id
    return _encode(_error(refusal))


def error_event(refusal: Refusal) -> bytes:
    """Write an error inside a stream."""
    return _sse(_error(refusal))


def _error(refusal: Refusal) -> dict[str, object]:
    status = refusal.status
    kind = "invalid_request_error" if status < 500 else "server_error"  # noqa: PLR2004 - HTTP's own border
    message = refusal.message or _MESSAGES.get(status, f"Simulated error {status}.")
    return {
        "error": {
            "message": message,
            "type": refusal.type or _TYPES.get(status, kind),
            "param": refusal.param,
            "code": refusal.code or _CODES.get(status),
        }
    }


def malformed() -> bytes:
    """Write a chunk whose JSON is broken off."""
    return b'data: {"id":"chatcmpl-broken","object":"chat.comp\n\n'


def headers(request_id: str) -> bytes:
    """Write the headers on every answer."""
    return (
        f"x-request-id: {request_id}\r\nopenai-version: 2020-10-01\r\n"
        "openai-processing-ms: 1\r\n"
    ).encode()


def refuse_key(key: str, headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse a request without a bearer key."""
    del headers
    if key:
        return None
    message = "You didn't provide an API key in an Authorization header (Bearer)."
    return Refusal(401, message, code="missing_api_key")


def _sse(value: object) -> bytes:
    return b"data: " + _encode(value) + b"\n\n"

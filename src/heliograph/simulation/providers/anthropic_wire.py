"""The Anthropic messages format, version 2023-06-01."""

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
OVERLOAD_STATUS = 529
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_FINISH: dict[Finish, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool": "tool_use",
    "filter": "refusal",
}
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_MESSAGES = {
    401: "invalid x-api-key",
    429: "This request would exceed your rate limit.",
    500: "Internal server error",
    503: "Service unavailable",
    529: "Overloaded",
}
_SERVER_ERRORS = 500


class _Source(Struct):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""


class _Block(Struct):
    type: str
    text: str = ""
    source: _Source | None = None


class _Message(Struct):
    role: str
    content: str | list[_Block]


class _Tool(Struct):
    name: str
    input_schema: dict[str, object] = {}


class _Choice(Struct):
    type: str
    name: str = ""


class _Request(Struct):
    model: str
    messages: list[_Message]
    max_tokens: int
    system: str | list[_Block] = ""
    stream: bool = False
    stop_sequences: list[str] = []
    tools: list[_Tool] = []
    tool_choice: _Choice | None = None


_decode = msgspec.json.Decoder(_Request).decode
_encode = msgspec.json.Encoder().encode


def read(body: bytes, route: Route) -> Ask | Refusal:
    """Read a messages request."""
    del route  # everything is in the body
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = str(error)
        if "`max_tokens`" in text:
            text = "max_tokens: Field required"
        return Refusal(400, text)
    return _wrong(request) or _ask(request)


def _wrong(request: _Request) -> Refusal | None:
    if not request.messages:
        return Refusal(400, "messages: at least one message is required")
    if request.max_tokens < 1:
        return Refusal(400, "max_tokens: must be greater than or equal to 1")
    if request.messages[0].role != "user":
        return Refusal(400, 'messages: first message must use the "user" role')
    for index, message in enumerate(request.messages):
        if said := _wrong_message(message):
            return Refusal(400, f"messages.{index}: {said}")
    return None


def _wrong_message(message: _Message) -> str | None:
    if message.role not in ("user", "assistant"):
        return "role: Input should be 'user' or 'assistant'"
    if not message.content:
        return "content must not be empty"
    wrong = (_wrong_block(block) for block in _blocks(message.content))
    return next(filter(None, wrong), None)


def _wrong_block(block: _Block) -> str | None:
    if block.type == "text" and not block.text:
        return "text content blocks must be non-empty"
    if block.type != "image":
        return None
    source = block.source or _Source("")
    if source.type == "base64" and source.media_type and source.data:
        return None
    if source.type == "url" and source.url.startswith("https://"):
        return None
    return "image.source: a base64 source needs media_type and data, a url an https URL"


def _ask(request: _Request) -> Ask | Refusal:
    tool = _forced(request)
    if isinstance(tool, Refusal):
        return tool
    last: list[_Block] = []
    chars = sum(len(block.text) for block in _blocks(request.system))
    for message in request.messages:
        blocks = _blocks(message.content)
        chars += sum(len(block.text) for block in blocks)
        last = blocks if message.role == "user" else last
    return Ask(
        model=request.model,
        stream=request.stream,
        max_tokens=request.max_tokens,
        stop=tuple(request.stop_sequences),
        text=" ".join(block.text for block in last if block.text),
        chars=chars,
        pictures=tuple(
            Picture(block.source.data, block.source.media_type, block.source.url)
            for block in last
            if block.type == "image" and block.source
        ),
        tool=tool,
        prefill=_prefill(request),
    )


def _prefill(request: _Request) -> str:
    """Return what a final turn of the assistant says: the answer goes on from it."""
    final = request.messages[-1]
    if final.role != "assistant":
        return ""
    return "".join(block.text for block in _blocks(final.content))


def _blocks(content: str | list[_Block]) -> list[_Block]:
    return [_Block("text", content)] if isinstance(content, str) else content


def _forced(request: _Request) -> Tool | Refusal | None:
    choice = request.tool_choice
    if choice is None or choice.type not in ("any", "tool"):
        return None
    offered = [
        tool
        for tool in request.tools
        if choice.type == "any" or tool.name == choice.name
    ]
    if not offered:
        return Refusal(400, "tool_choice: no such tool in `tools`")
    return Tool(offered[0].name, offered[0].input_schema)


def whole(answer: Answer) -> bytes:
    """Write one message."""
    block: dict[str, object] = {"type": "text", "text": answer.text}
    if answer.tool is not None:
        arguments = msgspec.Raw(answer.arguments.encode())
        block = {**_tool_block(answer), "input": arguments}
    return _encode(
        {
            **_head(answer),
            "content": [block],
            "stop_reason": _FINISH[answer.finish],
            "stop_sequence": answer.stop_sequence,
            "usage": _usage(answer, answer.output_tokens),
        }
    )


def events(answer: Answer, ask: Ask) -> Sequence[Event]:
    """Write message_start, one content block with a ping, and the two ends."""
    del ask  # usage is always told
    start = {
        **_head(answer),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(answer, 1),
    }
    block: dict[str, object] = {"type": "text", "text": ""}
    deltas = [{"type": "text_delta", "text": piece} for piece in answer.pieces]
    if answer.tool is not None:
        block = {**_tool_block(answer), "input": {}}
        middle = len(answer.arguments) // 2
        halves = (answer.arguments[:middle], answer.arguments[middle:])
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in halves]
    return [
        _event("open", "message_start", message=start),
        _event("open", "content_block_start", index=0, content_block=block),
        Event("ping", PING),
        *(
            _event("text", "content_block_delta", index=0, delta=delta)
            for delta in deltas
        ),
        _event("text", "content_block_stop", index=0),
        _event(
            "finish",
            "message_delta",
            delta={
                "stop_reason": _FINISH[answer.finish],
                "stop_sequence": answer.stop_sequence,
            },
            usage={"output_tokens": answer.output_tokens},
        ),
        _event("terminal", "message_stop"),
    ]


def _event(role: EventRole, name: str, **members: object) -> Event:
    return Event(role, _sse(name, {"type": name, **members}))


def _head(answer: Answer) -> dict[str, object]:
    return {
        "id": f"msg_{answer.serial}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
    }


def _tool_block(answer: Answer) -> dict[str, object]:
    return {"type": "tool_use", "id": f"toolu_{answer.serial}", "name": answer.tool}


def _usage(answer: Answer, output_tokens: int) -> dict[str, object]:
    return {
        "input_tokens": answer.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
        "service_tier": "standard",
    }


def models(names: Sequence[str]) -> bytes:
    """Write the list of models."""
    rows = [
        {
            "type": "model",
            "id": name,
            "display_name": f"{name} (simulated)",
            "created_at": "2025-01-01T00:00:00Z",
        }
        for name in names
    ]
    first, last = (names[0], names[-1]) if names else (None, None)
    return _encode(
        {"data": rows, "has_more": False, "first_id": first, "last_id": last}
    )


def error(refusal: Refusal, request_id: str) -> bytes:
    """Write an error body."""
    return _encode({**_error(refusal), "request_id": request_id})


def error_event(refusal: Refusal) -> bytes:
    """Write an error inside a stream."""
    return _sse("error", _error(refusal))


def _error(refusal: Refusal) -> dict[str, object]:
    status = refusal.status
    kind = "invalid_request_error" if status < _SERVER_ERRORS else "api_error"
    message = refusal.message or _MESSAGES.get(status, f"Simulated error {status}.")
    kind = refusal.type or _TYPES.get(status, kind)
    return {"type": "error", "error": {"type": kind, "message": message}}


def malformed() -> bytes:
    """Write a delta whose JSON is broken off."""
    return b'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n'


def headers(request_id: str) -> bytes:
    """Write the headers on every answer."""
    return f"request-id: {request_id}\r\n".encode()


def refuse_key(key: str, headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse a request without a key, or without a version."""
    if not key:
        return Refusal(401, "x-api-key header is required")
    if b"anthropic-version" not in headers:
        return Refusal(400, "anthropic-version: header is required")
    return None


def _sse(name: str, value: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + _encode(value) + b"\n\n"

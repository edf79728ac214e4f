"""The Gemini generateContent format (v1beta); streams are server-sent events."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    Event,
    Finish,
    Picture,
    Refusal,
    Route,
    Tool,
)

JSON_TYPE = "application/json; charset=UTF-8"
OVERLOAD_STATUS = 503
PING = b": ping\r\n\r\n"
_FINISH: dict[Finish, str] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "length": "MAX_TOKENS",
    "tool": "STOP",
    "filter": "SAFETY",
}
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MESSAGES = {
    429: "You exceeded your current quota.",
    500: "An internal error has occurred.",
    503: "The model is overloaded. Please try again later.",
}


class _Blob(Struct, rename="camel"):
    data: str
    mime_type: str = ""


class _File(Struct, rename="camel"):
    file_uri: str


class _Part(Struct, rename="camel"):
    text: str = ""
    inline_data: _Blob | None = None
    file_data: _File | None = None
    function_call: Raw | UnsetType = UNSET
    function_response: Raw | UnsetType = UNSET

    @property
    def known(self) -> bool:
        """Whether it is of a kind that is read here."""
        return bool(
            self.text
            or self.inline_data
            or self.file_data
            or self.function_call
            or self.function_response
        )


class _Content(Struct):
    parts: list[_Part] = []
    role: str = "user"


class _Generation(Struct, frozen=True, rename="camel"):
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()


class _Function(Struct, rename="camel"):
    name: str
    parameters: dict[str, object] = {}
    parameters_json_schema: dict[str, object] = {}
    as_the_sdk_has_it: dict[str, object] = field(
        default_factory=dict, name="parameters_json_schema"
    )  # google-genai 3.4 writes this one member in snake case, and Google takes it


class _Tool(Struct, rename="camel"):
    function_declarations: list[_Function] = []


class _Calling(Struct, rename="camel"):
    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class _ToolConfig(Struct, rename="camel"):
    function_calling_config: _Calling | None = None


class _Request(Struct, rename="camel"):
    contents: list[_Content]
    system_instruction: _Content | None = None
    generation_config: _Generation = _Generation()
    tools: list[_Tool] = []
    tool_config: _ToolConfig | None = None


_decode = msgspec.json.Decoder(_Request).decode
_encode = msgspec.json.Encoder().encode


def read(body: bytes, route: Route) -> Ask | Refusal:
    """Read a generateContent request; model and stream are in the path."""
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(400, f"Invalid JSON payload received. {error}")
    if not request.contents or not request.contents[-1].parts:
        return Refusal(
            400, "* GenerateContentRequest.contents: contents is not specified"
        )
    limit = request.generation_config.max_output_tokens
    if limit is not None and limit < 1:
        return Refusal(400, "max_output_tokens must be positive.")
    parts = (part for content in request.contents for part in content.parts)
    if not all(part.known for part in parts):
        return Refusal(400, "A part is empty, or of a kind that is not simulated.")
    return _ask(request, route)


def _ask(request: _Request, route: Route) -> Ask | Refusal:
    tool = _forced(request)
    if isinstance(tool, Refusal):
        return tool
    everything = [*request.contents]
    if request.system_instruction is not None:
        everything.append(request.system_instruction)
    users = [content for content in request.contents if content.role == "user"]
    last = users[-1].parts if users else []
    return Ask(
        model=route.model,
        stream=route.stream,
        max_tokens=request.generation_config.max_output_tokens,
        stop=request.generation_config.stop_sequences,
        text=" ".join(part.text for part in last if part.text),
        chars=sum(len(part.text) for content in everything for part in content.parts),
        pictures=tuple(_pictures(last)),
        tool=tool,
    )


def _pictures(parts: list[_Part]) -> list[Picture]:
    found = []
    for part in parts:
        if part.inline_data is not None:
            blob = part.inline_data
            found.append(Picture(_standard(blob.data), blob.mime_type))
        elif part.file_data is not None:
            found.append(Picture(url=part.file_data.file_uri))
    return found


def _standard(data: str) -> str:
    """Bring base64 to its standard alphabet: protobuf's JSON takes the URL one too."""
    data = data.replace("-", "+").replace("_", "/")
    return data + "=" * (-len(data) % 4)


def _forced(request: _Request) -> Tool | Refusal | None:
    config = request.tool_config and request.tool_config.function_calling_config
    if not config or config.mode != "ANY":
        return None
    allowed = config.allowed_function_names
    for tool in request.tools:
        for function in tool.function_declarations:
            if not allowed or function.name in allowed:
                return Tool(function.name, _schema(function))
    return Refusal(400, "tool_config names no function that is declared in tools.")


def _schema(function: _Function) -> dict[str, object]:
    return (
        function.parameters
        or function.parameters_json_schema
        or function.as_the_sdk_has_it
    )


def whole(answer: Answer) -> bytes:
    """Write one GenerateContentResponse."""
    return _encode(_response(answer, answer.text, _FINISH[answer.finish]))


def events(answer: Answer, ask: Ask) -> Sequence[Event]:
    """Write one response a piece; the last carries the finish and the usage."""
    del ask  # usage is always told
    body, last = answer.pieces[:-1], "".join(answer.pieces[-1:])
    return [
        *(Event("text", _sse(_response(answer, piece, None))) for piece in body),
        Event("finish", _sse(_response(answer, last, _FINISH[answer.finish]))),
    ]


def _response(answer: Answer, text: str, finish: str | None) -> dict[str, object]:
    part: dict[str, object] = {"text": text}
    if answer.tool is not None:
        arguments = Raw(answer.arguments.encode())
        part = {"functionCall": {"name": answer.tool, "args": arguments}}
    candidate: dict[str, object] = {
        "content": {"parts": [part], "role": "model"},
        "index": 0,
    }
    if finish is not None:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": answer.input_tokens,
            "candidatesTokenCount": answer.output_tokens,
            "totalTokenCount": answer.input_tokens + answer.output_tokens,
        },
        "modelVersion": answer.model,
        "responseId": answer.serial,
    }


def models(names: Sequence[str]) -> bytes:
    """Write the list of models."""
    methods = ["generateContent", "streamGenerateContent"]
    rows = [
        {
            "name": f"models/{name}",
            "displayName": f"{name} (simulated)",
            "supportedGenerationMethods": methods,
        }
        for name in names
    ]
    return _encode({"models": rows})


def error(refusal: Refusal, request_id: str) -> bytes:
    """Write an error body; Gemini does not name the request."""
    del request_id
    return _encode(_error(refusal))


def error_event(refusal: Refusal) -> bytes:
    """Write an error inside a stream."""
    return _sse(_error(refusal))


def _error(refusal: Refusal) -> dict[str, object]:
    status = refusal.status
    message = refusal.message or _MESSAGES.get(status, f"Simulated error {status}.")
    name = refusal.type or _STATUS.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": name}}


def malformed() -> bytes:
    """Write a response whose JSON is broken off."""
    return b'data: {"candidates": [{"content": {"par\r\n\r\n'


def headers(request_id: str) -> bytes:
    """Write the headers on every answer; Gemini sends no request id."""
    del request_id
    return b"vary: Origin\r\n"


def refuse_key(key: str, headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse a request without a key; Google does it with a 403."""
    del headers
    if key:
        return None
    message = (
        "Method doesn't allow unregistered callers (callers without established "
        "identity). Please use API Key or other form of API consumer identity."
    )
    return Refusal(403, message)


def _sse(value: object) -> bytes:
    return b"data: " + _encode(value) + b"\r\n\r\n"

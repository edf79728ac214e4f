"""A chat request at the door: OpenAI's `POST /v1/chat/completions`.

Only what the gateway acts on is read; every member stays the bytes it was, so
that what a provider understands and we do not know goes through untouched.
https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct, ValidationError, json

from heliograph.gateway.types import Blame, Chat, Failure
from heliograph.gateway.wire.json_text import UNREADABLE, is_utf8, nests_within, why

DEPTH_MAX = 64
FALLBACKS_MAX = 16

# Other gateways take a provider's address or key from the request. A request must
# never choose where our keys are sent, nor bring a secret that would end in a log.
_OVERRIDES = frozenset(
    {
        "api_base",
        "api_key",
        "api_type",
        "api_version",
        "base_url",
        "custom_llm_provider",
        "default_headers",
        "extra_headers",
    }
)
_ENVELOPE = json.Decoder(dict[str, Raw])
_AT_ONCE_BYTES_MAX = 4096
"""Up to here a second look at the whole body costs less than one at each member."""


class _StreamOptions(Struct):
    include_usage: bool | None = None


class _Envelope(Struct):
    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    fallbacks: list[str] | None = None


_AT_ONCE = json.Decoder(_Envelope)

_DECODERS: Mapping[str, tuple[json.Decoder[Any], str]] = {
    "model": (
        json.Decoder(str | None),
        'a text, such as "anthropic/claude-sonnet-4-6"',
    ),
    "stream": (json.Decoder(bool | None), "true or false"),
    "stream_options": (
        json.Decoder(_StreamOptions | None),
        'an object, such as {"include_usage": true}',
    ),
    "max_tokens": (json.Decoder(int | None), "a whole number of tokens"),
    "max_completion_tokens": (json.Decoder(int | None), "a whole number of tokens"),
    "fallbacks": (
        json.Decoder(list[str] | None),
        'a list of "provider/model" texts, such as ["openai/gpt-4o"]',
    ),
}


def read(body: bytes, depth_max: int = DEPTH_MAX) -> Chat | Failure:
    """Read the request *body*; a failure says what is wrong, where, and the fix."""
    fields = members(body, depth_max)
    if not isinstance(fields, dict):
        return fields
    envelope = _envelope(body, fields)
    if not isinstance(envelope, _Envelope):
        return envelope
    return (
        _unusable_member(fields)
        or _unusable_envelope(envelope)
        or _chat(fields, envelope)
    )


def refuse(
    message: str, *, param: str | None = None, code: str | None = None
) -> Failure:
    """Blame the caller for a request that cannot be sent."""
    return Failure(
        Blame.CALLER,
        "bad_request",
        message,
        status=400,
        type="invalid_request_error",
        code=code,
        param=param,
    )


def members(body: bytes, depth_max: int) -> dict[str, Raw] | Failure:
    """Read a request *body* of any dialect as its members, each the bytes it was."""
    try:
        fields = _ENVELOPE.decode(body)
    except ValidationError:
        return refuse("The request body must be a JSON object: {...}.")
    except RecursionError:
        return _too_deep(depth_max)
    except UNREADABLE as error:
        if not body.strip():
            return refuse("The request body is empty; send a JSON object.")
        return refuse(f"The request body is not valid JSON: {_position(error, body)}.")
    if not is_utf8(body):
        return refuse("The request body is not UTF-8; encode it as UTF-8.")
    return fields if nests_within(body, depth_max) else _too_deep(depth_max)


def _position(error: Exception, body: bytes) -> str:
    said = why(error).removeprefix("JSON is malformed: ")
    if "truncated" in said:
        return f"it ends too early, at byte {len(body)}"
    return said


def _too_deep(depth_max: int) -> Failure:
    return refuse(
        f"The request body nests deeper than {depth_max} levels; flatten it,"
        " or send the inner part as text."
    )


def _envelope(body: bytes, fields: Mapping[str, Raw]) -> _Envelope | Failure:
    if len(body) <= _AT_ONCE_BYTES_MAX:
        try:
            return _AT_ONCE.decode(body)
        except UNREADABLE:
            pass  # which member it is comes out below
    envelope = _Envelope()
    for name, raw in fields.items():
        if name not in _DECODERS:
            continue
        decoder, wanted = _DECODERS[name]
        try:
            setattr(envelope, name, decoder.decode(raw))
        except UNREADABLE:
            return refuse(f"`{name}` must be {wanted}.", param=name)
    return envelope


def _unusable_member(fields: Mapping[str, Raw]) -> Failure | None:
    if not _OVERRIDES.isdisjoint(fields):
        name = next(name for name in fields if name in _OVERRIDES)
        return refuse(
            f"`{name}` cannot be set by a request: addresses and keys of providers"
            " stand in the gateway's configuration. Leave it out.",
            param=name,
            code="unsupported_parameter",
        )
    messages = fields.get("messages")
    if messages is None:
        return refuse(
            "`messages` is missing; send a list of messages.", param="messages"
        )
    head = bytes(memoryview(messages)[:64])
    if head.startswith(b"[{"):
        return None
    if head[:1] != b"[" or head[1:].lstrip()[:1] == b"]":
        return refuse(
            "`messages` must be a list of at least one message.", param="messages"
        )
    return None


def _unusable_envelope(envelope: _Envelope) -> Failure | None:
    if not envelope.model:
        return refuse(
            '`model` is missing; name one, such as "anthropic/claude-sonnet-4-6".',
            param="model",
        )
    if envelope.max_completion_tokens is not None:
        if envelope.max_tokens is not None:
            return refuse(
                "`max_tokens` and `max_completion_tokens` mean the same;"
                " send one of them.",
                param="max_tokens",
            )
        if envelope.max_completion_tokens < 1:
            said = "`max_completion_tokens` must be at least 1."
            return refuse(said, param="max_completion_tokens")
    if envelope.max_tokens is not None and envelope.max_tokens < 1:
        return refuse("`max_tokens` must be at least 1.", param="max_tokens")
    if envelope.stream_options is not None and not envelope.stream:
        return refuse(
            "`stream_options` goes with `stream: true` only; send both or neither.",
            param="stream_options",
        )
    return _unusable_fallbacks(envelope.fallbacks) if envelope.fallbacks else None


def _unusable_fallbacks(names: list[str]) -> Failure | None:
    if len(names) > FALLBACKS_MAX:
        return refuse(
            f"`fallbacks` may name at most {FALLBACKS_MAX} models.", param="fallbacks"
        )
    for place, name in enumerate(names):
        provider, _, model = name.partition("/")
        if not provider or not model:
            return refuse(
                f"`fallbacks[{place}]` must read provider/model,"
                ' such as "openai/gpt-4o".',
                param=f"fallbacks[{place}]",
            )
    return None


def _chat(fields: dict[str, Raw], envelope: _Envelope) -> Chat:
    options = envelope.stream_options
    fields.pop("fallbacks", None)  # it is for us alone
    return Chat(
        fields,
        envelope.model or "",
        envelope.stream is True,
        options is not None and options.include_usage is True,
        envelope.max_completion_tokens or envelope.max_tokens,
        tuple(envelope.fallbacks) if envelope.fallbacks else (),
    )

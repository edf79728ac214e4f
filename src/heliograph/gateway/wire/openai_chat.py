"""The OpenAI chat dialect, and every provider that speaks it.

Bytes that need no change are not touched: members of the request are re-joined,
a whole answer goes on as it came, events go on one by one.
https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from msgspec import Raw, Struct, ValidationError, json

from heliograph.gateway.types import (
    JSON_TYPE,
    Chat,
    Endpoint,
    Failure,
    HttpReply,
    HttpRequest,
    ModelFacts,
    Reply,
)
from heliograph.gateway.wire.blame import Said, broken, judge, read_said, unreadable
from heliograph.gateway.wire.chat import refuse
from heliograph.gateway.wire.json_text import UNREADABLE, is_utf8
from heliograph.gateway.wire.openai_stream import chat_stream
from heliograph.gateway.wire.openai_usage import Used, usage_of
from heliograph.gateway.wire.reading import EventReader

_HEADERS = (("content-type", JSON_TYPE),)
_PIECE_BYTES_MIN = 4096
"""Members at least this large travel as pieces of their own, not copied."""

_OBJECT = json.Decoder(dict[str, Raw])
_NULL = Raw(b"null")
_ERRORS = json.Decoder(dict[str, Raw] | list[dict[str, Raw]])


class _Choice(Struct):
    message: dict[str, Raw]
    finish_reason: str | None = None


class _Answer(Struct):
    choices: list[_Choice] | None = None
    usage: Used | None = None
    service_tier: str | None = None
    error: Raw = _NULL


class _OddlyUsed(Struct):
    """An answer is no worse for a usage that cannot be read: it is unknown then."""

    choices: list[_Choice] | None = None
    usage: ClassVar[None] = None
    service_tier: ClassVar[None] = None
    error: Raw = _NULL


_ANSWER = json.Decoder(_Answer)
_ODDLY_USED = json.Decoder(_OddlyUsed)


def encode(
    chat: Chat, model: str, endpoint: Endpoint, facts: ModelFacts
) -> HttpRequest | Failure:
    """Write the request for *model*: the caller's members, as the row wants them.

    *facts* are not needed: this dialect asks for no ceiling of tokens.
    """
    del facts
    fields = _spelled(chat.fields, endpoint)
    if not isinstance(fields, dict):
        return fields
    fields["model"] = _written(model)
    if chat.stream and endpoint.stream_usage:
        fields["stream_options"] = Raw(_with_usage(chat.fields.get("stream_options")))
    return HttpRequest("/chat/completions", _HEADERS, _join(fields))


def decode(http: HttpReply, chat: Chat) -> Reply | Failure:
    """Read a whole answer; its body goes on byte for byte."""
    del chat
    try:
        answer = _read(http.body)
    except UNREADABLE as error:
        return unreadable(http.body, error)
    if answer.error is not _NULL and answer.error != _NULL:
        said = read_said(answer.error)
        return broken(
            "error_in_200", f"The provider answered 200 with an error{said.words}."
        )
    if not is_utf8(http.body):
        return broken("not_json", "The provider's answer is not UTF-8.")
    if not answer.choices:
        return broken("no_choices", "The provider's answer holds no choices.")
    choices = answer.choices
    finish = choices[0].finish_reason
    if not finish or (len(choices) > 1 and not all(c.finish_reason for c in choices)):
        return broken("truncated", "The provider's answer has no finish_reason.")
    used = answer.usage
    usage = None if used is None else usage_of(used, answer.service_tier)
    return Reply(http.body, usage, finish)


def _read(body: bytes) -> _Answer | _OddlyUsed:
    """Read the members of an answer that are looked at."""
    try:
        return _ANSWER.decode(body)
    except ValidationError:
        return _ODDLY_USED.decode(body)


def decode_error(http: HttpReply) -> Failure:
    """Read an answer with a status other than 200: who is to blame, what was said."""
    try:
        members = _first(_ERRORS.decode(http.body))
    except UNREADABLE:
        return judge(http.status, http.headers, Said())
    # Some providers' errors stand at the top: {"message": ..., "type": ...}.
    error = members.get("error", Raw(http.body))
    return judge(http.status, http.headers, read_said(error))


def _first(found: dict[str, Raw] | list[dict[str, Raw]]) -> dict[str, Raw]:
    """Return the error's members: Gemini puts its one error into a list."""
    if isinstance(found, list):
        return found[0] if found else {}
    return found


def stream(chat: Chat) -> EventReader:
    """Begin to read a stream."""
    return chat_stream(chat)


def _spelled(fields: Mapping[str, Raw], endpoint: Endpoint) -> dict[str, Raw] | Failure:
    """Leave out what the row drops, and name the rest as the row does."""
    drop, rename = endpoint.drop, endpoint.rename
    if not rename and not drop:
        return dict(fields)
    if not rename:
        return {name: value for name, value in fields.items() if name not in drop}
    spelled: dict[str, Raw] = {}
    for name, value in fields.items():
        if name in drop:
            continue
        written = rename.get(name, name)
        if written in spelled or (written != name and written in fields):
            return refuse(
                f"`{name}` and `{written}` mean the same to provider"
                f" `{endpoint.name}`; send one of them.",
                param=name,
            )
        spelled[written] = value
    return spelled


@lru_cache(maxsize=1024)
def _written(model: str) -> Raw:
    return Raw(json.encode(model))


def _with_usage(options: Raw | None) -> bytes:
    """Ask for usage, keeping what else the caller asked of the stream."""
    if options is None or options == Raw(b"null"):
        return b'{"include_usage":true}'
    members = _OBJECT.decode(options)
    members["include_usage"] = Raw(b"true")
    return json.encode(members)


def _join(fields: Mapping[str, Raw]) -> tuple[bytes | Raw, ...]:
    """Write an object of already encoded members; large ones are not copied."""
    if len(memoryview(fields["messages"])) < _PIECE_BYTES_MIN:
        return (json.encode(fields),)
    large = [
        name
        for name, value in fields.items()
        if len(memoryview(value)) >= _PIECE_BYTES_MIN
    ]
    pieces: list[bytes | Raw] = []
    lead = b"{"
    small: dict[str, Raw] = {}
    for name, value in fields.items():
        if name not in large:
            small[name] = value
            continue
        if small:
            lead += json.encode(small)[1:-1] + b","
            small = {}
        pieces += (lead + json.encode(name) + b":", value)
        lead = b","
    if small:
        return (*pieces, b"," + json.encode(small)[1:])
    return (*pieces, b"}")

"""Anthropic's Messages at the door.

The parts stand beside it: request, turns, answer, stream.
https://docs.anthropic.com/en/api/messages
"""

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.blame import Said, read_said
from heliograph.gateway.wire.completion import read_completion
from heliograph.gateway.wire.inbound_anthropic_answer import write_answer
from heliograph.gateway.wire.inbound_anthropic_request import read_request
from heliograph.gateway.wire.inbound_anthropic_stream import (
    MessageWriter,
    write_error,
)
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.translator import EventTranslator

FILLER = b'event: ping\ndata: {"type":"ping"}\n\n'
REQUEST_ID = b"request-id"
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SERVER_ERROR = 500


class _ErrorBody(Struct):
    error: Raw = Raw(b"null")


_ERROR = json.Decoder(_ErrorBody)


def read(body: bytes, url: bytes, depth_max: int) -> Chat | Failure:
    """Read a request; the path says nothing that the body does not."""
    del url
    return read_request(body, depth_max)


def answer(body: bytes) -> bytes | Failure:
    """Rewrite a whole `chat.completion` as a `message`."""
    completion = read_completion(body)
    if isinstance(completion, Failure):
        return completion
    return write_answer(completion)


def stream() -> EventTranslator:
    """Begin to rewrite a stream."""
    return EventTranslator(MessageWriter())


def error(status: int, body: bytes, request_id: str) -> bytes:
    """Rewrite the body of an error that goes with *status*."""
    try:
        said = read_said(_ERROR.decode(body).error)
    except UNREADABLE:
        said = Said()
    unlisted = "api_error" if status >= _SERVER_ERROR else "invalid_request_error"
    return write_error(_TYPES.get(status, unlisted), said.message, request_id)

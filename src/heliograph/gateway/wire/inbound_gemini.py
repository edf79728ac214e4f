"""Gemini's generateContent at the door.

The parts stand beside it: request, turns, schema, answer. Its SDK can bear neither
comments nor names of events nor `[DONE]`, so a silence is not filled.
https://ai.google.dev/api/generate-content
"""

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.blame import Said, read_said
from heliograph.gateway.wire.completion import read_completion
from heliograph.gateway.wire.inbound_gemini_answer import (
    ContentWriter,
    write_answer,
    write_error,
)
from heliograph.gateway.wire.inbound_gemini_request import read_request
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.translator import EventTranslator

FILLER = b""
REQUEST_ID = b""


class _ErrorBody(Struct):
    error: Raw = Raw(b"null")


_ERROR = json.Decoder(_ErrorBody)


def read(body: bytes, url: bytes, depth_max: int) -> Chat | Failure:
    """Read a request; *url* says the model, and whether a stream is wanted."""
    return read_request(body, url, depth_max)


def answer(body: bytes) -> bytes | Failure:
    """Rewrite a whole `chat.completion` as a `GenerateContentResponse`."""
    completion = read_completion(body)
    if isinstance(completion, Failure):
        return completion
    return write_answer(completion)


def stream() -> EventTranslator:
    """Begin to rewrite a stream."""
    return EventTranslator(ContentWriter())


def error(status: int, body: bytes, request_id: str) -> bytes:
    """Rewrite the body of an error that goes with *status*."""
    del request_id
    try:
        said = read_said(_ERROR.decode(body).error)
    except UNREADABLE:
        said = Said()
    return write_error(status, said.message)

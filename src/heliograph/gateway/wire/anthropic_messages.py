"""The Anthropic Messages dialect.

The parts stand beside it: request, turns, picture, reply, stream.
https://docs.anthropic.com/en/api/messages
"""

from msgspec import Raw, Struct, json

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
from heliograph.gateway.wire.anthropic_reply import read_reply
from heliograph.gateway.wire.anthropic_request import write_body
from heliograph.gateway.wire.anthropic_stream import message_stream
from heliograph.gateway.wire.blame import Said, judge, read_said
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.reading import EventReader
from heliograph.gateway.wire.refused import RefusedError

_HEADERS = (("content-type", JSON_TYPE), ("anthropic-version", "2023-06-01"))


class _ErrorBody(Struct):
    error: Raw = Raw(b"null")


_ERROR = json.Decoder(_ErrorBody)


def encode(
    chat: Chat, model: str, endpoint: Endpoint, facts: ModelFacts
) -> HttpRequest | Failure:
    """Write the request for *model*, or refuse naming what cannot be carried over."""
    try:
        body = write_body(chat, model, endpoint, facts)
    except RefusedError as refused:
        return refused.failure()
    return HttpRequest("/messages", _HEADERS, body)


def decode(http: HttpReply, chat: Chat) -> Reply | Failure:
    """Read a whole answer and write it as OpenAI's; `created` is the reply's date."""
    del chat
    return read_reply(http)


def decode_error(http: HttpReply) -> Failure:
    """Read an answer with a status other than 200: who is to blame, what was said."""
    try:
        error = _ERROR.decode(http.body).error
    except UNREADABLE:
        return judge(http.status, http.headers, Said())
    return judge(http.status, http.headers, read_said(error))


def stream(chat: Chat) -> EventReader:
    """Begin to read a stream; set `created` on it for the chunks' time."""
    return message_stream(chat)

"""What the tests of the dialects have in common: chats, targets, cut streams."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from heliograph.gateway.types import (
    Chat,
    Endpoint,
    Failure,
    HttpReply,
    HttpRequest,
    ModelFacts,
    Usage,
)
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.dialect import Stream

OPENAI = Endpoint("openai", "openai", "https://api.openai.com/v1")
ANTHROPIC = Endpoint("anthropic", "anthropic", "https://api.anthropic.com/v1")
FACTS = ModelFacts(output_tokens_max=8192)
HELLO = [{"role": "user", "content": "hello"}]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAA"


class Told(NamedTuple):
    """All that a stream told its reader."""

    out: bytes
    finish: str | None
    usage: Usage | None
    failure: Failure | None
    complete: bool
    started: bool


def chat_of(**members: object) -> Chat:
    """Read a request that is valid unless *members* make it otherwise."""
    found = try_chat(**members)
    assert isinstance(found, Chat), found
    return found


def try_chat(**members: object) -> Chat | Failure:
    asked = {"model": "openai/gpt-4o", "messages": HELLO, **members}
    return read(json.dumps(asked).encode())


def body_of(request: HttpRequest | Failure) -> dict[str, Any]:
    """Read what would be sent."""
    assert isinstance(request, HttpRequest), request
    body = json.loads(b"".join(request.body))
    assert isinstance(body, dict)
    return body


def refused(result: object) -> Failure:
    assert isinstance(result, Failure), result
    return result


def ok(body: bytes | object, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Answer 200 with *body*, written as JSON unless it is bytes."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpReply(200, headers or {}, text)


def error(status: int, body: object = None, **headers: str) -> HttpReply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(status, named, text)


def tell(begin: Callable[[], Stream], *pieces: bytes) -> Told:
    """Feed *pieces* to a new stream, close it, and return all it told."""
    stream = begin()
    out = b"".join(map(stream.feed, pieces)) + stream.close()
    return Told(
        out,
        stream.finish,
        stream.usage,
        stream.failure,
        stream.complete,
        stream.started,
    )


def chunks(out: bytes) -> list[dict[str, Any]]:
    """Read the chunks of *out*; `[DONE]` is left out."""
    events = out.decode().split("\n\n")
    assert events.pop() == ""
    assert all(event.startswith("data: ") for event in events)
    texts = (event.removeprefix("data: ") for event in events)
    return [json.loads(text) for text in texts if text != "[DONE]"]

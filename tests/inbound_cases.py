"""What the tests of the dialects at the door have in common."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire import inbound_anthropic, inbound_gemini
from heliograph.gateway.wire.chat import DEPTH_MAX
from heliograph.gateway.wire.inbound import Inbound

GOLDEN = Path(__file__).parent / "golden"
INBOUNDS: Mapping[str, Inbound] = {
    "anthropic": inbound_anthropic,
    "gemini": inbound_gemini,
}
URLS = {
    "anthropic": b"/v1/messages",
    "gemini": b"/v1beta/models/openai%2Fgpt-4o:streamGenerateContent?alt=sse",
}
STREAMS = sorted(GOLDEN.glob("wire/*/*.chunks"))
"""Streams in OpenAI's dialect, as the engine writes them."""
DONE = b"data: [DONE]\n\n"


def requests() -> list[tuple[str, Path]]:
    """Pairs of a dialect and a golden request in it."""
    found = sorted(GOLDEN.glob("inbound/*/*.json"))
    return [(path.stem, path) for path in found if path.stem in INBOUNDS]


def read(dialect: str, body: bytes, url: bytes = b"") -> Chat | Failure:
    return INBOUNDS[dialect].read(body, url or URLS[dialect], DEPTH_MAX)


def shown(chat: Chat | Failure) -> dict[str, Any]:
    """Return what the engine is told."""
    assert isinstance(chat, Chat), chat
    return {
        "include_usage": chat.include_usage,
        "fallbacks": list(chat.fallbacks),
        "fields": {name: json.loads(bytes(raw)) for name, raw in chat.fields.items()},
    }


def events_of(path: Path, dialect: str) -> Path:
    """Name the golden that the stream at *path* becomes in *dialect*."""
    return GOLDEN / "inbound" / path.parent.name / f"{path.stem}.{dialect}.events"


def told(dialect: str, *pieces: bytes) -> bytes:
    """Feed *pieces* to a new stream, close it, and return all that came."""
    stream = INBOUNDS[dialect].stream()
    return b"".join(map(stream.feed, pieces)) + stream.close()


def chunk(
    delta: Mapping[str, object], finish: str | None = None, **members: object
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    made = {"id": "chatcmpl-1", "model": "m", "choices": [choice], **members}
    return b"data: " + json.dumps(made).encode() + b"\n\n"


def call(index: int | None, arguments: str, **head: str) -> dict[str, object]:
    """Make a delta with a piece of a call; *head* may hold its id and name."""
    function = {"arguments": arguments}
    if "name" in head:
        function["name"] = head.pop("name")
    piece: dict[str, object] = {"function": function, **head}
    if index is not None:
        piece["index"] = index
    return {"tool_calls": [piece]}


def completion(message: Mapping[str, object], finish: str, **more: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    made = {"id": "chatcmpl-msg_9", "model": "m", "choices": [choice], **more}
    return json.dumps(made).encode()


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 3},
}

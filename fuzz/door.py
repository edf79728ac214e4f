"""What must be true of a request at the door, and of what is made of it."""

from collections.abc import Callable

import plain_json

from heliograph.gateway.types import (
    Blame,
    Chat,
    Endpoint,
    Failure,
    ModelFacts,
)
from heliograph.gateway.wire.chat import DEPTH_MAX, read
from heliograph.gateway.wire.dialect import Dialect

Sent = dict[str, object]

FACTS = ModelFacts()
MODEL = "m-1"
NEVER_SENT = frozenset({"fallbacks", "api_base", "api_key", "base_url"})


def judge_request(
    dialect: Dialect,
    endpoint: Endpoint,
    body: bytes,
    judge_sent: Callable[[Sent, Sent], None] | None = None,
) -> None:
    """Read *body* as a request: refused with the fix, or fit to be sent."""
    chat = read(body)
    if isinstance(chat, Failure):
        judge_refusal(chat)
        return
    asked = plain_json.members(body)
    assert asked is not None
    assert depth_of(asked) <= DEPTH_MAX
    assert asked["model"] == chat.model
    request = dialect.encode(chat, MODEL, endpoint, FACTS)
    if isinstance(request, Failure):
        judge_refusal(request)
        return
    sent = plain_json.members(b"".join(bytes(piece) for piece in request.body))
    assert sent is not None
    judge_ours(sent, chat)
    if judge_sent is not None:
        judge_sent(sent, asked)


def judge_refusal(failure: Failure) -> None:
    """Demand that a caller is told that it is at fault, and why."""
    assert failure.blame is Blame.CALLER
    assert failure.status == 400
    assert failure.message


def judge_ours(sent: Sent, chat: Chat) -> None:
    """Demand that the target's own model is asked, without what is ours alone."""
    assert sent["model"] == MODEL
    assert not NEVER_SENT & sent.keys()
    assert sent.get("stream") in ((True,) if chat.stream else (None, False))
    assert sent["messages"]


def depth_of(value: object) -> int:
    """Say how many levels deep *value* nests."""
    inner: list[object] = []
    if isinstance(value, dict):
        inner = [*value.values()]
    elif isinstance(value, list):
        inner = value
    else:
        return 0
    return 1 + max(map(depth_of, inner), default=0)

"""Which dialects there are at the door beside OpenAI's, and at which paths."""

from heliograph.gateway.wire import inbound_anthropic
from heliograph.gateway.wire.inbound import Inbound

ANTHROPIC_PATH = b"/v1/messages"


def inbound_of(path: bytes) -> Inbound | None:
    """Find the dialect that is posted to *path*; None when there is nothing."""
    if path == ANTHROPIC_PATH:
        return inbound_anthropic
    return None


def spoken_at(path: bytes) -> Inbound | None:
    """Find the dialect in which errors at *path* are told; None means OpenAI's."""
    if path == ANTHROPIC_PATH or path.startswith(ANTHROPIC_PATH + b"/"):
        return inbound_anthropic
    return None

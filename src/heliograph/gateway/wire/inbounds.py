"""Which dialects there are at the door beside OpenAI's, and at which paths."""

from heliograph.gateway.wire import inbound_anthropic, inbound_gemini
from heliograph.gateway.wire.inbound import Inbound

ANTHROPIC_PATH = b"/v1/messages"
GEMINI_ROOT = b"/v1beta/"
GEMINI_MODELS = (b"/v1/models/", b"/v1beta/models/")
"""Google's SDK asks at the first since its third release, at the second before."""
GEMINI_VERBS = (b":generateContent", b":streamGenerateContent")
GEMINI_OTHER_VERBS = (b":countTokens", b":embedContent", b":batchEmbedContents")


def inbound_of(path: bytes) -> Inbound | None:
    """Find the dialect that is posted to *path*; None when there is nothing."""
    if path == ANTHROPIC_PATH:
        return inbound_anthropic
    if path.startswith(GEMINI_MODELS) and path.endswith(GEMINI_VERBS):
        return inbound_gemini
    return None


def spoken_at(path: bytes) -> Inbound | None:
    """Find the dialect in which errors at *path* are told; None means OpenAI's."""
    if path == ANTHROPIC_PATH or path.startswith(ANTHROPIC_PATH + b"/"):
        return inbound_anthropic
    if path.startswith(GEMINI_ROOT):
        return inbound_gemini
    if path.startswith(GEMINI_MODELS) and path.endswith(
        GEMINI_VERBS + GEMINI_OTHER_VERBS
    ):
        return inbound_gemini
    return None

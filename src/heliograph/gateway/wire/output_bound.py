"""A bound on the answer of a caller who sets none."""

from msgspec import Raw
from msgspec.structs import replace

from heliograph.gateway.types import Chat, Endpoint

_NAMES = frozenset({"max_tokens", "max_completion_tokens"})


def with_output_bound(chat: Chat, tokens_max: int, endpoint: Endpoint) -> Chat:
    """Ask for at most *tokens_max*, by the name that *endpoint* knows it under.

    https://platform.openai.com/docs/api-reference/chat/create: its reasoning models
    refuse `max_tokens`; most who speak its dialect know no other name.
    """
    fields = {name: raw for name, raw in chat.fields.items() if name not in _NAMES}
    fields[endpoint.output_bound] = Raw(b"%d" % tokens_max)
    return replace(chat, fields=fields, max_tokens=tokens_max)

"""Which dialects there are. A new one is a module here and a line below."""

from collections.abc import Mapping
from types import MappingProxyType

from heliograph.gateway.wire import anthropic_messages, openai_chat
from heliograph.gateway.wire.dialect import Dialect

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {"openai": openai_chat, "anthropic": anthropic_messages}
)

"""What a request uses before anybody has counted: likely, and at worst.

Pure, and without a tokenizer: a token is at least one byte of UTF-8, and on average
some four. Pictures are counted by their vendor's rule. What is no text (audio, files)
is estimated too high rather than too low: `parts` finds it.
"""

from msgspec import Struct

from heliograph.gateway.catalog.facts import context_of
from heliograph.gateway.catalog.parts import HEARD, PICTURED, lineage, parts_of
from heliograph.gateway.types import Chat, Price, Usage

BYTES_PER_TOKEN = 4
TOOLS_TOKENS = 1024
"""What a vendor may put before a prompt that names tools:
https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing"""
CONTEXT_TOKENS_MAX = 2_000_000
"""The most that a prompt may have of a model whose context is not known."""
DOCUMENT_TOKENS_USUAL = 10_000

_BESIDE = ("tools", "functions", "response_format", "prediction")
_KEPT = b'"cache_control"'


class Input(Struct, frozen=True):
    """The tokens of a prompt: likely, and at worst; *kept*: a cache is to keep it."""

    likely: int
    worst: int
    kept: bool = False


def input_of(chat: Chat, vendor: str, model: str) -> Input:
    """Estimate the prompt of *chat* for *model* of *vendor* (empty: nobody known).

    Nobody knows how much there is in a document: it may fill the whole context.
    """
    fields = chat.fields
    parts = parts_of(bytes(fields["messages"]), vendor, model)
    size = len(parts.text)
    for name in _BESIDE:
        if name in fields:
            size += len(memoryview(fields[name]))
    likely = parts.likely + text_tokens(size)
    worst = parts.worst + size
    if "tools" in fields or "functions" in fields:
        worst += TOOLS_TOKENS
    if parts.documents:
        likely += DOCUMENT_TOKENS_USUAL
        worst = max(
            likely, worst, context_of(lineage(vendor, model)[1]) or CONTEXT_TOKENS_MAX
        )
    return Input(likely, worst, _KEPT in parts.text)


def text_tokens(size: int) -> int:
    """Say how many tokens a text of so many bytes is likely to be."""
    return -(-size // BYTES_PER_TOKEN)


def likely_usage(chat: Chat, told: Usage | None, source: tuple[str, str],
                 said_bytes: int) -> Usage:  # fmt: skip
    """Say what a call has likely used that broke after *said_bytes* of text.

    What the provider has *told* by then counts, but for its output it is a beginning.
    """
    output = text_tokens(said_bytes)
    if chat.max_tokens is not None:
        output = min(output, chat.max_tokens)
    if told is None:
        return Usage(input_of(chat, *source).likely, output)
    return Usage(
        told.input_tokens,
        max(told.output_tokens, output),
        cached_tokens=told.cached_tokens,
        cache_write_tokens=told.cache_write_tokens,
        cache_write_1h_tokens=told.cache_write_1h_tokens,
        service=told.service,
    )


def is_untold(price: Price, usage: Usage, chat: Chat) -> bool:
    """Tell whether tokens of another rate were used that *usage* does not tell apart.

    Gemini's answers in OpenAI's shape, say, do not count what was heard.
    """
    rates = price.rates
    if rates.picture_output != rates.output and not usage.picture_output_tokens:
        return True
    heard = rates.audio_input != rates.input and not usage.audio_input_tokens
    seen = rates.picture_input != rates.input and not usage.picture_input_tokens
    if not heard and not seen:
        return False
    messages = bytes(chat.fields["messages"])
    return (heard and HEARD in messages) or (seen and PICTURED in messages)

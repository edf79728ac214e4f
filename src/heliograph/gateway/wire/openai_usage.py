"""Tokens as OpenAI counts them, and as others count them in its shape."""

from typing import Annotated

from msgspec import Meta, Raw, Struct, json

from heliograph.gateway.types import Usage
from heliograph.gateway.wire.json_text import UNREADABLE

Count = Annotated[int, Meta(ge=0, le=10**12)]
"""A number of tokens that there can be: beyond it, a sum of them could not be kept."""


class _Prompt(Struct):
    cached_tokens: Count | None = None


class _Completion(Struct):
    reasoning_tokens: Count | None = None


class _Usage(Struct):
    prompt_tokens: Count
    completion_tokens: Count | None = None
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None


_USAGE = json.Decoder(_Usage | None)


def read_usage(raw: Raw) -> Usage | None:
    """Read a `usage` member; None when it is null or cannot be read.

    An answer is no worse for a usage that cannot be read: it is unknown then.
    """
    try:
        used = _USAGE.decode(raw)
    except UNREADABLE:
        return None
    if used is None:
        return None
    prompt = used.prompt_tokens_details or _Prompt()
    completion = used.completion_tokens_details or _Completion()
    return Usage(
        input_tokens=used.prompt_tokens,
        output_tokens=used.completion_tokens or 0,
        cached_tokens=prompt.cached_tokens or 0,
        reasoning_tokens=completion.reasoning_tokens or 0,
    )


def write_usage(usage: Usage) -> dict[str, object]:
    """Write *usage* as the `usage` member of an answer or a chunk."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }

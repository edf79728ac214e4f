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


class Used(Struct):
    """A `usage` member, as it is sent."""

    prompt_tokens: Count
    completion_tokens: Count | None = None
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None


_USAGE = json.Decoder(Used | None)


def read_usage(raw: Raw) -> Usage | None:
    """Read a `usage` member; None when it is null or cannot be read.

    An answer is no worse for a usage that cannot be read: it is unknown then.
    """
    try:
        used = _USAGE.decode(raw)
    except UNREADABLE:
        return None
    return None if used is None else usage_of(used)


def usage_of(used: Used) -> Usage:
    """Count what was used; details are not always told."""
    prompt, completion = used.prompt_tokens_details, used.completion_tokens_details
    return Usage(
        used.prompt_tokens,
        used.completion_tokens or 0,
        (prompt.cached_tokens or 0) if prompt is not None else 0,
        reasoning_tokens=(completion.reasoning_tokens or 0)
        if completion is not None
        else 0,
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

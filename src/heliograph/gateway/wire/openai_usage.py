"""Tokens as OpenAI counts them, and as others count them in its shape."""

from typing import Annotated

from msgspec import Meta, Raw, Struct, json

from heliograph.gateway.types import STANDARD_SERVICES, Usage
from heliograph.gateway.wire.json_text import UNREADABLE

Count = Annotated[int, Meta(ge=0, le=10**12)]
"""A number of tokens that there can be: beyond it, a sum of them could not be kept."""


SERVICE_CHARS_MAX = 40
"""Enough for every name there is; what a provider sends is kept no longer."""


class _Prompt(Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _Completion(Struct):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class Used(Struct):
    """A `usage` member, as it is sent."""

    prompt_tokens: Count
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None


_USAGE = json.Decoder(Used | None)
_SERVICE = json.Decoder(str | None)
_PROMPT = _Prompt()
_COMPLETION = _Completion()


def read_usage(raw: Raw, service: Raw | None = None) -> Usage | None:
    """Read a `usage` member; None when it is null or cannot be read.

    An answer is no worse for a usage that cannot be read: it is unknown then.
    """
    try:
        used = _USAGE.decode(raw)
        told = _SERVICE.decode(service) if service is not None else None
    except UNREADABLE:
        return None
    return None if used is None else usage_of(used, told)


def usage_of(used: Used, service: str | None = None) -> Usage:
    """Count what was used; details are not always told.

    xAI and Gemini leave out of `completion_tokens` what was thought, but have it in the
    total: https://docs.x.ai/docs/guides/reasoning
    """
    prompt = used.prompt_tokens_details or _PROMPT
    completion = used.completion_tokens_details or _COMPLETION
    said = used.completion_tokens or 0
    more = (used.total_tokens or 0) - used.prompt_tokens - said
    return Usage(
        used.prompt_tokens,
        said + more if more > 0 else said,
        prompt.cached_tokens or 0,
        prompt.cache_write_tokens or 0,
        completion.reasoning_tokens or (max(0, more)),
        0,
        prompt.audio_tokens or 0,
        completion.audio_tokens or 0,
        prompt.image_tokens or 0,
        completion.image_tokens or 0,
        service_of(service),
    )


def service_of(told: str | None) -> str:
    """Name the service a provider answered with; empty when its listed price holds."""
    if told is None or told in STANDARD_SERVICES:
        return ""
    return told[:SERVICE_CHARS_MAX]


def write_usage(usage: Usage) -> dict[str, object]:
    """Write *usage* as the `usage` member of an answer or a chunk."""
    prompt = {"cached_tokens": usage.cached_tokens}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }

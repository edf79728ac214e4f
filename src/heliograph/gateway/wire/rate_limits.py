"""How long a limit lasts, where a provider says so in its own words.

OpenAI: `x-ratelimit-reset-requests: 6m0s`, a Go duration; others write seconds.
Anthropic: `anthropic-ratelimit-tokens-reset: 2026-11-26T12:00:00Z`.
Gemini: `retryDelay: "37s"` in the error's details, and no header at all.
https://platform.openai.com/docs/guides/rate-limits
https://docs.anthropic.com/en/api/rate-limits
"""

import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Raw, Struct, json

from heliograph.gateway.wire.http_date import unix_s
from heliograph.gateway.wire.json_text import UNREADABLE

RESOURCES = ("requests", "tokens", "input-tokens", "output-tokens")
_SPANS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s|us|ns)")
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s|us|ns))+")


class _Detail(Struct, rename="camel"):
    retry_delay: str = ""


class _Error(Struct):
    details: list[_Detail] | None = None


_ERROR = json.Decoder(_Error)


def reset_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until what is used up is there again; None when not said.

    Of several limits those with nothing remaining count, and of those the longest; if
    none has reached nothing, the shortest is the best guess.
    """
    used_up: list[float] = []
    others: list[float] = []
    now = unix_s(headers.get("date", ""))
    for resource in RESOURCES:
        for left, reset in (
            (f"x-ratelimit-remaining-{resource}", f"x-ratelimit-reset-{resource}"),
            (
                f"anthropic-ratelimit-{resource}-remaining",
                f"anthropic-ratelimit-{resource}-reset",
            ),
        ):
            wait_s = _wait_s(headers.get(reset, ""), now)
            if wait_s is not None:
                nothing = headers.get(left, "").strip() == "0"
                (used_up if nothing else others).append(wait_s)
    if used_up:
        return max(used_up)
    return min(others, default=None)


def delay_s(error: Raw) -> float | None:
    """Return the `retryDelay` of a Gemini error; None when there is none."""
    try:
        details = _ERROR.decode(error).details or ()
    except UNREADABLE:
        return None
    waits = [duration_s(detail.retry_delay) for detail in details]
    return max((wait for wait in waits if wait is not None), default=None)


def duration_s(text: str) -> float | None:
    """Read a Go duration such as `1m2.5s`, or plain seconds."""
    text = text.strip()
    if _DURATION.fullmatch(text):
        spans = [float(n) * _SPANS_S[unit] for n, unit in _SPAN.findall(text)]
        return sum(spans)
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None  # noqa: PLR2004 - more is a date


def _wait_s(text: str, now: int | None) -> float | None:
    wait_s = duration_s(text)
    if wait_s is not None or now is None:
        return wait_s
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    return max(0.0, then.timestamp() - now)

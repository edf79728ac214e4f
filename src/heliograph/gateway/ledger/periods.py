"""Stretches of time as people write them; pure."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FORMS = "7d (or 90m, 24h, 2w) ago, 2026-11-26, or 2026-11-26T10:00 (UTC)"
HOUR_S = 3600


def read_time(text: str, now_s: float) -> float:
    """Read a time as seconds since 1970; anything else is a `ValueError`."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            now = datetime.fromtimestamp(now_s, UTC)
            return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"is no time: give {FORMS}") from None


def hours_between(since_s: float, until_s: float) -> tuple[int, int]:
    """Return the first hour, and the first after it that is not meant any more.

    Hours are never cut: both ends are moved outwards.
    """
    return int(since_s // HOUR_S), int(-(-until_s // HOUR_S))


def shown_hour(hour: int) -> str:
    """Write an hour as ISO 8601 does."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC).strftime("%Y-%m-%dT%H:00Z")


def shown_day(day: int) -> str:
    """Write a day as ISO 8601 does."""
    return datetime.fromtimestamp(day * 24 * HOUR_S, UTC).strftime("%Y-%m-%d")

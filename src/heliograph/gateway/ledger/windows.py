"""Windows of time that caps are counted in, as buckets. Pure.

What is spent is kept by bucket. A calendar window is one bucket; a rolling one is cut
into `BUCKETS`, and the bucket that has only partly passed still counts whole: a rolling
window is never shorter than it says.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from heliograph.gateway.types import CapRule

BUCKETS = 60
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400}
"""How long a window is; only a rolling month has always 30 days."""


class Span(NamedTuple):
    """Where a moment stands in its window: its bucket, and the first that counts.

    `until_s` is when the next bucket begins.
    """

    bucket_s: int
    since_s: int
    until_s: int


class Window(Protocol):
    """How a cap's time is cut."""

    def span(self, now_s: float) -> Span:
        """Say where *now_s* (since 1970) stands."""

    def frees_at_s(self, span: Span, oldest_s: int) -> int:
        """Say when what was spent in bucket *oldest_s* counts no more."""

    def began_s(self, span: Span) -> int:
        """Name the window of *span*, one in each of its lengths."""


class Rolling:
    """The time just past."""

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self.bucket_s = length_s // BUCKETS

    def span(self, now_s: float) -> Span:
        """Say where *now_s* stands."""
        step = self.bucket_s
        bucket = int(now_s // step) * step
        return Span(bucket, bucket - self.length_s, bucket + step)

    def frees_at_s(self, span: Span, oldest_s: int) -> int:
        """Say when the bucket *oldest_s* has passed as a whole."""
        del span
        return oldest_s + self.length_s + self.bucket_s

    def began_s(self, span: Span) -> int:
        """Name the window of *span*: one that rolls has no beginning of its own."""
        return span.bucket_s // self.length_s * self.length_s


class Calendar:
    """The minute, hour, day or month that is, by the clocks of *zone*."""

    def __init__(self, per: str, zone: tzinfo) -> None:
        self.per = per
        self.zone = zone

    def span(self, now_s: float) -> Span:
        """Say where *now_s* stands."""
        here = datetime.fromtimestamp(now_s, self.zone)
        if self.per in {"minute", "hour"}:
            step = SECONDS[self.per]
            ahead_s = int((here.utcoffset() or timedelta()).total_seconds())
            begin = (int(now_s) + ahead_s) // step * step - ahead_s
            return Span(begin, begin, begin + step)
        first = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        if self.per == "month":
            first = first.replace(day=1)
        begin = int(first.timestamp())
        return Span(begin, begin, int(self.after(first).timestamp()))

    def after(self, first: datetime) -> datetime:
        """Return the first midnight of the next day or month, by the clocks there."""
        if self.per == "day":
            following = first.date() + timedelta(days=1)
        else:
            following = (first.date() + timedelta(days=31)).replace(day=1)
        return datetime(
            following.year, following.month, following.day, tzinfo=self.zone
        )

    def frees_at_s(self, span: Span, oldest_s: int) -> int:
        """Say when the window ends: all of it counts no more then."""
        del oldest_s
        return span.until_s

    def began_s(self, span: Span) -> int:
        """Say when the window began."""
        return span.bucket_s


class Timeless:
    """The window of what is counted only while it is under way."""

    FOREVER_S = 1 << 40

    def span(self, now_s: float) -> Span:
        """Say that all time is one."""
        del now_s
        return Span(0, 0, self.FOREVER_S)

    def frees_at_s(self, span: Span, oldest_s: int) -> int:
        """Say that waiting for the clock is no use."""
        del oldest_s
        return span.until_s

    def began_s(self, span: Span) -> int:
        """Say that it has always been."""
        return span.bucket_s


def window_of(rule: CapRule, zone: str) -> Window:
    """Make the window of *rule*, by the clocks of *zone*."""
    if rule.kind == "concurrent":
        return Timeless()
    if rule.window == "rolling":
        return Rolling(SECONDS[rule.per])
    return Calendar(rule.per, zone_of(zone))


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """Find the time zone of that name. Raises `ZoneInfoNotFoundError`."""
    return UTC if name == "UTC" else ZoneInfo(name)

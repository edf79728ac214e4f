"""Windows: every moment has one bucket, and a rolling window is never too short."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.ledger.windows import BUCKETS, SECONDS, Window, window_of
from heliograph.gateway.types import CapRule, Period

PERIODS: tuple[Period, ...] = ("minute", "hour", "day", "month")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Havana",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
)
MOMENTS = st.floats(1.6e9, 2.2e9)


def calendar(per: Period, zone: str = "UTC") -> Window:
    return window_of(CapRule("usd", 1, per, "calendar"), zone)


def rolling(per: Period) -> Window:
    return window_of(CapRule("usd", 1, per, "rolling"), "UTC")


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("per", "begins", "ends"),
    [
        ("minute", "2026-11-26T22:41:00", "2026-11-26T22:42:00"),
        ("hour", "2026-11-26T22:00:00", "2026-11-26T23:00:00"),
        ("day", "2026-11-26T00:00:00", "2026-11-27T00:00:00"),
        ("month", "2026-11-01T00:00:00", "2026-12-01T00:00:00"),
    ],
)
def test_a_calendar_window_is_what_the_clocks_there_say(
    per: Period, begins: str, ends: str
) -> None:
    for zone in ZONES:
        now_s = at("2026-11-26T22:41:17", zone)
        span = calendar(per, zone).span(now_s)
        assert span.bucket_s == span.since_s == at(begins, zone)
        assert span.until_s == at(ends, zone)


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours() -> None:
    berlin = calendar("day", "Europe/Berlin")
    short = berlin.span(at("2026-03-29T12:00:00", "Europe/Berlin"))
    long = berlin.span(at("2026-10-25T12:00:00", "Europe/Berlin"))
    assert short.until_s - short.bucket_s == 23 * 3600
    assert long.until_s - long.bucket_s == 25 * 3600


@given(now_s=MOMENTS, per=st.sampled_from(PERIODS), zone=st.sampled_from(ZONES))
def test_calendar_windows_follow_each_other_without_a_gap(
    now_s: float, per: Period, zone: str
) -> None:
    window = calendar(per, zone)
    span = window.span(now_s)
    assert span.bucket_s <= now_s < span.until_s
    assert window.span(span.until_s).bucket_s == span.until_s
    assert window.span(span.until_s - 1).bucket_s == span.bucket_s
    assert window.began_s(span) == span.bucket_s
    assert window.frees_at_s(span, span.bucket_s) == span.until_s


@given(now_s=MOMENTS, per=st.sampled_from(PERIODS), ago=st.floats(0, 1))
def test_all_that_was_spent_in_the_time_just_past_counts(
    now_s: float, per: Period, ago: float
) -> None:
    window = rolling(per)
    span = window.span(now_s)
    before = window.span(now_s - ago * SECONDS[per])
    assert before.bucket_s >= span.since_s
    assert span.bucket_s <= now_s < span.until_s
    assert span.until_s - span.bucket_s == SECONDS[per] / BUCKETS


@given(now_s=MOMENTS, per=st.sampled_from(PERIODS))
def test_a_bucket_counts_until_it_has_passed_as_a_whole(
    now_s: float, per: Period
) -> None:
    window = rolling(per)
    spent = window.span(now_s)
    frees_s = window.frees_at_s(spent, spent.bucket_s)
    assert window.span(frees_s).since_s > spent.bucket_s
    assert window.span(frees_s - 1).since_s <= spent.bucket_s
    assert frees_s - now_s <= SECONDS[per] * (1 + 1 / BUCKETS)


def test_what_is_only_under_way_has_no_window() -> None:
    window = window_of(CapRule("concurrent", 3), "UTC")
    now = datetime.now(UTC)
    later = now + timedelta(days=400)
    assert window.span(now.timestamp()) == window.span(later.timestamp())
    span = window.span(0.0)
    assert window.frees_at_s(span, 0) == span.until_s
    assert window.began_s(span) == span.bucket_s

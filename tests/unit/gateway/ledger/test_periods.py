"""Times as people write them."""

import pytest

from heliograph.gateway.ledger.periods import (
    hours_between,
    read_time,
    shown_day,
    shown_hour,
)

NOW_S = 1_789_200_000.0  # 2026-09-12T08:00Z


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90m", NOW_S - 5400),
        ("24h", NOW_S - 86_400),
        ("7d", NOW_S - 7 * 86_400),
        ("2w", NOW_S - 14 * 86_400),
        ("2026-09-12", NOW_S - 8 * 3600),
        ("2026-09-12T08:00", NOW_S),
        ("2026-09-12T10:00+02:00", NOW_S),
    ],
)
def test_a_time_is_read(text: str, meant: float) -> None:
    assert read_time(text, NOW_S) == meant


@pytest.mark.parametrize("text", ["", "7", "7y", "yesterday", "999999w", "2026-13-01"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: give 7d"):
        read_time(text, NOW_S)


def test_hours_are_not_cut() -> None:
    hour = int(NOW_S // 3600)
    assert hours_between(NOW_S, NOW_S + 3600) == (hour, hour + 1)
    assert hours_between(NOW_S + 1, NOW_S + 3601) == (hour, hour + 2)


def test_hours_and_days_are_written_as_iso_8601_does() -> None:
    assert shown_hour(int(NOW_S // 3600)) == "2026-09-12T08:00Z"
    assert shown_day(int(NOW_S // 86_400)) == "2026-09-12"

"""Each filter keeps what its definition says, read event by event without haste."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_packets import SMALL, cut, packet, packets, rows
from heliograph.camera.config.filter_settings import FilterSettings, Region
from heliograph.camera.filtering.background import SHORT_WINDOW_US_MAX
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.types import Packet

Rows: TypeAlias = list[tuple[int, int, int, int]]
NONE = FilterSettings(background_us=0, events_per_s_max=0)
LIMIT_US = 4_000


def background(events: Rows) -> Rows:
    """Keep what one of the eight neighbours fired before, lately."""
    return [
        (x, y, p, t)
        for n, (x, y, p, t) in enumerate(events)
        if any(
            max(abs(x - x2), abs(y - y2)) == 1 and t - t2 <= LIMIT_US
            for x2, y2, _, t2 in events[:n]
        )
    ]


def refractory(events: Rows) -> Rows:
    """Keep what comes no sooner than the limit after the pixel's last kept event."""
    kept: Rows = []
    for x, y, p, t in events:
        before = [t2 for x2, y2, _, t2 in kept if (x2, y2) == (x, y)]
        if not before or t - before[-1] >= LIMIT_US:
            kept.append((x, y, p, t))
    return kept


def places_in_bursts(events: Rows) -> list[int]:
    """Say of each event how many of its burst came before it."""
    places: list[int] = []
    for n, (x, y, p, t) in enumerate(events):
        before = [m for m in range(n) if events[m][:2] == (x, y)]
        goes_on = (
            before
            and events[before[-1]][2] == p
            and t - events[before[-1]][3] <= LIMIT_US
        )
        places.append(places[before[-1]] + 1 if goes_on else 0)
    return places


def of_bursts(wanted: Callable[[int], bool]) -> Callable[[Rows], Rows]:
    return lambda events: [
        event
        for event, place in zip(events, places_in_bursts(events), strict=True)
        if wanted(place)
    ]


def evenly(events: Rows) -> Rows:
    """Keep 10 at most: each time a tenth of the packet is passed, the last event."""
    share = min(10, len(events))
    return [
        event
        for n, event in enumerate(events)
        if (n + 1) * share // len(events) > n * share // len(events)
    ]


CASES = [
    (replace(NONE, background_us=LIMIT_US), background),
    (replace(NONE, refractory_us=LIMIT_US), refractory),
    (replace(NONE, bursts="stc", burst_us=LIMIT_US), of_bursts(lambda n: n > 0)),
    (replace(NONE, bursts="stc-cut", burst_us=LIMIT_US), of_bursts(lambda n: n == 1)),
    (replace(NONE, bursts="trail", burst_us=LIMIT_US), of_bursts(lambda n: n == 0)),
    (replace(NONE, polarity="darker"), lambda events: [e for e in events if not e[2]]),
    (
        replace(NONE, regions=(Region(1, 1, 2, 3), Region(4, 0, 99, 1))),
        lambda events: [
            (x, y, p, t)
            for x, y, p, t in events
            if (x in (1, 2) and y in (1, 2, 3)) or (x >= 4 and y == 0)
        ],
    ),
    (NONE, lambda events: events),
]
NAMES = ["background", "refractory", "stc", "stc-cut", "trail"]
NAMES += ["polarity", "region", "none"]


@pytest.mark.parametrize(("chosen", "reading"), CASES, ids=NAMES)
@given(events=packets(), at=st.lists(st.integers(0, 60), max_size=3))
@settings(deadline=None, max_examples=40)
def test_a_filter_keeps_what_its_definition_says_in_windows_of_any_length(
    chosen: FilterSettings,
    reading: Callable[[Rows], Rows],
    events: Packet,
    at: list[int],
) -> None:
    before = events.copy()
    filters = Filters(SMALL, chosen, window_us=10_000)
    kept = [row for piece in cut(events, at) for row in rows(filters.apply(piece))]
    assert kept == reading(rows(events))
    assert np.array_equal(events, before)
    assert filters.counters.removed == len(events) - len(kept)


@given(events=packets())
@settings(deadline=None, max_examples=40)
def test_a_window_above_the_rate_is_thinned_evenly(events: Packet) -> None:
    chosen = replace(NONE, events_per_s_max=1_000.0)
    filters = Filters(SMALL, chosen, window_us=10_000)
    assert rows(filters.apply(events)) == evenly(rows(events))
    assert filters.counters.thinned == max(0, len(events) - 10)


def test_whoever_is_late_looks_at_less_until_it_has_caught_up() -> None:
    filters = Filters(SMALL, replace(NONE, events_per_s_max=6_400.0), window_us=10_000)
    events = packet(*((n % 6, n % 5, 0, n) for n in range(128)))
    late = [False, *[True] * 4, *[False] * 7]
    kept = [len(filters.apply(events, late=each)) for each in late]
    assert kept == [64, 16, 4, 4, 4, 8, 16, 32, 64, 64, 64, 64]
    assert filters.counters.thinned == 12 * 128 - sum(kept)
    unbounded = Filters(SMALL, NONE, window_us=10_000)
    assert len(unbounded.apply(events, late=True)) == 128


@pytest.mark.parametrize("hours", [0, 1, 24 * 365])
@pytest.mark.parametrize(("chosen", "reading"), CASES[:5], ids=NAMES[:5])
def test_days_change_nothing(
    chosen: FilterSettings, reading: Callable[[Rows], Rows], hours: int
) -> None:
    later_us = hours * 3_600_000_000
    filters = Filters(SMALL, chosen, window_us=10_000)
    filters.apply(packet((1, 1, 1, 0), (2, 1, 1, 100)))
    events = packet(
        *(
            (x, 1, 1, later_us + 20_000 + t)
            for x, t in [(1, 0), (1, 9), (2, 9), (2, 11)]
        )
    )
    assert rows(filters.apply(events)) == reading(rows(events))


@pytest.mark.parametrize("window_us", [LIMIT_US, SHORT_WINDOW_US_MAX + 1])
@given(
    events=packets(gap_us_max=50_000),
    steps=st.lists(st.integers(-8_000, 0), min_size=60, max_size=60),
)
@settings(deadline=None, max_examples=60)
def test_company_is_judged_alike_where_time_steps_back_and_leaps(
    window_us: int, events: Packet, steps: list[int]
) -> None:
    events["t"] += np.array(steps[: len(events)], np.int64)
    told: dict[tuple[int, int], int] = {}
    company: Rows = []
    for x, y, p, t in rows(events):
        if t - told.get((x, y), -(1 << 40)) <= window_us:
            company.append((x, y, p, t))
        around = [(x + a, y + b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        told.update(dict.fromkeys(around, t))
    chosen = replace(NONE, background_us=window_us)
    filters = Filters(SMALL, chosen, window_us=10_000)
    assert rows(filters.apply(events)) == company

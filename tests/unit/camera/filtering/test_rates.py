"""Filters by rate: hot pixels and flicker."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from event_packets import packet, rows
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.filtering.hot_pixels import HotPixelCount
from heliograph.camera.types import Packet, Size

SIZE = Size(8, 8)
NONE = FilterSettings(background_us=0, events_per_s_max=0)
FLICKER = replace(NONE, flicker_periods=4)


def lamp(hz: float, *, seconds: float = 0.5, begin_us: int = 0) -> Packet:
    """A pixel under a lamp: three events brighter and three darker each period."""
    period_us = 1e6 / hz
    events = [
        (3, 3, int(half == 0), int(begin_us + (n + half / 2) * period_us + 90 * step))
        for n in range(int(seconds * hz))
        for half in (0, 1)
        for step in range(3)
    ]
    return packet(*events)


def kept_of(events: Packet, chosen: FilterSettings = FLICKER) -> Packet:
    return Filters(SIZE, chosen, window_us=10_000).apply(events)


@pytest.mark.parametrize("hz", [100.0, 120.0])
def test_a_lamp_on_the_mains_is_left_out_after_a_few_periods(hz: float) -> None:
    events = lamp(hz)
    kept = kept_of(events)
    assert rows(kept) == rows(events[: len(kept)])
    # The first rise begins a period, four in the band follow.
    assert len(kept) == 4 * 6


@pytest.mark.parametrize("hz", [20.0, 50.0, 300.0, 1_000.0])
def test_what_flickers_at_another_rate_is_kept(hz: float) -> None:
    assert len(kept_of(lamp(hz))) == len(lamp(hz))


def test_a_lamp_beside_what_moves_takes_only_its_own_pixels_out() -> None:
    moving = packet(*((x, 5, 1, 8_000 * x) for x in range(8)))
    both = np.sort(np.concatenate([lamp(100.0), moving]), order="t", kind="stable")
    kept = kept_of(both)
    assert len(kept[kept["y"] == 5]) == 8
    assert len(kept[kept["y"] == 3]) == 4 * 6


def test_one_rise_too_many_or_too_few_does_not_end_a_flicker() -> None:
    events = lamp(100.0)
    settled = events[events["t"] >= 100_000]
    for wrong in (
        np.delete(settled, slice(60, 63)),
        np.insert(settled, 64, packet((3, 3, 0, int(settled["t"][63]) + 50))),
    ):
        filters = Filters(SIZE, FLICKER, window_us=10_000)
        filters.apply(events[events["t"] < 100_000])
        assert len(filters.apply(wrong)) == 0


def test_a_lamp_that_goes_out_leaves_its_pixel_to_be_seen() -> None:
    filters = Filters(SIZE, FLICKER, window_us=10_000)
    filters.apply(lamp(100.0))
    after = packet((3, 3, 0, 560_000), (3, 3, 1, 565_000))
    assert rows(filters.apply(after)) == rows(after)


def steady(hz: dict[tuple[int, int], float], seconds: float) -> Packet:
    """Pixels that fire at the rates *hz*."""
    times: Iterable[tuple[int, int, int, int]] = (
        (x, y, n % 2, int(n * 1e6 / rate))
        for (x, y), rate in hz.items()
        for n in range(int(rate * seconds))
    )
    return packet(*sorted(times, key=lambda event: event[3]))


HOT = {(0, 0): 120.0, (7, 3): 90.0, (4, 4): 60.0}
EDGE = {(2, y): 80.0 for y in range(8)} | {(3, y): 70.0 for y in range(8)}


def test_hot_pixels_are_those_that_fire_alone() -> None:
    # Two columns of an edge fire as often, but together.
    count = HotPixelCount(SIZE)
    for part in np.array_split(steady({**HOT, **EDGE, (6, 6): 20.0}, 2.0), 9):
        count.update(part)
    hot = count.hot(2_000_000, 50.0)
    assert {(int(x), int(y)) for y, x in np.argwhere(hot)} == set(HOT)


def test_a_few_events_are_no_rate() -> None:
    count = HotPixelCount(SIZE)
    count.update(packet(*((1, 1, 1, t) for t in range(9))))
    assert not count.hot(9, 50.0).any()


def test_a_pixel_is_left_out_while_it_is_hot() -> None:
    filters = Filters(SIZE, replace(NONE, hot_pixel_hz=50.0), window_us=10_000)
    hot, cool = steady({(5, 5): 100.0}, 3.0), steady({(1, 1): 20.0}, 6.0)
    events = np.sort(np.concatenate([hot, cool]), order="t", kind="stable")
    kept = np.concatenate(
        [
            filters.apply(part).copy()
            for part in np.split(
                events, np.searchsorted(events["t"], range(10_000, 6_000_000, 10_000))
            )
        ]
    )
    assert np.array_equal(kept[kept["x"] == 1], cool)
    # Learnt in the first second, unlearnt in the fourth.
    assert np.array_equal(kept[kept["x"] == 5], hot[hot["t"] < 1_000_000])
    assert filters.counters.hot_pixel == 200


def test_a_pixel_is_counted_beyond_16_bits_and_its_rate_is_no_other() -> None:
    count = HotPixelCount(SIZE)
    burst = packet(*((4, 4, 1, n) for n in range(10_000)))
    for _ in range(12):
        count.update(burst)
    # 120,000 events in 10 minutes are 200 a second, and in 2 minutes 1,000.
    assert not count.hot(600_000_000, 1_000.0).any()
    hot = count.hot(120_000_000, 1_000.0)
    assert np.argwhere(hot).tolist() == [[4, 4]]

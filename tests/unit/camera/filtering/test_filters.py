"""The chain: order, counters, and what it does not do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from event_packets import SMALL, packet, rows
from heliograph.camera.config import SettingError
from heliograph.camera.config.filter_settings import FilterSettings, Region
from heliograph.camera.filtering.filters import FILTERS, FilterCounters, Filters
from heliograph.camera.filtering.mask_file import read_masks, write_mask
from heliograph.camera.types import EVENT, Packet, Size

NONE = FilterSettings(background_us=0, events_per_s_max=0)


def filters(chosen: FilterSettings = NONE, size: Size = SMALL) -> Filters:
    return Filters(size, chosen, window_us=10_000)


def dense(seed: int = 3, events: int = 2_000) -> Packet:
    """A packet in which every filter finds something to do."""
    rng = np.random.default_rng(seed)
    made = np.zeros(events, EVENT)
    made["x"] = rng.integers(0, SMALL.width, events)
    made["y"] = rng.integers(0, SMALL.height, events)
    made["p"] = rng.integers(0, 2, events)
    made["t"] = np.sort(rng.integers(0, 10_000, events))
    return made


def test_without_filters_a_packet_is_passed_on_as_it_is() -> None:
    events = dense()
    assert filters().apply(events) is events


def test_by_default_both_polarities_of_a_thing_survive_and_lone_noise_does_not() -> (
    None
):
    thing = [(x, 2, x % 2, 1_000 + x) for x in range(5)]
    kept = filters(FilterSettings()).apply(packet((0, 4, 1, 1_000), *thing))
    assert rows(kept) == thing[1:]
    assert set(kept["p"]) == {0, 1}


def test_every_event_is_kept_or_counted_by_one_filter(tmp_path: Path) -> None:
    mask = np.ones((SMALL.height, SMALL.width), np.bool_)
    mask[0, 1] = False
    write_mask(tmp_path / "mask.png", mask)
    everything = FilterSettings(
        polarity="brighter",
        regions=(Region(0, 0, 5, 5),),
        masks=(tmp_path / "mask.png",),
        events_per_s_max=50_000.0,
        hot_pixel_hz=100.0,
        flicker_periods=4,
        refractory_us=100,
        bursts="trail",
        burst_us=200,
        background_us=300,
    )
    chain, events = filters(everything), dense()
    before = events.copy()
    kept = chain.apply(events)
    counters = chain.counters
    assert counters.taken == len(events) == len(kept) + counters.removed
    assert np.array_equal(events, before)
    assert counters.thinned > 0
    for name in ("polarity", "region", "mask", "refractory", "burst", "background"):
        assert getattr(counters, name) > 0, name
    assert set(FILTERS) == set(FilterCounters.__slots__) - {"taken"}


def test_what_was_kept_of_one_packet_is_not_that_of_another() -> None:
    chain = filters(FilterSettings(polarity="darker", background_us=0))
    for seed, events in [(1, 10), (2, 5_000), (3, 7)]:
        made = dense(seed, events)
        assert rows(chain.apply(made)) == rows(made[made["p"] == 0])


@pytest.mark.parametrize(
    "chosen",
    [
        FilterSettings(),
        replace(NONE, regions=(Region(0, 0, 9, 9),)),
        replace(NONE, hot_pixel_hz=50.0),
        replace(NONE, flicker_periods=4),
        replace(NONE, refractory_us=1_000),
        replace(NONE, bursts="stc"),
    ],
)
@pytest.mark.parametrize("place", [(6, 0), (0, 5), (65_535, 65_535)])
def test_an_event_outside_the_sensor_is_refused(
    chosen: FilterSettings, place: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="1 of 2 events lie outside the sensor"):
        filters(chosen).apply(packet((*place, 1, 1), (1, 1, 1, 5)))


def test_other_arrays_and_endless_packets_are_refused() -> None:
    chain = filters(FilterSettings())
    with pytest.raises(ValueError, match="a packet has dtype"):
        chain.apply(np.zeros(3, [("x", "<u2")]))
    with pytest.raises(ValueError, match="spans more than 537 s: filter it in shorter"):
        chain.apply(packet((0, 0, 1, 0), (0, 0, 1, 600_000_000)))


def test_an_empty_packet_stays_one() -> None:
    assert len(filters(FilterSettings(hot_pixel_hz=9.0)).apply(packet())) == 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"polarity": "up"},
            "polarity must be one of both, brighter, darker, not 'up'",
        ),
        (
            {"bursts": "cut"},
            "bursts must be one of all, stc, stc-cut, trail, not 'cut'",
        ),
        ({"events_per_s_max": -1.0}, "events_per_s_max must be 0 or above, not -1.0"),
        ({"hot_pixel_hz": float("nan")}, "hot_pixel_hz must be 0 or above, not nan"),
        ({"background_us": -1}, "background_us must be from 0 to 60000000, not -1"),
        ({"burst_us": 60_000_001}, "burst_us must be from 0 to 60000000"),
        ({"flicker_hz_min": 140.0}, "the first below the second, not 140 and 130"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingError, match=told):
        replace(NONE, **wrong)


def test_a_region_that_is_no_rectangle_is_refused() -> None:
    with pytest.raises(SettingError, match="write it as X,Y,WIDTH,HEIGHT"):
        Region(0, 0, 0, 5)


@pytest.mark.parametrize("corner", [(SMALL.width, 0), (0, SMALL.height)])
def test_a_region_off_the_sensor_is_refused_and_not_an_empty_scene(
    corner: tuple[int, int],
) -> None:
    edge = Region(SMALL.width - 1, SMALL.height - 1, 99, 99)
    chosen = replace(NONE, regions=(edge, Region(*corner, 5, 5)))
    with pytest.raises(SettingError, match="holds no pixel of the sensor"):
        Filters(SMALL, chosen, window_us=10_000)


def test_a_mask_is_read_as_it_was_written_and_black_leaves_out(tmp_path: Path) -> None:
    kept = np.ones((SMALL.height, SMALL.width), np.bool_)
    kept[2, 3] = False
    write_mask(tmp_path / "a.png", kept)
    kept[2, 3], kept[4, 5] = True, False
    write_mask(tmp_path / "b.png", kept)
    paths = (tmp_path / "a.png", tmp_path / "b.png")
    assert np.argwhere(~read_masks(paths, SMALL)).tolist() == [[2, 3], [4, 5]]
    chain = filters(replace(NONE, masks=paths))
    events = packet((3, 2, 1, 1), (5, 4, 0, 2), (5, 3, 0, 3))
    assert rows(chain.apply(events)) == [(5, 3, 0, 3)]
    assert chain.counters.mask == 2


def test_a_mask_that_does_not_fit_says_what_would(tmp_path: Path) -> None:
    write_mask(tmp_path / "small.png", np.ones((4, 4), np.bool_))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    for name, told in [
        ("small.png", "has 4x4 pixels and the recording 6x5"),
        ("text.png", "is no picture that can be read"),
        ("empty.png", "is no picture that can be read"),
        ("missing.png", "no such file"),
    ]:
        with pytest.raises(SettingError, match=told):
            filters(replace(NONE, masks=(tmp_path / name,)))


def test_a_share_is_asked_for_that_still_leaves_what_may_stay() -> None:
    chain = filters(replace(NONE, events_per_s_max=10_000.0))  # 100 a window
    assert chain.one_of == 1
    assert len(chain.apply(dense(events=450))) == 100
    assert chain.one_of == 4
    # A quarter was read: what was not counts as if it had been thinned.
    assert len(chain.apply(dense(events=110), unread=340)) == 100
    assert (chain.counters.taken, chain.counters.thinned) == (900, 700)
    assert chain.one_of == 4
    chain.apply(dense(events=110), late=True, unread=340)
    assert chain.one_of == 18
    chain.apply(dense(events=20))
    assert chain.one_of == 1
    unlimited = filters()
    unlimited.apply(dense(events=5_000))
    assert unlimited.one_of == 1

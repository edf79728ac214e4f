"""Each surface is what its definition says, read in plain numpy without haste."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from event_packets import SMALL, cut, packet, packets
from heliograph.camera.surfaces.histogram import histogram, stacked_histogram
from heliograph.camera.surfaces.linear_surface import LinearTimeSurface
from heliograph.camera.surfaces.picture import MID_GREY, Picture
from heliograph.camera.surfaces.time_surface import TimeSurface
from heliograph.camera.surfaces.voxel_grid import voxel_grid
from heliograph.camera.types import Packet

TAU_US = 20_000
SPAN_US = 30_000
STEPS = 5.0
SHAPE = (2, SMALL.height, SMALL.width)
WINDOW = (5_000, 45_000)


def newest(events: Packet) -> NDArray[np.float64]:
    """Return when each pixel fired last by polarity; minus infinity if never."""
    times = np.full(SHAPE, -np.inf)
    np.maximum.at(times, (events["p"], events["y"], events["x"]), events["t"])
    return times


def exponential(events: Packet, now_us: int) -> NDArray[np.float64]:
    return 255 * np.exp(-(now_us - newest(events)) / TAU_US)


def linear(events: Packet, now_us: int) -> NDArray[np.float64]:
    return 255 * np.clip(1 - (now_us - newest(events)) / SPAN_US, 0, 1)


def leaky(events: Packet, now_us: int) -> NDArray[np.float64]:
    """Add what each step has left of it by now."""
    level = np.zeros(SHAPE[1:])
    steps = np.where(events["p"] > 0, 1.0, -1.0)
    left = steps * np.exp(-(now_us - events["t"]) / TAU_US)
    np.add.at(level, (events["y"], events["x"]), left)
    return np.clip(MID_GREY + level * (255 - MID_GREY) / STEPS, 0, 255)


def rendered(
    made: TimeSurface | LinearTimeSurface | Picture, parts: list[Packet], now_us: int
) -> NDArray[np.uint8]:
    for part in parts:
        made.update(part)
    return made.render(now_us)


@pytest.mark.parametrize(
    ("made", "reading", "off"),
    [
        (lambda: TimeSurface(SMALL, tau_us=TAU_US), exponential, 1.0),
        (lambda: LinearTimeSurface(SMALL, span_us=SPAN_US), linear, 0.51),
        # A picture's time goes in ticks, of 64 us here.
        (lambda: Picture(SMALL, tau_us=TAU_US, steps_max=STEPS), leaky, 1.5),
    ],
    ids=["exponential", "linear", "picture"],
)
@given(
    events=packets(),
    later_us=st.integers(0, 50_000),
)
@settings(deadline=None, max_examples=40)
def test_what_packets_leave_is_what_the_definition_says(
    made: Callable[[], TimeSurface | LinearTimeSurface | Picture],
    reading: Callable[[Packet, int], NDArray[np.float64]],
    off: float,
    events: Packet,
    later_us: int,
) -> None:
    before = events.copy()
    now_us = later_us + (int(events["t"][-1]) if len(events) else 0)
    grey = rendered(made(), cut(events, [9, 20]), now_us)
    assert np.abs(grey - reading(events, now_us)).max() <= off
    assert np.array_equal(events, before)


def slices(events: Packet, bins: int, count_max: int) -> NDArray[np.int64]:
    begin_us, end_us = WINDOW
    share = np.clip((events["t"] - begin_us) / (end_us - begin_us), 0, 1)
    which = np.minimum(np.floor(share * bins).astype(int), bins - 1)
    counts = np.zeros((2 * bins, *SHAPE[1:]), int)
    np.add.at(counts, (events["p"] * bins + which, events["y"], events["x"]), 1)
    return np.minimum(counts, count_max)


@given(events=packets(), bins=st.integers(1, 10), count_max=st.integers(1, 4))
@settings(deadline=None, max_examples=40)
def test_a_stacked_histogram_counts_by_polarity_and_slice(
    events: Packet, bins: int, count_max: int
) -> None:
    before = events.copy()
    made = stacked_histogram(events, SMALL, WINDOW, bins=bins, count_max=count_max)
    assert np.array_equal(made, slices(events, bins, count_max))
    assert np.array_equal(histogram(events, SMALL), slices(events, 1, 255))
    assert np.array_equal(events, before)


@given(events=packets(), bins=st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_a_voxel_grid_shares_each_event_between_two_slices(
    events: Packet, bins: int
) -> None:
    before = events.copy()
    begin_us, end_us = WINDOW
    share = np.clip((events["t"] - begin_us) / (end_us - begin_us), 0, 1)
    grid = np.zeros((2, bins, *SHAPE[1:]))
    for b in range(bins):
        weight = np.maximum(0, 1 - np.abs(b - (bins - 1) * share))
        np.add.at(grid[:, b], (events["p"], events["y"], events["x"]), weight)
    made = voxel_grid(events, SMALL, WINDOW, bins=bins)
    assert made == pytest.approx(grid, abs=1e-4)
    assert made.sum() == pytest.approx(len(events), abs=1e-3)
    assert np.array_equal(events, before)


BOTH = packet((3, 2, 1, 20_000), (3, 2, 0, 21_000))
"""A pixel that got brighter, and darker after that."""


@pytest.mark.parametrize(
    "made",
    [
        lambda: rendered(TimeSurface(SMALL, tau_us=TAU_US), [BOTH], 21_000),
        lambda: rendered(LinearTimeSurface(SMALL, span_us=SPAN_US), [BOTH], 21_000),
        lambda: histogram(BOTH, SMALL),
        lambda: (
            stacked_histogram(BOTH, SMALL, WINDOW).reshape(2, 10, *SHAPE[1:]).sum(1)
        ),
        lambda: voxel_grid(BOTH, SMALL, WINDOW).sum(1),
    ],
    ids=["exponential", "linear", "histogram", "stacked", "voxel grid"],
)
def test_both_polarities_of_a_pixel_survive(
    made: Callable[[], NDArray[np.generic]],
) -> None:
    planes = made()
    assert planes.shape == SHAPE
    assert np.argwhere(planes).tolist() == [[0, 2, 3], [1, 2, 3]]


def test_a_picture_shows_both_polarities_of_what_moves() -> None:
    made = Picture(SMALL, tau_us=TAU_US)
    made.update(packet((3, 2, 1, 20_000), (4, 2, 0, 20_000)))
    grey = made.render(20_000)
    assert grey[2, 3] > MID_GREY > grey[2, 4]


def test_what_is_given_is_written_to_and_must_fit() -> None:
    counts = np.full((20, *SHAPE[1:]), 7, np.uint8)
    assert stacked_histogram(BOTH, SMALL, WINDOW, out=counts) is counts
    assert counts.sum() == 2
    grid = np.full((2, 5, *SHAPE[1:]), 7, np.float32)
    assert voxel_grid(BOTH, SMALL, WINDOW, out=grid) is grid
    assert grid.sum() == pytest.approx(2)
    with pytest.raises(ValueError, match=r"out must be .* \(20, 5, 6\)"):
        stacked_histogram(BOTH, SMALL, WINDOW, out=counts[:2])
    with pytest.raises(ValueError, match=r"out must be .* \(2, 5, 5, 6\)"):
        voxel_grid(BOTH, SMALL, WINDOW, out=grid[:1])


@pytest.mark.parametrize("event", [(6, 0, 0, 1), (0, 5, 0, 1), (0, 0, 2, 1)])
def test_an_event_outside_is_refused(event: tuple[int, int, int, int]) -> None:
    told = "1 of 2 events lie outside the sensor"
    events = packet(event, (1, 1, 1, 5))
    with pytest.raises(ValueError, match=told):
        histogram(events, SMALL)
    with pytest.raises(ValueError, match=told):
        voxel_grid(events, SMALL, WINDOW)
    with pytest.raises(ValueError, match=told):
        LinearTimeSurface(SMALL, span_us=5).update(events)


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="the window from 9 to 9 us has no length"):
        voxel_grid(BOTH, SMALL, (9, 9))
    with pytest.raises(ValueError, match="bins must be at least 1, not 0"):
        stacked_histogram(BOTH, SMALL, WINDOW, bins=0)
    with pytest.raises(ValueError, match="count_max must be from 1 to 255, not 256"):
        histogram(BOTH, SMALL, count_max=256)
    with pytest.raises(ValueError, match="span_us must be from 1 to 60000000, not 0"):
        LinearTimeSurface(SMALL, span_us=0)
    with pytest.raises(ValueError, match="a packet has dtype"):
        histogram(np.zeros(3, [("x", "<u2")]), SMALL)

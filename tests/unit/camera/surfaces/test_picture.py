"""The leaky integrator's picture."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.camera.surfaces.picture import MID_GREY, Picture
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(8, 6)
TAU_US = 100_000
GREY_PER_STEP = (255 - MID_GREY) / 5


def packet(*events: tuple[int, int, int, int]) -> Packet:
    return np.array(list(events), EVENT)


def picture(*events: tuple[int, int, int, int]) -> Picture:
    made = Picture(SIZE, tau_us=TAU_US)
    made.update(packet(*events))
    return made


def test_where_nothing_happened_the_picture_is_mid_grey() -> None:
    assert (picture().render(1_000) == MID_GREY).all()


def test_brighter_is_white_and_darker_is_black() -> None:
    made = picture((1, 2, 1, 1_000), (3, 4, 0, 1_000)).render(1_000)
    assert made[2, 1] == round(MID_GREY + GREY_PER_STEP)
    assert made[4, 3] == round(MID_GREY - GREY_PER_STEP)
    assert np.count_nonzero(made != MID_GREY) == 2


def test_a_pixel_fades_to_one_over_e_in_tau() -> None:
    made = picture(*[(1, 2, 1, 1_000)] * 4)
    for age_us in (0, TAU_US // 2, TAU_US, 2 * TAU_US):
        faded = 4 * GREY_PER_STEP * math.exp(-age_us / TAU_US)
        grey = int(made.render(1_000 + age_us)[2, 1])
        assert grey == pytest.approx(MID_GREY + faded, abs=1)
    assert (made.render(1_000 + 10 * TAU_US) == MID_GREY).all()


@given(gaps=st.lists(st.integers(0, 40_000), min_size=1, max_size=30))
@settings(deadline=None)
def test_the_level_is_the_sum_of_what_each_event_has_left(gaps: list[int]) -> None:
    times = np.cumsum(gaps)
    made = Picture(SIZE, tau_us=TAU_US, steps_max=40.0)
    made.update(packet(*((1, 2, 1, int(t)) for t in times)))
    level = np.exp((times - times[-1]) / TAU_US).sum()
    grey = int(made.render(int(times[-1]))[2, 1])
    assert grey == pytest.approx(MID_GREY + level * (255 - MID_GREY) / 40, abs=1.5)


def test_a_pixel_that_fires_all_the_time_settles_instead_of_growing() -> None:
    # Faster than a tick of the table: each tick must still decay what is there.
    made = Picture(SIZE, tau_us=TAU_US, steps_max=4_000.0)
    made.update(packet(*((1, 2, 1, t) for t in range(0, 10 * TAU_US, 100))))
    level = 1 / (1 - math.exp(-100 / TAU_US))
    grey = int(made.render(10 * TAU_US)[2, 1])
    assert grey == pytest.approx(MID_GREY + level * (255 - MID_GREY) / 4_000, abs=1)


def test_steps_beyond_the_range_stay_white_and_black() -> None:
    made = picture(*[(1, 2, 1, 1_000)] * 50, *[(3, 2, 0, 1_000)] * 50).render(1_000)
    assert (made[2, 1], made[2, 3]) == (255, 0)


def test_an_event_that_steps_back_counts_like_the_others() -> None:
    straight = picture((1, 2, 1, 50_000), (1, 2, 1, 50_011)).render(50_011)
    stepped = picture((1, 2, 1, 50_011), (1, 2, 1, 50_000)).render(50_011)
    assert abs(int(straight[2, 1]) - int(stepped[2, 1])) <= 1


def test_the_packet_is_not_modified_and_out_is_written_to() -> None:
    events = packet((1, 2, 1, 1_000), (3, 4, 0, 2_000))
    before = events.copy()
    made = Picture(SIZE, tau_us=TAU_US)
    made.update(events)
    out = np.zeros((6, 8), np.uint8)
    assert made.render(2_000, out=out) is out
    assert np.array_equal(out, made.render(2_000))
    assert out[2, 1] > MID_GREY > out[4, 3]
    assert np.array_equal(events, before)


def test_what_does_not_fit_is_refused() -> None:
    made = Picture(SIZE, tau_us=TAU_US)
    with pytest.raises(ValueError, match="1 of 1 events lie outside"):
        made.update(packet((8, 0, 1, 1)))
    with pytest.raises(ValueError, match=r"out must be .* \(6, 8\)"):
        made.render(0, out=np.zeros((8, 6), np.uint8))
    with pytest.raises(ValueError, match="tau_us must be at least 1"):
        Picture(SIZE, tau_us=0)


@pytest.mark.parametrize("tau_us", [1, TAU_US])
@pytest.mark.parametrize("hours", [0.5, 100, 24 * 365])
def test_days_change_nothing(hours: float, tau_us: int) -> None:
    later_us = int(hours * 3_600e6)
    made = Picture(SIZE, tau_us=tau_us)
    made.update(packet((1, 2, 1, 1_000)))
    made.update(packet((3, 4, 0, later_us), (5, 1, 1, later_us)))
    grey = made.render(later_us)
    assert (grey[4, 3], grey[1, 5]) == (103, 153)
    assert np.count_nonzero(grey != MID_GREY) == 2
    assert (made.render(later_us + 10 * TAU_US) == MID_GREY).all()
    assert (made.render(1 << 61) == MID_GREY).all()


def test_one_packet_may_span_any_time() -> None:
    times = [0, 50_000, 5_000_000, 5_050_000, 5_050_000, 60_000_000, 60_030_000]
    made = picture(*((1, 2, 1, t) for t in times), (3, 3, 0, 60_030_000))
    level = 1 + math.exp(-30_000 / TAU_US)
    grey = made.render(60_030_000)
    assert int(grey[2, 1]) == pytest.approx(MID_GREY + level * GREY_PER_STEP, abs=1)
    assert grey[3, 3] == round(MID_GREY - GREY_PER_STEP)


@pytest.mark.parametrize("back_us", [200_000, 3_000_000, 90_000_000])
def test_a_picture_begins_anew_where_time_goes_back(back_us: int) -> None:
    made = picture(*[(1, 2, 1, 100_000_000)] * 3)
    again_us = 100_000_000 - back_us
    made.update(packet((3, 4, 0, again_us)))
    grey = made.render(again_us)
    assert np.argwhere(grey != MID_GREY).tolist() == [[4, 3]]
    assert grey[4, 3] == round(MID_GREY - GREY_PER_STEP)

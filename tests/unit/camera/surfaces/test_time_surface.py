"""The exponential time surface."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from heliograph.camera.surfaces.time_surface import TimeSurface
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(8, 6)
TAU_US = 10_000


def packet(*events: tuple[int, int, int, int]) -> Packet:
    return np.array(list(events), EVENT)


def surface(*events: tuple[int, int, int, int]) -> TimeSurface:
    made = TimeSurface(SIZE, tau_us=TAU_US)
    made.update(packet(*events))
    return made


def test_a_pixel_fades_to_one_over_e_in_tau() -> None:
    made = surface((3, 2, 1, 5_000))
    for age_us in (0, 100, TAU_US, 3 * TAU_US):
        exact = made.render_exact(5_000 + age_us)[1, 2, 3]
        assert exact == pytest.approx(math.exp(-age_us / TAU_US), rel=1e-5)
        grey = made.render(5_000 + age_us)[1, 2, 3]
        assert abs(int(grey) - 255 * exact) <= 1


def test_what_never_fired_and_what_fired_long_ago_is_zero() -> None:
    made = surface((3, 2, 1, 5_000))
    assert np.count_nonzero(made.render(5_000)) == 1
    assert not made.render(5_000 + 7 * TAU_US).any()
    assert not made.render(1 << 50).any()
    shortest = TimeSurface(SIZE, tau_us=1)
    assert not shortest.render(1 << 61).any()
    assert np.count_nonzero(made.render_exact(5_000)) == 1


def test_both_polarities_of_a_pixel_survive() -> None:
    made = surface((3, 2, 1, 5_000), (3, 2, 0, 5_000 + TAU_US))
    darker, brighter = made.render_exact(5_000 + TAU_US)[:, 2, 3]
    assert darker == pytest.approx(1)
    assert brighter == pytest.approx(1 / math.e, rel=1e-5)


def test_an_event_that_steps_back_does_not_make_its_pixel_older() -> None:
    made = surface((3, 2, 1, 5_011), (3, 2, 1, 5_000))
    assert np.array_equal(made.render(5_011), surface((3, 2, 1, 5_011)).render(5_011))


def test_an_event_newer_than_now_counts_as_now() -> None:
    made = surface((3, 2, 1, 5_011))
    assert made.render(5_000)[1, 2, 3] == 255
    assert made.render_exact(5_000)[1, 2, 3] == 1


@pytest.mark.parametrize("hours", [0.2, 1, 24 * 365])
def test_days_change_nothing(hours: float) -> None:
    later_us = int(hours * 3_600e6)
    made = surface((3, 2, 1, 5_000))
    made.update(packet((4, 2, 0, later_us)))
    made.update(packet((5, 2, 1, later_us + TAU_US)))
    grey = made.render(later_us + TAU_US)
    assert np.count_nonzero(grey) == 2
    assert grey[1, 2, 5] == 255
    assert grey[0, 2, 4] == pytest.approx(255 / math.e, abs=1)


def test_events_just_before_the_clock_is_moved_on_keep_their_age() -> None:
    # The 32-bit clock moves on about every nine minutes.
    end_us = 540_000_000
    made = surface()
    for t_us in range(0, end_us, 1_000_000):
        made.update(packet((1, 1, 1, t_us), (2, 2, 1, t_us + 500_000 - TAU_US)))
        made.update(packet((3, 3, 0, t_us + 500_000)))
        exact = made.render_exact(t_us + 500_000)
        assert exact[1, 2, 2] == pytest.approx(1 / math.e, rel=1e-5)
        assert exact[0, 3, 3] == 1


def test_rendering_writes_to_what_it_is_given() -> None:
    made = surface((3, 2, 1, 5_000))
    grey = np.full((2, 6, 8), 7, np.uint8)
    exact = np.full((2, 6, 8), 7, np.float32)
    assert made.render(5_000, out=grey) is grey
    assert made.render_exact(5_000, out=exact) is exact
    assert grey.sum() == 255
    assert exact.sum() == 1


@given(
    events=hnp.arrays(
        EVENT,
        st.integers(0, 30),
        elements=st.tuples(
            st.integers(0, 7), st.integers(0, 5), st.integers(0, 1), st.integers(0, 99)
        ),
    )
)
@settings(deadline=None)
def test_a_packet_is_never_modified_and_its_order_never_matters(events: Packet) -> None:
    before = events.copy()
    forward, backward = TimeSurface(SIZE, tau_us=50), TimeSurface(SIZE, tau_us=50)
    forward.update(events)
    backward.update(events[::-1])
    assert np.array_equal(events, before)
    assert np.array_equal(forward.render(99), backward.render(99))
    fired = {(int(e["p"]), int(e["y"]), int(e["x"])) for e in events}
    assert np.count_nonzero(forward.render(99)) == len(fired)


@pytest.mark.parametrize(
    "event", [(8, 0, 0, 1), (0, 6, 0, 1), (0, 0, 2, 1), (0, 0, -1, 1)]
)
def test_an_event_outside_is_refused_and_touches_nothing(
    event: tuple[int, int, int, int],
) -> None:
    made = TimeSurface(SIZE, tau_us=TAU_US)
    with pytest.raises(ValueError, match="1 of 2 events lie outside the sensor"):
        made.update(packet(event, (1, 1, 1, 5)))
    assert np.count_nonzero(made.render(5)) == 1


def test_arrays_of_another_kind_are_refused() -> None:
    made = TimeSurface(SIZE, tau_us=TAU_US)
    with pytest.raises(ValueError, match="a packet has dtype"):
        made.update(np.zeros(3, [("x", "<u2")]))
    with pytest.raises(ValueError, match=r"out must be .* \(2, 6, 8\)"):
        made.render(0, out=np.zeros((2, 8, 6), np.uint8))
    with pytest.raises(ValueError, match="out must be"):
        made.render(0, out=np.zeros((2, 6, 16), np.uint8)[:, :, ::2])
    with pytest.raises(ValueError, match="tau_us must be from 1 to 60000000, not 0"):
        TimeSurface(SIZE, tau_us=0)


@pytest.mark.parametrize("tau_us", [1, 700, TAU_US, 60_000_000])
@given(level=st.integers(1, 255))
@settings(deadline=None, max_examples=20)
def test_the_age_of_a_level_is_the_last_at_which_it_is_shown(
    tau_us: int, level: int
) -> None:
    made = TimeSurface(SIZE, tau_us=tau_us)
    made.update(packet((3, 2, 1, 5_000)))
    age_us = made.age_us(level)
    assert made.render(5_000 + age_us)[1, 2, 3] >= level
    assert made.render(5_000 + age_us + 1)[1, 2, 3] < level


@pytest.mark.parametrize("level", [0, 256])
def test_an_age_is_told_of_levels_only(level: int) -> None:
    with pytest.raises(ValueError, match=f"level must be from 1 to 255, not {level}"):
        surface().age_us(level)


@pytest.mark.parametrize("age_us", [0, 4_000])
def test_marked_is_what_either_polarity_lit_lately_and_the_margin_stays(
    age_us: int,
) -> None:
    made = surface((0, 0, 0, 6_000), (7, 5, 1, 10_000), (7, 5, 0, 1), (3, 2, 0, 5_999))
    out = np.full((SIZE.height + 2, SIZE.width + 2), 9, np.uint8)
    made.mark(10_000, age_us, out)
    expected = np.zeros((SIZE.height, SIZE.width), np.uint8)
    expected[5, 7], expected[0, 0] = 1, age_us == 4_000
    assert np.array_equal(out[1:-1, 1:-1], expected)
    out[1:-1, 1:-1] = 9
    assert (out == 9).all()
    made.mark(1 << 60, age_us, out)
    assert not out[1:-1, 1:-1].any()
    with pytest.raises(ValueError, match=r"out must be .* of shape \(8, 10\)"):
        made.mark(0, 0, np.zeros((6, 8), np.uint8))

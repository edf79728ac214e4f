"""The filter of one axis."""

import pytest

from heliograph.camera.tracking.kalman import Axis


def axis(position: float = 0.0) -> Axis:
    return Axis(
        position,
        position_sigma_px=5.0,
        velocity_sigma_px_s=300.0,
        acceleration_sigma_px_s2=300.0,
    )


def test_a_steady_motion_is_learnt_and_carried_on() -> None:
    made = axis()
    for step in range(1, 51):
        made.predict(0.01)
        made.correct(2.0 * step, position_sigma_px=5.0)
    assert made.velocity == pytest.approx(200, rel=0.05)
    made.predict(0.1)
    assert made.position == pytest.approx(120, abs=3)


def test_jitter_around_one_place_is_averaged() -> None:
    made = axis(100.0)
    for step in range(60):
        made.predict(0.01)
        made.correct(100.0 + (6 if step % 2 else -6), position_sigma_px=5.0)
    assert made.position == pytest.approx(100, abs=2)
    assert abs(made.velocity) < 30


def test_the_longer_unseen_the_more_a_measurement_counts() -> None:
    moved = []
    for unseen_s in (0.01, 1.0):
        made = axis()
        for _ in range(50):
            made.predict(0.01)
            made.correct(0.0, position_sigma_px=5.0)
        made.predict(unseen_s)
        made.correct(10.0, position_sigma_px=5.0)
        moved.append(made.position)
    assert 0 < moved[0] < 5
    assert 9 < moved[1] <= 10


def test_at_rest_it_stays_until_it_is_seen_to_move_again() -> None:
    made = axis()
    for step in range(1, 31):
        made.predict(0.01)
        made.correct(2.0 * step, position_sigma_px=5.0)
    made.rest(velocity_sigma_px_s=300.0)
    place = made.position
    made.predict(2.0)
    assert made.position == place
    for step in range(1, 31):
        made.predict(0.01)
        made.correct(place - 2.0 * step, position_sigma_px=5.0)
    assert made.velocity == pytest.approx(-200, rel=0.1)


def test_no_time_passed_changes_nothing() -> None:
    made = axis(3.0)
    made.predict(0.0)
    assert (made.position, made.velocity) == (3.0, 0.0)

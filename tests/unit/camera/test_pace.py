"""The pace of a watch, on a clock set by hand."""

import threading

from caption_parts import HandClock
from heliograph.camera.pace import Pace

WINDOW_US = 10_000


class Waits(threading.Event):
    """An event that passes the time it is asked to wait for."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now_s += timeout or 0.0
        return False


def test_windows_come_when_their_time_has_come() -> None:
    clock = HandClock()
    begin_s = clock.now_s
    pace = Pace(2.0, clock=clock, stop=Waits(clock))
    for number in range(1, 101):
        assert not pace.wait(number * WINDOW_US, window_us=WINDOW_US)
        assert abs(clock.now_s - begin_s - number * 0.005) < 1e-6


def test_a_window_is_late_when_it_comes_a_window_too_late_and_time_is_made_up() -> None:
    clock = HandClock()
    begin_s = clock.now_s
    pace = Pace(1.0, clock=clock, stop=Waits(clock))
    assert not pace.wait(1 * WINDOW_US, window_us=WINDOW_US)
    clock.now_s += 0.035
    late = [pace.wait(n * WINDOW_US, window_us=WINDOW_US) for n in range(2, 8)]
    assert late == [True, True, False, False, False, False]
    assert abs(clock.now_s - begin_s - 0.07) < 1e-6


def test_full_speed_waits_for_nothing_and_is_never_late() -> None:
    clock = HandClock()
    begin_s = clock.now_s
    pace = Pace(None, clock=clock, stop=Waits(clock))
    for number in range(1, 10):
        clock.now_s += 1
        assert not pace.wait(number * WINDOW_US, window_us=WINDOW_US)
    assert clock.now_s == begin_s + 9

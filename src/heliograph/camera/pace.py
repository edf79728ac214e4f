"""The pace of a watch: recording time as a clock has it, or as fast as it goes."""

import threading

from heliograph.clock import Clock


class Pace:
    """Holds windows back until their time has come; *speed* None holds none back."""

    def __init__(
        self, speed: float | None, *, clock: Clock, stop: threading.Event
    ) -> None:
        self._speed = speed
        self._clock = clock
        self._stop = stop
        self._begin_s: float | None = None

    def wait(self, elapsed_us: int, *, window_us: int) -> bool:
        """Wait until *elapsed_us* of the recording have passed.

        Time begins with the first call, which waits for its window alone. Returns True
        where a window of *window_us* comes up more than its own length too late.
        """
        if self._speed is None:
            return False
        now_s = self._clock.monotonic_s()
        due_s, window_s = elapsed_us / 1e6 / self._speed, window_us / 1e6 / self._speed
        if self._begin_s is None:
            self._begin_s = now_s + window_s - due_s
        ahead_s = self._begin_s + due_s - now_s
        if ahead_s > 0:
            self._stop.wait(ahead_s)
        return ahead_s < -window_s

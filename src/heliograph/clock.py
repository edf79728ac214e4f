"""The one clock, replaceable in tests."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the two halves ask the time of."""

    def wall_s(self) -> float:
        """Seconds since 1970, for people."""

    def monotonic_s(self) -> float:
        """Seconds that never step back, for every bound."""


class SystemClock:
    """The machine's own clock: seconds since 1970, and since an arbitrary start."""

    wall_s = staticmethod(time.time)
    monotonic_s = staticmethod(time.monotonic)

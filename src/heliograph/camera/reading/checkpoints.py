"""Places to go back to: what a decoder knew at some of those it came by."""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

APART_BYTES = 4 * 1024 * 1024
COUNT_MAX = 1024
BACK_US = 10_000
"""More than time ever steps back, so that nothing due after it came before it."""


class Checkpoints:
    """States of a decoder by place and time, at most `COUNT_MAX` of them.

    Where they grow too many, every second one goes and they are set twice as far
    apart, so that a recording of days needs no more memory than one of minutes.
    """

    def __init__(self) -> None:
        self._apart = APART_BYTES
        self._places: list[int] = []
        self._times: list[int] = []
        self._states: list[NDArray[np.void]] = []

    def pass_by(self, place: int, state: NDArray[np.void]) -> None:
        """Remember *place*, unless one near it or beyond it is known."""
        if self._places and place < self._places[-1] + self._apart:
            return
        self._places.append(place)
        self._times.append(int(state[0]["t_us"]))
        self._states.append(state.copy())
        if len(self._places) > COUNT_MAX:
            self._apart *= 2
            for kept in (self._places, self._times, self._states):
                del kept[1::2]

    def before(self, t_us: int) -> tuple[int, NDArray[np.void]]:
        """Return the last place and state from which all of *t_us* is still to come."""
        at = max(0, bisect_right(self._times, t_us - BACK_US) - 1)
        return self._places[at], self._states[at].copy()

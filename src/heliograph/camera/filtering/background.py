"""The background-activity filter: noise comes alone, things come in company.

An event passes if one of its eight neighbours fired lately, of either polarity:
Delbruck, "Frame-free dynamic digital vision", Int. Symp. on Secure-Life Electronics,
2008, https://doi.org/10.5167/uzh-17620. As there, each event tells its neighbours, so
that judging one takes a single look; what did not pass tells them too.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import SPAN_US, PixelTimes
from heliograph.camera.types import Packet, Size

SHORT_US = 1 << 16
SHORT_WINDOW_US_MAX = SHORT_US // 2
BACK_US = 1 << 13
"""As far as a sensor's time may step back: by two of EVT3's TIME_HIGH."""


class BackgroundActivity:
    """Keeps events that a neighbour fired before, by at most *window_us*."""

    def __init__(self, size: Size, window_us: int) -> None:
        self.window_us = window_us
        # With a margin, so that pixels at the edge have eight neighbours too.
        shape = (size.height + 2, size.width + 2)
        is_short = window_us <= SHORT_WINDOW_US_MAX
        self._told: _Times = (
            _ShortTimes(shape, window_us) if is_short else _LongTimes(shape)
        )

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        told, done, stay, outside = self._told, 0, 0, 0
        while True:
            taken, kept, beyond = _keep_company(
                packet[done:],
                out[stay:],
                (told.epoch_us, self.window_us),
                told.within,
                told.us,
            )
            done, stay, outside = done + taken, stay + kept, outside + beyond
            if done == len(packet):
                return stay, outside
            told.move_to(int(packet["t"][done]))


class _Times(Protocol):
    """When a neighbour of each pixel fired: `us` since `epoch_us`.

    It has room for times that are `within`, from the epoch; `move_to` makes some.
    """

    epoch_us: int
    within: tuple[int, int]

    @property
    def us(self) -> NDArray[np.int32] | NDArray[np.uint16]: ...

    def move_to(self, t_us: int) -> None: ...


class _LongTimes(PixelTimes):
    """In 32 bits."""

    within = (-SPAN_US, SPAN_US)


class _ShortTimes:
    """In 16 bits; 0 is never, or longer ago than *window_us*.

    Nine pixels are visited for each event: in half the memory they are twice as near.
    """

    def __init__(self, shape: tuple[int, ...], window_us: int) -> None:
        self.us: NDArray[np.uint16] = np.zeros(shape, np.uint16)
        self.epoch_us = 0
        self.within = (window_us + 1, SHORT_US - 1)
        # Loaded now, and not while a stream waits.
        _moved_back(self.us.reshape(-1), np.uint16(0))

    def move_to(self, t_us: int) -> None:
        """Have room from a sensor's step back before *t_us* on.

        Where time goes back further, what was later than fits becomes the latest.
        """
        epoch_us = t_us - BACK_US - self.within[0]
        moved, self.epoch_us = epoch_us - self.epoch_us, epoch_us
        if moved >= SHORT_US:
            self.us[:] = 0
        elif moved > 0:
            _moved_back(self.us.reshape(-1), np.uint16(moved))
        else:
            later = np.uint16(min(-moved, SHORT_US - 1))
            known = self.us > 0
            np.minimum(self.us, SHORT_US - 1 - later, out=self.us)
            np.add(self.us, later, out=self.us, where=known)


@compiled
def _moved_back(times: NDArray[np.uint16], moved: np.uint16) -> None:
    """Take *moved* from all *times*, and no more than there is."""
    for i in range(len(times)):
        times[i] = np.uint16(times[i] - moved) if times[i] > moved else np.uint16(0)


@compiled
def _keep_company(
    packet: Packet,
    out: Packet,
    since: tuple[int, int],
    within: tuple[int, int],
    told: NDArray[np.int32] | NDArray[np.uint16],
) -> tuple[int, int, int]:
    """Return how many were taken, up to a time not *within*; kept; and outside."""
    epoch_us, window_us = since
    first, last = within
    rows, columns = told.shape
    flat = told.reshape(-1)
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        x, y = np.int64(e.x), np.int64(e.y)
        if x >= columns - 2 or y >= rows - 2:
            outside += 1
            continue
        t = e.t - epoch_us
        if t < first or t > last:
            return i, n, outside
        at = (y + 1) * columns + x + 1
        above, below = at - columns, at + columns
        out[n] = e
        n += np.int64(flat[np.uint64(at)]) >= t - window_us
        flat[np.uint64(above - 1)] = t
        flat[np.uint64(above)] = t
        flat[np.uint64(above + 1)] = t
        flat[np.uint64(at - 1)] = t
        flat[np.uint64(at + 1)] = t
        flat[np.uint64(below - 1)] = t
        flat[np.uint64(below)] = t
        flat[np.uint64(below + 1)] = t
    return len(packet), n, outside

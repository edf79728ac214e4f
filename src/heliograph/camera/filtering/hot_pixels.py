"""Hot pixels: those that fire all the time, by themselves.

They are found by rate: as many events as no scene gives a single pixel. Along an edge
or under a lamp pixels fire often too, but so do their neighbours; a hot one stands out
by far.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events
from heliograph.camera.filtering.place import PixelMask
from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet, Size

ABOVE_AROUND = 5
"""How many times the median of the 3 x 3 around it a hot pixel fires."""
EVENTS_MIN = 10
"""Fewer events are no rate."""
COUNT_MAX = (1 << 32) - 1
"""An hour of a pixel that fires each microsecond: counts go no further."""


class HotPixelCount:
    """Counts the events of each pixel of a sensor of *size*."""

    def __init__(self, size: Size) -> None:
        self._counts: NDArray[np.uint32] = np.zeros(
            (size.height, size.width), np.uint32
        )

    def update(self, packet: Packet) -> None:
        """Take in *packet*.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        check_events(packet, _count(check_dtype(packet), self._counts))

    def hot(self, passed_us: int, hot_hz: float) -> NDArray[np.bool_]:
        """Return which pixels, (H, W), fired at *hot_hz* or more in *passed_us*."""
        # The median takes floats or 16 bits, which would be full after a minute of a
        # pixel that fires at 1,000 Hz. Beyond 2^24 it is right to one in ten million.
        counts = self._counts.astype(np.float32)
        around = cv2.medianBlur(counts, 3)
        enough = max(EVENTS_MIN, min(hot_hz * passed_us / 1e6, COUNT_MAX))
        hot: NDArray[np.bool_] = (counts >= enough) & (counts > ABOVE_AROUND * around)
        return hot

    def clear(self) -> None:
        """Begin anew."""
        self._counts[:] = 0


class HotPixels:
    """Leaves out pixels that fire at *hot_hz* or more while their neighbours do not.

    What was counted in one period of *period_us* says which are left out in the next.
    """

    def __init__(self, size: Size, hot_hz: float, period_us: int) -> None:
        self.hot_hz = hot_hz
        self.period_us = period_us
        self._count = HotPixelCount(size)
        self._cool = PixelMask(np.ones((size.height, size.width), np.bool_))
        self._since_us: int | None = None

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        if len(packet):
            self._turn_period(int(packet["t"][0]))
        stay, outside = self._cool.keep(packet, out)
        if not outside:
            self._count.update(packet)
        return stay, outside

    def _turn_period(self, t_us: int) -> None:
        if self._since_us is None:
            self._since_us = t_us
        passed_us = t_us - self._since_us
        if passed_us >= self.period_us:
            np.logical_not(self._count.hot(passed_us, self.hot_hz), out=self._cool.kept)
            self._count.clear()
            self._since_us = t_us


@compiled
def _count(packet: Packet, counts: NDArray[np.uint32]) -> int:
    """Return how many events lie outside the sensor."""
    height, width = counts.shape
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        counts[e.y, e.x] += counts[e.y, e.x] < COUNT_MAX
    return outside

"""Filters by burst: the contrast of a real edge fires a pixel more than once.

A burst is events of one polarity at one pixel, each within a given time of the one
before. Prophesee's event-trail filter, in its sensors and as software:
https://docs.prophesee.ai/stable/hw/manuals/esp.html (STC_KEEP_TRAIL, STC_CUT_TRAIL and
TRAIL).
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config.filter_settings import BurstChoice
from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import PixelTimes
from heliograph.camera.types import Packet, Size

KEPT: dict[BurstChoice, tuple[bool, bool, bool]] = {
    "all": (True, True, True),
    "stc": (False, True, True),
    "stc-cut": (False, True, False),
    "trail": (True, False, False),
}
"""Whether the first, the second and what follows of a burst is kept."""


class Bursts:
    """Keeps of each burst what *kept* says; its events are at most *gap_us* apart."""

    def __init__(self, size: Size, kept: BurstChoice, gap_us: int) -> None:
        self.gap_us = gap_us
        self._kept = np.array(KEPT[kept])
        self._last = PixelTimes((size.height, size.width))
        # How far into its burst a pixel is, times two, plus the polarity.
        self._place: NDArray[np.uint8] = np.zeros((size.height, size.width), np.uint8)

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        epoch_us = self._last.reach(packet)
        return _keep_of_bursts(
            (packet, out),
            epoch_us,
            self.gap_us,
            (self._last.us, self._place),
            self._kept,
        )


@compiled
def _keep_of_bursts(
    way: tuple[Packet, Packet],
    epoch_us: int,
    gap_us: int,
    memory: tuple[NDArray[np.int32], NDArray[np.uint8]],
    kept: NDArray[np.bool_],
) -> tuple[int, int]:
    packet, out = way
    last, places = memory
    height, width = last.shape
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        t = e.t - epoch_us
        before = places[e.y, e.x]
        goes_on = t - last[e.y, e.x] <= gap_us and before & 1 == (e.p == 1)
        place = min((before >> 1) + 1, 2) if goes_on else 0
        last[e.y, e.x] = t
        places[e.y, e.x] = place << 1 | (e.p == 1)
        out[n] = e
        n += kept[place]
    return n, outside

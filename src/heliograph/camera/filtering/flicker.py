"""The anti-flicker filter: pixels under a lamp get brighter at a steady rate.

A lamp on the mains flickers at twice its frequency, 100 or 120 Hz. Of each pixel the
time between two rises (brighter after darker) is measured; several in the band on end
say that it flickers, and its events are left out until it does not any more. It is
what Prophesee's sensors do for blocks of pixels:
https://docs.prophesee.ai/stable/hw/manuals/esp.html#anti-flicker-afk
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import PixelTimes
from heliograph.camera.types import Packet, Size

SILENT_PERIODS = 2
"""A pixel that does not rise for so many of the longest periods flickers no more."""


class Flicker:
    """Leaves out pixels that rose *periods* times on end at a rate within *band_hz*."""

    def __init__(self, size: Size, band_hz: tuple[float, float], periods: int) -> None:
        low, high = band_hz
        self._band_us = np.array([round(1e6 / high), round(1e6 / low)])
        self._periods = periods
        shape = (size.height, size.width)
        self._risen = PixelTimes(shape)
        # How well it is known to flicker, times two, plus the newest polarity.
        self._known: NDArray[np.int32] = np.zeros(shape, np.int32)

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        epoch_us = self._risen.reach(packet)
        memory = (self._risen.us, self._known)
        return _keep_steady(
            (packet, out), epoch_us, self._band_us, self._periods, memory
        )


@compiled
def _keep_steady(
    way: tuple[Packet, Packet],
    epoch_us: int,
    band_us: NDArray[np.int64],
    periods: int,
    memory: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> tuple[int, int]:
    packet, out = way
    risen, known = memory
    height, width = risen.shape
    shortest, longest = band_us[0], band_us[1]
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        t = e.t - epoch_us
        period = t - risen[e.y, e.x]
        before = known[e.y, e.x]
        steady = before >> 1 if period <= SILENT_PERIODS * longest else 0
        if e.p == 1 and before & 1 == 0:
            # One rise that noise adds or hides must not end what is well known.
            in_band = shortest <= period <= longest
            steady = min(steady + 1, 2 * periods) if in_band else max(steady - 1, 0)
            risen[e.y, e.x] = t
        known[e.y, e.x] = steady << 1 | (e.p == 1)
        out[n] = e
        n += steady < periods
    return n, outside

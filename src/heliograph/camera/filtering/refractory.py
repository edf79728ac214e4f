"""The refractory filter: a pixel that was heard rests for a while.

Sensors have such a time of their own (bias_refr); a longer one here evens out what
busy pixels send.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import PixelTimes
from heliograph.camera.types import Packet, Size


class Refractory:
    """Leaves out what follows a kept event of its pixel by less than *rest_us*."""

    def __init__(self, size: Size, rest_us: int) -> None:
        self.rest_us = rest_us
        self._kept = PixelTimes((size.height, size.width))

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        epoch_us = self._kept.reach(packet)
        return _keep_rested(packet, out, epoch_us, self.rest_us, self._kept.us)


@compiled
def _keep_rested(
    packet: Packet, out: Packet, epoch_us: int, rest_us: int, kept: NDArray[np.int32]
) -> tuple[int, int]:
    height, width = kept.shape
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        t = e.t - epoch_us
        if t - kept[e.y, e.x] >= rest_us:
            kept[e.y, e.x] = t
            out[n] = e
            n += 1
    return n, outside

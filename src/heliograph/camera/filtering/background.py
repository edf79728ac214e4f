"""The background-activity filter: noise comes alone, things come in company.

An event passes if one of its eight neighbours fired lately, of either polarity:
Delbruck, "Frame-free dynamic digital vision", Int. Symp. on Secure-Life Electronics,
2008, https://doi.org/10.5167/uzh-17620. As there, each event tells its neighbours, so
that judging one takes a single look; what did not pass tells them too.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import PixelTimes
from heliograph.camera.types import Packet, Size


class BackgroundActivity:
    """Keeps events that a neighbour fired before, by at most *window_us*."""

    def __init__(self, size: Size, window_us: int) -> None:
        self.window_us = window_us
        # With a margin, so that pixels at the edge have eight neighbours too.
        self._told = PixelTimes((size.height + 2, size.width + 2))

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        epoch_us = self._told.reach(packet)
        return _keep_company(packet, out, epoch_us, self.window_us, self._told.us)


@compiled
def _keep_company(
    packet: Packet, out: Packet, epoch_us: int, window_us: int, told: NDArray[np.int32]
) -> tuple[int, int]:
    rows, columns = told.shape
    flat = told.reshape(-1)
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= columns - 2 or e.y >= rows - 2:
            outside += 1
            continue
        t = e.t - epoch_us
        at = (np.int64(e.y) + 1) * columns + np.int64(e.x) + 1
        above, below = at - columns, at + columns
        out[n] = e
        n += flat[at] >= t - window_us
        flat[above - 1] = t
        flat[above] = t
        flat[above + 1] = t
        flat[at - 1] = t
        flat[at + 1] = t
        flat[below - 1] = t
        flat[below] = t
        flat[below + 1] = t
    return n, outside

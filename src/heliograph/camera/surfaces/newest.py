"""The newest event of each pixel and polarity: what all time surfaces are made of."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events, check_out
from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import NEVER, SPAN_US, PixelTimes
from heliograph.camera.types import Packet, Size

Fade: TypeAlias = Callable[[NDArray[np.int32], int, int, NDArray[np.uint8]], None]
"""Draws times as they are now, over so many us, to the last argument."""


class NewestEvents:
    """When each pixel got darker (plane 0) and brighter (plane 1) last."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._newest = PixelTimes((2, size.height, size.width))
        self._latest_us = NEVER

    @property
    def us(self) -> NDArray[np.int32]:
        """Times from the epoch, shape (2, H, W); `NEVER` where there is none."""
        return self._newest.us

    def update(self, packet: Packet) -> None:
        """Take in *packet*, in any order: of two events at a pixel the newer stays.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        check_dtype(packet)
        if len(packet):
            self._newest.move_to(int(packet["t"][-1]))
        epoch_us = self._newest.epoch_us
        latest = min(max(self._latest_us - epoch_us, NEVER), SPAN_US)
        outside, latest = _keep_newest(packet, epoch_us, latest, self._newest.us)
        self._latest_us = epoch_us + latest
        check_events(packet, outside)

    def faded(
        self, now_us: int, out: NDArray[np.uint8] | None, fade: Fade, over_us: int
    ) -> NDArray[np.uint8]:
        """Return what *fade* makes of the times at *now_us*, shape (2, H, W).

        Written to *out* where it is given. Raises `ValueError` where it does not fit.
        """
        if out is None:
            out = np.empty(self.us.shape, np.uint8)
        check_out(out, self.us.shape)
        fade(self.us, self.since_epoch(now_us), over_us, out)
        return out

    def since_epoch(self, now_us: int) -> int:
        """Return *now_us* from the epoch; beyond the span everything has faded."""
        return min(max(now_us - self._newest.epoch_us, -SPAN_US), 2 * SPAN_US - 1)


@compiled
def _keep_newest(
    packet: Packet, epoch_us: int, latest: int, newest: NDArray[np.int32]
) -> tuple[int, int]:
    """Return how many events lie outside the surface, and the latest time on it."""
    planes, height, width = newest.shape
    flat = newest.reshape(-1)
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        x, y, p = np.int64(e.x), np.int64(e.y), np.int64(e.p)
        if x >= width or y >= height or not 0 <= p < planes:
            outside += 1
            continue
        at = np.uint64((p * height + y) * width + x)
        t = min(max(e.t - epoch_us, NEVER + 1), SPAN_US)
        # A pixel's time never goes back, though a sensor's clock may by a few us. To
        # look at what is there costs twice what writing does, so it is done only then.
        if t >= latest:
            latest = t
            flat[at] = t
        else:
            flat[at] = max(flat[at], t)
    return outside, latest

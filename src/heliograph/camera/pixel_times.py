"""When each pixel fired last, in 32 bits: half the memory to walk through.

Times count from an epoch that moves along, so that days of a stream fit. The span
leaves room for the difference of any two.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Packet

SPAN_US = 1 << 29
NEVER = -(1 << 30)
PACKET_US_MAX = SPAN_US


class PixelTimes:
    """`us` of *shape* holds times since `epoch_us`, `NEVER` where there is none."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.us: NDArray[np.int32] = np.full(shape, NEVER, np.int32)
        self.epoch_us = 0

    def reach(self, packet: Packet) -> int:
        """Bring the epoch near *packet* where it is far away, and return it.

        All of a packet that spans at most `PACKET_US_MAX` then lies within twice the
        span.
        """
        if len(packet):
            self.move_to(int(packet["t"][0]))
        return self.epoch_us

    def move_to(self, t_us: int) -> None:
        """Bring the epoch to *t_us* where that is beyond the span."""
        moved = t_us - self.epoch_us
        if abs(moved) > SPAN_US:
            times = self.us.astype(np.int64) - moved
            np.clip(times, NEVER, SPAN_US, out=times)
            times[self.us == NEVER] = NEVER
            self.us[:] = times
            self.epoch_us = t_us

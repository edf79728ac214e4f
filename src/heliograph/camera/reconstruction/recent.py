"""The newest events of a stream, in bounded memory.

A picture is reckoned of the moment in which a track was seen best, which has passed
when that is known; packets are lent, so what may be needed is copied.
"""

from collections import deque

from heliograph.camera.bounds import check_dtype
from heliograph.camera.types import Packet

GRIDS = 8
GRID_US = 40_000
SPAN_US = GRIDS * GRID_US
"""A picture is reckoned from so many grids in a row, and so much time."""
KEEP_US = 2_400_000
"""A view that is captioned is at most 2 s old, and a picture takes 0.32 s before it."""
BYTES_MAX = 32 << 20
"""2.4 million events: all of `KEEP_US` up to a million a second after the filters."""


class RecentEvents:
    """The events of the last *keep_us*, and no more than *bytes_max* of them."""

    def __init__(self, *, keep_us: int = KEEP_US, bytes_max: int = BYTES_MAX) -> None:
        self._keep_us = keep_us
        self._bytes_max = bytes_max
        self._held: deque[Packet] = deque()
        self.bytes = 0

    def update(self, packet: Packet) -> None:
        """Copy *packet*; what is too old, or too much, goes.

        Raises `ValueError` for another dtype.
        """
        if not len(check_dtype(packet)):
            return
        kept = packet[-(self._bytes_max // packet.itemsize) :].copy()
        kept.flags.writeable = False
        self._held.append(kept)
        self.bytes += kept.nbytes
        old_us = int(kept["t"][-1]) - self._keep_us
        while self.bytes > self._bytes_max or self._held[0]["t"][-1] < old_us:
            self.bytes -= self._held.popleft().nbytes

    def between(self, begin_us: int, end_us: int) -> tuple[Packet, ...]:
        """Return what is held of a time, as packets that reach into it.

        They are shared and for reading only; they stay as they are.
        """
        return tuple(
            one
            for one in self._held
            if one["t"][-1] >= begin_us and one["t"][0] < end_us
        )

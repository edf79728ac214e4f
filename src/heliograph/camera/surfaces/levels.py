"""A time surface that is drawn when somebody looks, once for all who look at a time."""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.surfaces.time_surface import TimeSurface
from heliograph.camera.types import Packet, Size


class Levels:
    """How freshly each pixel of *size* fired, as `TimeSurface.render` says it."""

    def __init__(self, size: Size, *, tau_us: int) -> None:
        self._surface = TimeSurface(size, tau_us=tau_us)
        self._drawn: NDArray[np.uint8] = np.empty(self._surface.us.shape, np.uint8)
        self._drawn_us: int | None = None

    def update(self, packet: Packet) -> None:
        """Take in *packet*; raises as `TimeSurface.update` does."""
        self._drawn_us = None
        self._surface.update(packet)

    def age_us(self, level: int) -> int:
        """Return how old a pixel of *level*, 1 to 255, is at most."""
        return self._surface.age_us(level)

    def mark(self, now_us: int, age_us: int, out: NDArray[np.uint8]) -> None:
        """Write to *out* where it is fresh at *now_us*, as `TimeSurface.mark` does."""
        self._surface.mark(now_us, age_us, out)

    def at(self, now_us: int) -> NDArray[np.uint8]:
        """Return the levels at *now_us*, shape (2, H, W): 255 fired now, 0 long ago.

        It is the same array each time, and for reading only.
        """
        if self._drawn_us != now_us:
            self._surface.render(now_us, out=self._drawn)
            self._drawn_us = now_us
        return self._drawn

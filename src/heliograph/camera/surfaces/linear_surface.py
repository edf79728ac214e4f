"""The linear time surface: how long ago each pixel fired, faded evenly.

max(0, 1 - (now - newest) / span) of the newest event at a pixel, one plane a polarity.
It is what Metavision's `MostRecentTimestampBuffer.generate_img_time_surface` draws:
https://docs.prophesee.ai/stable/samples/modules/core/time_surface.html
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.surfaces.newest import NewestEvents
from heliograph.camera.types import Size

SPAN_US_MAX = 60_000_000


class LinearTimeSurface(NewestEvents):
    """The newest event of each pixel and polarity: plane 0 darker, plane 1 brighter.

    *span_us* is the age at which a pixel has faded wholly.
    """

    def __init__(self, size: Size, *, span_us: int) -> None:
        if not 1 <= span_us <= SPAN_US_MAX:
            raise ValueError(f"span_us must be from 1 to {SPAN_US_MAX}, not {span_us}")
        super().__init__(size)
        self.span_us = span_us

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the surface at *now_us*, shape (2, H, W): 255 fired now, 0 long ago.

        Written to *out* where it is given.
        """
        return self.faded(now_us, out, _fade_evenly, self.span_us)


@compiled
def _fade_evenly(
    newest: NDArray[np.int32], now: int, span_us: int, out: NDArray[np.uint8]
) -> None:
    source = newest.reshape(-1)
    target = out.reshape(-1)
    share = np.float32(255.0 / span_us)
    now32 = np.int32(now)
    for i in range(len(source)):
        age = np.float32(np.int32(now32 - source[i]))
        # An event newer than now (time steps back by a few us) counts as now.
        left = np.float32(255.0) - max(age, np.float32(0.0)) * share
        target[i] = np.uint8(np.int32(max(left, np.float32(0.0)) + np.float32(0.5)))

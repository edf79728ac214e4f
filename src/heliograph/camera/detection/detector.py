"""The role every detector plays."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box


class Detector(Protocol):
    """Finds boxes on a time surface and keeps no memory of earlier ones."""

    def detect(self, surface: NDArray[np.uint8], now_us: int) -> list[Box]:
        """Return what is on *surface* at *now_us*, best first, in sensor pixels.

        *surface* is `TimeSurface.render`'s: shape (2, H, W), darker and brighter, 255
        where a pixel fired now and 0 where it did long ago. It is not modified.
        """
        ...

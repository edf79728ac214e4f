"""From a recording to its hot pixels."""

import os

import numpy as np
from numpy.typing import NDArray

from heliograph import camera
from heliograph.camera.filtering.hot_pixels import HotPixelCount
from heliograph.camera.types import Size


def hot_pixels(
    source: str | os.PathLike[str], *, hot_hz: float, size: Size | None = None
) -> tuple[NDArray[np.bool_], float]:
    """Return which pixels of the recording at *source* are hot, and its length in s.

    The mask has shape (H, W). A recording of rest is best: over seconds, what moves
    fires too. *size* is for recordings that do not tell it. Raises `OSError` or
    `RecordingError` for the recording.
    """
    with camera.open(source, size=size) as recording:
        count = HotPixelCount(recording.size)
        for packet in recording:
            count.update(packet)
        passed_us = recording.now_us - recording.begin_us
    return count.hot(passed_us, hot_hz), passed_us / 1e6

"""Histograms: how often each pixel fired, by polarity.

One of a whole window is the event frame of Maqueda et al., "Event-based Vision meets
Deep Learning on Steering Prediction for Self-driving Cars", CVPR 2018,
https://arxiv.org/abs/1804.01310. A stack of several, one a slice of the window, is what
RVT takes: Gehrig, Scaramuzza, "Recurrent Vision Transformers for Object Detection with
Event Cameras", CVPR 2023, https://arxiv.org/abs/2212.05598.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events, check_out, check_window
from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet, Size

COUNT_MAX = 255


def histogram(
    packet: Packet,
    size: Size,
    *,
    count_max: int = COUNT_MAX,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Count the events of *packet*, shape (2, H, W): plane 0 darker, plane 1 brighter.

    A count ends at *count_max*. Written to *out* where it is given. Raises `ValueError`
    for another dtype, or for events outside the sensor.
    """
    return stacked_histogram(packet, size, (0, 1), bins=1, count_max=count_max, out=out)


def stacked_histogram(
    packet: Packet,
    size: Size,
    window_us: tuple[int, int],
    *,
    bins: int = 10,
    count_max: int = 10,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Count the events of *packet* in *bins* equal slices, shape (2 x bins, H, W).

    *window_us* is where the window begins and ends; an event beyond counts in the
    nearest slice. The slices of darker come first, the earliest foremost, then those of
    brighter: RVT's layout, whose windows are 50 ms and begin and end with an event. A
    count ends at *count_max*, at most 255. Written to *out* where it is given. Raises
    `ValueError` for another dtype, or for events outside the sensor.
    """
    check_window(window_us, bins)
    if not 1 <= count_max <= COUNT_MAX:
        raise ValueError(f"count_max must be from 1 to {COUNT_MAX}, not {count_max}")
    shape = (2 * bins, size.height, size.width)
    if out is None:
        out = np.empty(shape, np.uint8)
    check_out(out, shape)
    out[:] = 0
    begin_us, end_us = window_us
    outside = _count(
        check_dtype(packet), begin_us, end_us - begin_us, np.uint8(count_max), out
    )
    check_events(packet, outside)
    return out


@compiled
def _count(
    packet: Packet,
    begin_us: int,
    length_us: int,
    count_max: np.uint8,
    out: NDArray[np.uint8],
) -> int:
    """Return how many events lie outside the sensor."""
    channels, height, width = out.shape
    bins = channels // 2
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height or not 0 <= e.p <= 1:
            outside += 1
            continue
        passed = min(max(e.t - begin_us, 0), length_us)
        channel = e.p * bins + min(passed * bins // length_us, bins - 1)
        out[channel, e.y, e.x] += out[channel, e.y, e.x] < count_max
    return outside

"""The voxel grid: events in space and time, each shared by the two nearest slices.

V(x, y, b) = sum of max(0, 1 - |b - t*|) with t* = (B - 1) (t - t0) / (t1 - t0): Zhu,
Yuan, Chaney, Daniilidis, "Unsupervised Event-based Learning of Optical Flow, Depth, and
Egomotion", CVPR 2019, https://arxiv.org/abs/1812.08156. There brighter counts +1 and
darker -1, and t0 and t1 are the first and last event's; here each polarity has a grid
of its own, so that none cancels the other: theirs is `grid[1] - grid[0]`.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events, check_out, check_window
from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet, Size


def voxel_grid(
    packet: Packet,
    size: Size,
    window_us: tuple[int, int],
    *,
    bins: int = 5,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Spread the events of *packet* over *bins* slices, shape (2, bins, H, W).

    Plane 0 is darker, plane 1 brighter. *window_us* is where the window begins and
    ends, which are the middle of the first and the last slice; an event beyond counts
    there. Written to *out* where it is given. Raises `ValueError` for another dtype, or
    for events outside the sensor.
    """
    check_window(window_us, bins)
    shape = (2, bins, size.height, size.width)
    if out is None:
        out = np.empty(shape, np.float32)
    check_out(out, shape)
    out[:] = 0.0
    begin_us, end_us = window_us
    outside = _spread(check_dtype(packet), begin_us, end_us - begin_us, out)
    check_events(packet, outside)
    return out


@compiled
def _spread(
    packet: Packet, begin_us: int, length_us: int, out: NDArray[np.float32]
) -> int:
    """Return how many events lie outside the sensor."""
    _, bins, height, width = out.shape
    per_us = (bins - 1) / length_us
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height or not 0 <= e.p <= 1:
            outside += 1
            continue
        at = min(max(e.t - begin_us, 0), length_us) * per_us
        before = min(int(at), bins - 1)
        share = np.float32(at - before)
        out[e.p, before, e.y, e.x] += np.float32(1.0) - share
        if before + 1 < bins:
            out[e.p, before + 1, e.y, e.x] += share
    return outside

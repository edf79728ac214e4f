"""The exponential time surface: how long ago each pixel fired, by polarity.

exp(-(now - newest) / tau) of the newest event at a pixel, one plane a polarity:
Lagorce et al., HOTS, TPAMI 2017, https://doi.org/10.1109/TPAMI.2016.2574707;
Sironi et al., HATS, CVPR 2018, https://arxiv.org/abs/1803.07913.
"""

import math

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.surfaces.bounds import check_dtype, check_events, check_out
from heliograph.camera.types import Packet, Size

# An age so great that every tau has forgotten it, and no sum with it overflows.
NEVER_US = -(1 << 62)
STEPS_PER_TAU = 128
# exp(-age / tau) is below half a grey level from here on.
AGE_TAU_MAX = math.log(2 * 255)


class TimeSurface:
    """The newest event of each pixel and polarity, `newest_us` of shape (2, H, W).

    Plane 0 is darker, plane 1 brighter. *tau_us* is the age at which a pixel has
    faded to 1/e; people need 10 to 100 ms.
    """

    def __init__(self, size: Size, *, tau_us: int) -> None:
        if tau_us < 1:
            raise ValueError(f"tau_us must be at least 1, not {tau_us}")
        self.size = size
        self.tau_us = tau_us
        shape = (2, size.height, size.width)
        self.newest_us: NDArray[np.int64] = np.full(shape, NEVER_US, np.int64)
        steps = np.arange(math.ceil(AGE_TAU_MAX * STEPS_PER_TAU) + 1)
        levels = 255.0 * np.exp(-steps / STEPS_PER_TAU)
        self._levels: NDArray[np.uint8] = np.round(levels).astype(np.uint8)
        self._levels[-1] = 0

    def update(self, packet: Packet) -> None:
        """Take in *packet*, in any order: of two events at a pixel the newer stays.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        check_events(packet, _keep_newest(check_dtype(packet), self.newest_us))

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the surface at *now_us*, shape (2, H, W): 255 fired now, 0 long ago.

        Exact to 1 / 128 of tau. Written to *out* where it is given.
        """
        if out is None:
            out = np.empty(self.newest_us.shape, np.uint8)
        check_out(out, self.newest_us.shape)
        _look_up(self.newest_us, now_us, STEPS_PER_TAU / self.tau_us, self._levels, out)
        return out

    def render_exact(
        self, now_us: int, *, out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return exp(-age / tau) at *now_us*, shape (2, H, W), from 0 to 1."""
        if out is None:
            out = np.empty(self.newest_us.shape, np.float32)
        check_out(out, self.newest_us.shape)
        np.subtract(now_us, self.newest_us, out=out, casting="unsafe")
        np.maximum(out, 0.0, out=out)
        np.multiply(out, -1.0 / self.tau_us, out=out)
        return np.exp(out, out=out)


@compiled
def _keep_newest(packet: Packet, newest_us: NDArray[np.int64]) -> int:
    """Return how many events lie outside the surface."""
    planes, height, width = newest_us.shape
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height or not 0 <= e.p < planes:
            outside += 1
        else:
            # A pixel's time never goes back, though a sensor's clock may by a few us.
            newest_us[e.p, e.y, e.x] = max(newest_us[e.p, e.y, e.x], e.t)
    return outside


@compiled
def _look_up(
    newest_us: NDArray[np.int64],
    now_us: int,
    steps_per_us: float,
    levels: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> None:
    last = len(levels) - 1
    age_us_max = np.int64(last / steps_per_us) + 1
    source = newest_us.reshape(-1)
    target = out.reshape(-1)
    for i in range(len(source)):
        # An event newer than now (time steps back by a few us) counts as now.
        age_us = min(max(now_us - source[i], 0), age_us_max)
        target[i] = levels[min(np.int64(age_us * steps_per_us), last)]

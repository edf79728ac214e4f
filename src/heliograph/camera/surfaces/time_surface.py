"""The exponential time surface: how long ago each pixel fired, by polarity.

exp(-(now - newest) / tau) of the newest event at a pixel, one plane a polarity:
Lagorce et al., HOTS, TPAMI 2017, https://doi.org/10.1109/TPAMI.2016.2574707;
Sironi et al., HATS, CVPR 2018, https://arxiv.org/abs/1803.07913.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_out
from heliograph.camera.jit import compiled
from heliograph.camera.pixel_times import SPAN_US
from heliograph.camera.surfaces.newest import NewestEvents
from heliograph.camera.types import Size

TAU_US_MAX = 60_000_000
LEVEL_MAX = 255
# exp(-a) as (1 - a / 256) ** 256, by eight squarings: the compiler makes vector code of
# it, which it cannot of exp, and it is less than half a grey level off.
SQUARINGS = 8


class TimeSurface(NewestEvents):
    """The newest event of each pixel and polarity: plane 0 darker, plane 1 brighter.

    *tau_us* is the age at which a pixel has faded to 1/e; people need 10 to 100 ms.
    """

    def __init__(self, size: Size, *, tau_us: int) -> None:
        if not 1 <= tau_us <= TAU_US_MAX:
            raise ValueError(f"tau_us must be from 1 to {TAU_US_MAX}, not {tau_us}")
        super().__init__(size)
        self.tau_us = tau_us

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the surface at *now_us*, shape (2, H, W): 255 fired now, 0 long ago.

        Written to *out* where it is given.
        """
        return self.faded(now_us, out, _fade, self.tau_us)

    def age_us(self, level: int) -> int:
        """Return how old a pixel is at most that is rendered as *level*, 1 to 255."""
        if not 1 <= level <= LEVEL_MAX:
            raise ValueError(f"level must be from 1 to {LEVEL_MAX}, not {level}")
        shown = np.empty(1, np.uint8)
        young, old = 0, SPAN_US
        while old - young > 1:
            age = (young + old) // 2
            _fade(np.array([-age], np.int32), 0, self.tau_us, shown)
            young, old = (age, old) if shown[0] >= level else (young, age)
        return young

    def mark(self, now_us: int, age_us: int, out: NDArray[np.uint8]) -> None:
        """Write to *out* 1 where a pixel is no older than *age_us* at *now_us*, else 0.

        The younger of its polarities counts. *out*, uint8 of shape (H + 2, W + 2), has
        a margin of a pixel that is left alone. It costs a third of rendering.
        """
        check_out(out, (self.size.height + 2, self.size.width + 2))
        _mark(self.us, self.since_epoch(now_us) - age_us, out)

    def render_exact(
        self, now_us: int, *, out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return exp(-age / tau) at *now_us*, shape (2, H, W), from 0 to 1."""
        if out is None:
            out = np.empty(self.us.shape, np.float32)
        check_out(out, self.us.shape)
        now = np.int32(self.since_epoch(now_us))
        np.subtract(now, self.us, out=out, casting="unsafe")
        np.maximum(out, 0.0, out=out)
        np.multiply(out, -1.0 / self.tau_us, out=out)
        return np.exp(out, out=out)


@compiled
def _mark(newest: NDArray[np.int32], since: int, out: NDArray[np.uint8]) -> None:
    _, height, width = newest.shape
    since32 = np.int32(since)
    for y in range(height):
        darker, brighter, row = newest[0, y], newest[1, y], out[y + 1]
        for x in range(width):
            row[x + 1] = max(darker[x], brighter[x]) >= since32


@compiled
def _fade(
    newest: NDArray[np.int32], now: int, tau_us: int, out: NDArray[np.uint8]
) -> None:
    source = newest.reshape(-1)
    target = out.reshape(-1)
    share = np.float32(1.0 / (tau_us << SQUARINGS))
    now32 = np.int32(now)
    for i in range(len(source)):
        age = np.float32(np.int32(now32 - source[i]))
        # An event newer than now (time steps back by a few us) counts as now.
        left = np.float32(1.0) - max(age, np.float32(0.0)) * share
        left = max(left, np.float32(0.0))
        for _ in range(SQUARINGS):
            left *= left
        target[i] = np.uint8(np.int32(left * np.float32(255.0) + np.float32(0.5)))

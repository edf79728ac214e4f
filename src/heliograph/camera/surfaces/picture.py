"""A grey picture from events: a leaky integrator of log intensity per pixel.

Each event adds its contrast step and what was there before leaks away, so what
moves appears and what rests fades to mid-grey: Scheerlinck, Barnes, Mahony,
"Continuous-time Intensity Estimation Using Event Cameras", ACCV 2018,
https://arxiv.org/abs/1811.00386 (their high-pass filter without frames). Metavision's
`EventsIntegrationAlgorithm` is of the same kind.
"""

import math

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events, check_out
from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet, Size

MID_GREY = 128
TICKS_PER_TAU_MIN = 256
# exp(-9) of the strongest picture is below half a grey level.
AGE_TAU_MAX = 9
# Together, because events come at random places and each place is a trip to memory; in
# 8 bytes, so that more of them fit into the cache. Ticks count from an epoch.
PIXEL = np.dtype([("tick", "<i4"), ("level", "<f4")])
EPOCH_TICKS = 1 << 29


class Picture:
    """The log intensity of each pixel above its rest, in contrast steps.

    *tau_us* is the time in which a pixel that rests fades to 1/e. *steps_max* is the
    intensity, in contrast steps, that is shown as full white or black.
    """

    def __init__(self, size: Size, *, tau_us: int, steps_max: float = 5.0) -> None:
        if tau_us < 1:
            raise ValueError(f"tau_us must be at least 1, not {tau_us}")
        self.size = size
        self.tau_us = tau_us
        self._gain = (255 - MID_GREY) / steps_max
        # Whole ticks of a power of two: decay by table, exact over any number of
        # events, where a table of rounded ages would never let a busy pixel fade.
        self._shift = max(0, (tau_us // TICKS_PER_TAU_MIN).bit_length() - 1)
        ticks = math.ceil(AGE_TAU_MAX * tau_us / (1 << self._shift)) + 1
        ages_us = np.arange(ticks) << self._shift
        self._decay: NDArray[np.float32] = np.exp(-ages_us / tau_us).astype(np.float32)
        self._decay[-1] = 0.0
        self._pixels: NDArray[np.void] = np.zeros((size.height, size.width), PIXEL)
        self._epoch = 0

    def update(self, packet: Packet) -> None:
        """Take in *packet*, which may step back by a few us.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        check_dtype(packet)
        if len(packet):
            self._move_epoch(int(packet["t"][0]) >> self._shift)
        outside = _integrate(
            packet, self._shift, self._epoch, self._decay, self._pixels
        )
        check_events(packet, outside)

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the picture at *now_us*, shape (H, W), mid-grey where nothing moves.

        Written to *out* where it is given.
        """
        if out is None:
            out = np.empty(self._pixels.shape, np.uint8)
        check_out(out, self._pixels.shape)
        _develop(
            self._pixels,
            (now_us >> self._shift) - self._epoch,
            self._decay,
            self._gain,
            out,
        )
        return out

    def _move_epoch(self, tick: int) -> None:
        """Bring the epoch to *tick* where that is far away."""
        moved = tick - self._epoch
        if abs(moved) > EPOCH_TICKS:
            ticks = self._pixels["tick"].astype(np.int64) - moved
            self._pixels["tick"] = np.clip(ticks, -EPOCH_TICKS, EPOCH_TICKS)
            self._epoch = tick


@compiled
def _integrate(
    packet: Packet,
    shift: int,
    epoch: int,
    decay: NDArray[np.float32],
    pixels: NDArray[np.void],
) -> int:
    """Return how many events lie outside the picture."""
    height, width = pixels.shape
    last = len(decay) - 1
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        pixel = pixels[e.y, e.x]
        now = min(max((e.t >> shift) - epoch, -EPOCH_TICKS), 2 * EPOCH_TICKS)
        ticks = min(max(now - pixel.tick, 0), last)
        step = np.float32(1.0) if e.p else np.float32(-1.0)
        pixel.level = pixel.level * decay[ticks] + step
        pixel.tick = max(now, pixel.tick)
    return outside


@compiled
def _develop(
    pixels: NDArray[np.void],
    now: int,
    decay: NDArray[np.float32],
    gain: float,
    out: NDArray[np.uint8],
) -> None:
    last = len(decay) - 1
    height, width = out.shape
    for y in range(height):
        for x in range(width):
            pixel = pixels[y, x]
            age = min(max(now - pixel.tick, 0), last)
            grey = MID_GREY + np.float32(gain) * pixel.level * decay[age]
            # int() cuts, so half a level more rounds.
            out[y, x] = int(min(max(grey + 0.5, 0.0), 255.0))

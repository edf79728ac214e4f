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
from heliograph.camera.types import EVENT, Packet, Size

MID_GREY = 128
TICKS_PER_TAU_MIN = 256
EPOCH_TAU_MAX = 40
"""exp of it, a million times, is far from what 32 bits cannot hold."""
BACK_US = 1_000
LEVEL_MIN = np.float32(1e-6)
"""What has faded below it is nothing: it shows nowhere, and numbers as near to 0 as it
would come are many times as slow to reckon with."""


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
        # The integrator is linear, so what leaks away need not be taken from each pixel
        # at each event: instead an event weighs the more the later it comes, by a
        # table of ticks from an epoch, and rendering scales all of it down to now.
        self._shift = max(0, (tau_us // TICKS_PER_TAU_MIN).bit_length() - 1)
        self._tick_taus = (1 << self._shift) / tau_us
        ticks = math.ceil(EPOCH_TAU_MAX / self._tick_taus) + 1
        weights = np.exp(np.arange(ticks) * self._tick_taus)
        self._weights: NDArray[np.float32] = weights.astype(np.float32)
        self._levels: NDArray[np.float32] = np.zeros(
            (size.height, size.width), np.float32
        )
        self._epoch = self._newest = 0
        self._back_max = (max(tau_us, BACK_US) >> self._shift) + 1
        # Loaded now, and not while a stream waits.
        _integrate(np.empty(0, EVENT), self._shift, 0, self._weights, self._levels)

    def update(self, packet: Packet) -> None:
        """Take in *packet*, which may step back by a few us.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        times, done, outside = check_dtype(packet)["t"], 0, 0
        while done < len(packet):
            self._reach(int(times[done]) >> self._shift)
            taken, beyond = _integrate(
                packet[done:], self._shift, self._epoch, self._weights, self._levels
            )
            done, outside = done + taken, outside + beyond
            newest = int(times[done - 1]) >> self._shift
            self._newest = max(self._newest, newest)
        check_events(packet, outside)

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the picture at *now_us*, shape (H, W), mid-grey where nothing moves.

        Written to *out* where it is given.
        """
        if out is None:
            out = np.empty(self._levels.shape, np.uint8)
        check_out(out, self._levels.shape)
        now = max(now_us >> self._shift, self._newest)
        left = math.exp((self._epoch - now) * self._tick_taus)
        _develop(self._levels, np.float32(self._gain * left), out)
        return out

    def _reach(self, tick: int) -> None:
        """Bring the epoch to *tick* where that is beyond the table.

        Time that goes back, by more than sensors do, is that of another stream or
        place: the picture begins anew.
        """
        moved = tick - self._epoch
        if self._newest - tick > self._back_max:
            self._levels[:] = 0.0
            self._epoch = self._newest = tick
        elif moved >= len(self._weights):
            self._levels *= np.float32(math.exp(-moved * self._tick_taus))
            self._levels[np.abs(self._levels) < LEVEL_MIN] = 0.0
            self._epoch = tick


@compiled
def _integrate(
    packet: Packet,
    shift: int,
    epoch: int,
    weights: NDArray[np.float32],
    levels: NDArray[np.float32],
) -> tuple[int, int]:
    """Return how many events were taken, and how many of them lie outside.

    They are taken up to the first that lies beyond the table.
    """
    height, width = levels.shape
    flat = levels.reshape(-1)
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        tick = (e.t >> shift) - epoch
        if tick >= len(weights):
            return i, outside
        x, y = np.int64(e.x), np.int64(e.y)
        if x >= width or y >= height:
            outside += 1
            continue
        weight = weights[np.uint64(max(tick, 0))]
        flat[np.uint64(y * width + x)] += weight if e.p else -weight
    return len(packet), outside


@compiled
def _develop(
    levels: NDArray[np.float32], gain: np.float32, out: NDArray[np.uint8]
) -> None:
    source = levels.reshape(-1)
    target = out.reshape(-1)
    for i in range(len(source)):
        grey = np.float32(MID_GREY + 0.5) + gain * source[i]
        # The cut to whole levels is what the half more is for.
        grey = min(max(grey, np.float32(0.0)), np.float32(255.0))
        target[i] = np.uint8(np.int32(grey))

"""The events of a sensor that nothing in front of it caused.

Shot noise, hot pixels and echoes, after v2e (Hu et al. 2021,
https://arxiv.org/abs/2006.07722). They are drawn ahead, a span of time at once: a
sensor looks hundreds of times a second and would find a few of them each time.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Size

SPAN_US = 50_000
"""How much is drawn at once."""

ECHO_US = 4_000
"""How soon a noisy pixel fires back, as real ones do (bench/sensor_noise.py)."""

SHOT = np.dtype([("t", "<i8"), ("at", "<i4"), ("p", "<i4"), ("luck", "<f4")])
"""Time, place in the flattened picture, polarity, and `luck` from 0 to 1: in bright
light only a lucky shot becomes an event. A hot pixel's, -1, always does."""

Shots: TypeAlias = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class NoiseTraits:
    """Rates in Hz: shots of a pixel in the dark, blinks of a hot pixel.

    `spread` is the standard deviation of the logarithm of the pixels' rates,
    `echo_share` how many shots are followed by one of the other polarity, `rest_us`
    after which that may be.
    """

    shot_hz: float
    hot_pixels: int
    hot_hz: float
    spread: float
    echo_share: float
    rest_us: int


class Noise:
    """Draws the shots of a sensor in the dark; all chance comes from `rng`."""

    def __init__(
        self, size: Size, traits: NoiseTraits, rng: np.random.Generator
    ) -> None:
        self._traits = traits
        self._rng = rng
        self._pixels = size.width * size.height
        # A hot pixel is hot for good.
        self._hot = rng.choice(
            self._pixels, min(traits.hot_pixels, self._pixels), replace=False
        )
        self._uneven: NDArray[np.float64] | None = None
        if traits.spread > 0:
            rates = rng.lognormal(0.0, traits.spread, self._pixels)
            self._uneven = np.cumsum(rates) / rates.sum()
        self._waiting = np.empty(0, SHOT)
        self._drawn = np.empty(0, SHOT)
        self._times_us = np.empty(0, np.int64)
        self._drawn_us = 0

    def begin(self, t_us: int) -> None:
        """Let the sensor's time begin at `t_us`."""
        self._drawn_us = t_us

    def until(self, t_us: int) -> Shots:
        """Return the shots before `t_us` that were not returned yet, sorted in time."""
        while self._drawn_us < t_us:
            self._drawn = np.concatenate([self._drawn, self._span(self._drawn_us)])
            # A search would copy a field of records whole, and there is one each time.
            self._times_us = np.ascontiguousarray(self._drawn["t"])
            self._drawn_us += SPAN_US
        count = int(np.searchsorted(self._times_us, t_us))
        shots, self._drawn = self._drawn[:count], self._drawn[count:]
        self._times_us = self._times_us[count:]
        return shots

    def _span(self, begin_us: int) -> Shots:
        rng, traits = self._rng, self._traits
        shots_hz = traits.shot_hz * self._pixels
        all_hz = shots_hz + traits.hot_hz * self._hot.size
        shots = np.empty(int(rng.poisson(all_hz * SPAN_US * 1e-6)), SHOT)
        # Neither pixel nor polarity depends on the time: only times are sorted.
        shots["t"] = begin_us + np.sort(rng.integers(0, SPAN_US, shots.size))
        shots["p"] = rng.integers(0, 2, shots.size)
        shots["luck"] = rng.random(shots.size, np.float32)
        if self._uneven is None:
            shots["at"] = rng.integers(0, self._pixels, shots.size)
        else:
            # In order they are found faster; then they must not come in that order.
            fallen = np.searchsorted(self._uneven, np.sort(rng.random(shots.size)))
            rng.shuffle(fallen)
            shots["at"] = np.minimum(fallen, self._pixels - 1)
        if self._hot.size and traits.hot_hz > 0:
            blinks = np.flatnonzero(rng.random(shots.size) * all_hz >= shots_hz)
            shots["at"][blinks] = rng.choice(self._hot, blinks.size)
            shots["p"][blinks], shots["luck"][blinks] = 1, -1.0
        return self._echoed(shots, begin_us + SPAN_US)

    def _echoed(self, shots: Shots, end_us: int) -> Shots:
        """Return the shots with what echoes of them, and of earlier ones, fall due."""
        if self._traits.echo_share <= 0:
            return shots
        rng = self._rng
        heard = rng.random(shots.size) < self._traits.echo_share
        # What is as lucky as its shot is an event when that was one.
        echoes = shots[heard & (shots["luck"] >= 0)]
        late_us = rng.exponential(ECHO_US, echoes.size).astype(np.int64)
        echoes["t"] += late_us + self._traits.rest_us
        echoes["p"] = 1 - echoes["p"]
        waiting = np.concatenate([self._waiting, echoes])
        due = waiting["t"] < end_us
        self._waiting = waiting[~due]
        together = np.concatenate([shots, waiting[due]])
        return together[np.argsort(together["t"], kind="stable")]

"""A pixel that reports each time the logarithm of its light has moved by a threshold.

The model of ESIM (Rebecq et al. 2018, http://rpg.ifi.uzh.ch/docs/CORL18_Rebecq.pdf)
with the faults of v2e (Hu et al. 2021, https://arxiv.org/abs/2006.07722): thresholds
that differ from pixel to pixel, leak, shot noise, hot pixels and a refractory time.
Between two pictures the logarithm is taken to move in a straight line, which gives
each event its time. It knows nothing of scenes, files or clocks.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.types import EVENT, Packet, Size

THRESHOLD_MIN = 0.02
"""A pixel whose threshold came out lower by chance would never be silent."""

NEVER_US = -(1 << 62)

DARK_CUTOFF = 0.1
"""The least share of its bandwidth that a pixel has left in the dark, as in v2e."""

ECHO_US = 4_000
"""How soon a noisy pixel fires back, as real ones do (bench/sensor_noise.py)."""

STRETCH_PX = 64
"""How many pixels are looked at together."""

Plane: TypeAlias = NDArray[np.float32]
"""One number per pixel, rows first."""


@dataclass(frozen=True, slots=True)
class SensorTraits:
    """How good the sensor is. Thresholds in log units, rates per pixel.

    `readout_us` is the sensor's clock: events between two ticks share a time.
    `dark_noise` is how many times as much shot noise a black pixel has as a white
    one, whose light is 1. `cutoff_hz` is how fast a white pixel's photoreceptor
    follows the light: a low-pass of first order that is slower in the dark, in
    proportion to the light down to `DARK_CUTOFF` of it; 0 follows at once.
    `noise_spread` is how unevenly shot noise falls on pixels: the standard deviation of
    the logarithm of their rates. `echo_share` is how many shots are followed by another
    of the other polarity, after `ECHO_US` on average.
    """

    threshold_on: float = 0.25
    threshold_off: float = 0.25
    mismatch_sigma: float = 0.03
    refractory_us: int = 500
    leak_hz: float = 0.03
    shot_noise_hz: float = 0.15
    hot_pixels: int = 3
    hot_pixel_hz: float = 80.0
    readout_us: int = 50
    dark_noise: float = 1.0
    cutoff_hz: float = 0.0
    noise_spread: float = 0.0
    echo_share: float = 0.0


class Sensor:
    """Turns pictures of log brightness into events; all chance comes from `seed`."""

    def __init__(
        self, size: Size, traits: SensorTraits | None = None, *, seed: int
    ) -> None:
        self.size = size
        self.traits = SensorTraits() if traits is None else traits
        if self.traits.readout_us < 1:
            raise ValueError(f"readout_us is {self.traits.readout_us}, not 1 or more")
        self._rng = np.random.default_rng([seed, 1])
        shape = (size.height, size.width)
        self._on = self._thresholds(self.traits.threshold_on, shape)
        self._off = self._thresholds(self.traits.threshold_off, shape)
        pixels = size.width * size.height
        # A hot pixel is hot for good.
        self._hot = self._rng.choice(
            pixels, min(self.traits.hot_pixels, pixels), replace=False
        )
        self._uneven: NDArray[np.float64] | None = None
        if self.traits.noise_spread > 0:
            rates = self._rng.lognormal(0.0, self.traits.noise_spread, pixels)
            self._uneven = np.cumsum(rates) / rates.sum()
        self._echoes = np.empty(0, EVENT)
        self._seen: Plane | None = None
        self._reference = np.zeros(shape, np.float32)
        # Where the light must get to for the next event; see _start.
        self._upper = np.zeros(shape, np.float32)
        self._lower = np.zeros(shape, np.float32)
        self._fired_us = np.full(shape, NEVER_US, np.int64)
        self._moved = np.empty(pixels, np.int64)
        self._followed = np.zeros(shape, np.float32)
        self._t_us = 0

    def step(self, log_brightness: Plane, t_us: int) -> Packet:
        """Return the events between the picture before and this one, seen at `t_us`.

        Sorted in time; events of one time by polarity, row and column. The first
        picture is where every pixel starts and yields nothing. Raises `ValueError`
        for a picture of another shape and for time that does not go forward.
        """
        if log_brightness.shape != self._reference.shape:
            raise ValueError(
                f"the picture has shape {log_brightness.shape}, "
                f"the sensor {self._reference.shape}"
            )
        if self._seen is None:
            self._seen = self._start(log_brightness)
            self._t_us = t_us
            return np.empty(0, EVENT)
        if t_us <= self._t_us:
            raise ValueError(f"{t_us} us does not come after {self._t_us} us")
        if self.traits.cutoff_hz > 0:
            turns = 2 * np.pi * self.traits.cutoff_hz * (t_us - self._t_us) * 1e-6
            _follow(self._seen, log_brightness, np.float32(turns), self._followed)
            log_brightness = self._followed
        packet = np.concatenate(
            [
                self._signal(self._seen, log_brightness, t_us),
                self._noise(log_brightness, t_us - self._t_us),
            ]
        )
        _tick(packet, self.traits.readout_us)
        order = np.argsort(self._reading_order(packet))
        self._seen[:] = log_brightness
        self._t_us = t_us
        return _rested(packet, order, self._fired_us, self.traits.refractory_us)

    def _thresholds(self, nominal: float, shape: tuple[int, int]) -> Plane:
        drawn = self._rng.normal(nominal, self.traits.mismatch_sigma, shape)
        return np.maximum(drawn, THRESHOLD_MIN).astype(np.float32)

    def _start(self, log_brightness: Plane) -> Plane:
        """Let every pixel have adapted to the first picture, and remember it."""
        seen = log_brightness.astype(np.float32)
        self._reference = seen.copy()
        if self.traits.leak_hz > 0:
            # Pixels that leak are somewhere on their way to the next leak event. If
            # all began alike, all would fire at the same moment.
            phase = self._rng.random(self._on.shape, np.float32)
            self._reference -= phase * self._on
        self._upper = self._reference + self._on
        self._lower = self._reference - self._off
        return seen

    def _leaked(self, t_us: int) -> float:
        """Return how far every reference has sunk since time 0, in log units.

        One number instead of a subtraction at every pixel in every step.
        """
        return self.traits.leak_hz * self.traits.threshold_on * t_us * 1e-6

    def _signal(self, before: Plane, log_brightness: Plane, t_us: int) -> Packet:
        """Return the events that the light itself caused, pixel by pixel."""
        span = (self._t_us, t_us)
        leaked = (np.float32(self._leaked(span[0])), np.float32(self._leaked(span[1])))
        limits = (self._upper, self._lower)
        found = _find_crossings(log_brightness, limits, leaked[1], self._moved)
        moved = self._moved[:found]
        pictures = (before, log_brightness, self._reference)
        thresholds = (self._on, self._off)
        packet = np.empty(_count(pictures, thresholds, leaked[1], moved), EVENT)
        _fire(pictures, thresholds, leaked, (span, moved), packet)
        _set_limits(self._reference, thresholds, limits, moved)
        return packet

    def _noise(self, log_brightness: Plane, passed_us: int) -> Packet:
        """Return the events that nothing in front of the sensor caused."""
        traits, passed_s = self.traits, passed_us * 1e-6
        pixels = self.size.width * self.size.height
        darkest = max(1.0, traits.dark_noise)
        shots = int(
            self._rng.poisson(traits.shot_noise_hz * darkest * pixels * passed_s)
        )
        blinks = int(self._rng.poisson(traits.hot_pixel_hz * self._hot.size * passed_s))
        noise = np.empty(shots + blinks, EVENT)
        at = self._rng.integers(0, pixels, shots + blinks)
        if self._uneven is not None:
            fallen = np.searchsorted(self._uneven, self._rng.random(shots))
            at[:shots] = np.minimum(fallen, pixels - 1)
        if blinks:
            at[shots:] = self._rng.choice(self._hot, blinks)
        noise["x"], noise["y"] = at % self.size.width, at // self.size.width
        noise["t"] = self._t_us + self._rng.integers(0, passed_us, shots + blinks)
        noise["p"] = self._rng.integers(0, 2, shots + blinks)
        noise["p"][shots:] = 1
        if darkest > 1.0:
            # Drawn as if all were dark; where it is bright, some are none.
            light = np.exp(np.minimum(log_brightness.ravel()[at[:shots]], 0.0))
            share = (darkest + (1.0 - darkest) * light) / darkest
            kept = np.ones(noise.size, np.bool_)
            kept[:shots] = self._rng.random(shots) < share
            shots = int(np.count_nonzero(kept[:shots]))
            noise = noise[kept]
        return self._echoed(noise, shots, passed_us)

    def _echoed(self, noise: Packet, shots: int, passed_us: int) -> Packet:
        """Return the noise with what echoes of it, and of earlier noise, fall due."""
        if self.traits.echo_share <= 0:
            return noise
        echoes = noise[:shots][self._rng.random(shots) < self.traits.echo_share]
        late_us = self._rng.exponential(ECHO_US, echoes.size).astype(np.int64)
        echoes["t"] += late_us + self.traits.refractory_us
        echoes["p"] = 1 - echoes["p"]
        waiting = np.concatenate([self._echoes, echoes])
        due = waiting["t"] < self._t_us + passed_us
        self._echoes = waiting[~due]
        return np.concatenate([noise, waiting[due]])

    def _reading_order(self, packet: Packet) -> NDArray[np.int64]:
        """Return one number per event: by time, then polarity, row and column."""
        rows, columns = self.size.height, self.size.width
        key = packet["t"] * 2 + packet["p"]
        key = (key * rows + packet["y"]) * columns + packet["x"]
        return np.asarray(key, np.int64)


@compiled
def _follow(before: Plane, light: Plane, turns: np.float32, out: Plane) -> None:
    """Let photoreceptors follow the light for `turns` radians of a white one's cutoff.

    The exponential of the log light is taken from a polynomial that is 0 at -4.
    """
    was, new, then = before.ravel(), light.ravel(), out.ravel()
    floor, one = np.float32(DARK_CUTOFF), np.float32(1.0)
    for at in range(was.size):
        near = max(np.float32(0.0), min(one, one + np.float32(0.25) * new[at]))
        near *= near
        speed = turns * max(floor, near * near)
        # NumPy's division: the plain one asks about zero and keeps vectors away.
        then[at] = was[at] + (new[at] - was[at]) * np.divide(speed, one + speed)


@compiled
def _find_crossings(
    now: Plane,
    limits: tuple[Plane, Plane],
    leaked: np.float32,
    moved: NDArray[np.int64],
) -> int:
    """List the pixels that reached a limit in `moved`; return how many."""
    level, upper, lower = now.ravel(), limits[0].ravel(), limits[1].ravel()
    found = 0
    for begin in range(0, level.size, STRETCH_PX):
        end = min(level.size, begin + STRETCH_PX)
        # Nearly every stretch is quiet, and without a branch this runs as vectors.
        part, high, low = level[begin:end], upper[begin:end], lower[begin:end]
        loud = np.int32(0)
        for x in range(part.size):
            sunk = part[x] + leaked
            loud |= np.int32(sunk >= high[x]) | np.int32(sunk <= low[x])
        if loud == 0:
            continue
        for x in range(part.size):
            sunk = part[x] + leaked
            if sunk >= high[x] or sunk <= low[x]:
                moved[found] = begin + x
                found += 1
    return found


@compiled
def _set_limits(
    reference: Plane,
    thresholds: tuple[Plane, Plane],
    limits: tuple[Plane, Plane],
    moved: NDArray[np.int64],
) -> None:
    """Put the limits of `moved` pixels a threshold above and below their reference."""
    for at in moved:
        y, x = at // reference.shape[1], at % reference.shape[1]
        limits[0][y, x] = reference[y, x] + thresholds[0][y, x]
        limits[1][y, x] = reference[y, x] - thresholds[1][y, x]


@compiled
def _count(
    pictures: tuple[Plane, Plane, Plane],
    thresholds: tuple[Plane, Plane],
    leaked: np.float32,
    moved: NDArray[np.int64],
) -> int:
    """Return how many events the `moved` pixels fire together."""
    _, now, reference = pictures
    events = 0
    for at in moved:
        y, x = at // now.shape[1], at % now.shape[1]
        gap = now[y, x] - reference[y, x] + leaked
        events += _steps(gap, thresholds[0][y, x], thresholds[1][y, x])
    return events


@compiled
def _steps(gap: np.float32, on: np.float32, off: np.float32) -> int:
    """Return how many thresholds `gap` spans, in either direction."""
    return int(gap / on) if gap > 0 else int(-gap / off)


@compiled
def _fire(
    pictures: tuple[Plane, Plane, Plane],
    thresholds: tuple[Plane, Plane],
    leaked: tuple[np.float32, np.float32],
    where: tuple[tuple[int, int], NDArray[np.int64]],
    out: Packet,
) -> None:
    """Write the events of every moved pixel, and move its reference along."""
    before, now, reference = pictures
    (from_us, to_us), moved = where
    columns = now.shape[1]
    n = 0
    for at in moved:
        y, x = at // columns, at % columns
        on, off = thresholds[0][y, x], thresholds[1][y, x]
        gap = now[y, x] - reference[y, x] + leaked[1]
        was = before[y, x] - reference[y, x] + leaked[0]
        step = on if gap > 0 else -off
        count = _steps(gap, on, off)
        for k in range(1, count + 1):
            share = min(1.0, max(0.0, (k * step - was) / (gap - was)))
            out[n].x, out[n].y = x, y
            out[n].p = 1 if gap > 0 else 0
            out[n].t = from_us + int(share * (to_us - from_us))
            n += 1
        reference[y, x] += count * step


@compiled
def _tick(packet: Packet, readout_us: int) -> None:
    """Set every time back to the tick of the sensor's clock before it."""
    for i in range(packet.size):
        packet[i].t -= packet[i].t % readout_us


@compiled
def _rested(
    packet: Packet,
    order: NDArray[np.int64],
    fired_us: NDArray[np.int64],
    refractory_us: int,
) -> Packet:
    """Return, in `order`, the events of pixels that had recovered from their last."""
    kept = np.empty_like(packet)
    n = 0
    for at in order:
        event = packet[at]
        if event.t - fired_us[event.y, event.x] >= refractory_us:
            fired_us[event.y, event.x] = event.t
            kept[n] = event
            n += 1
    return kept[:n]

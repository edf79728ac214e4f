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
from heliograph.simulation.camera.noise import Noise, NoiseTraits, Shots

THRESHOLD_MIN = 0.02
"""A pixel whose threshold came out lower by chance would never be silent."""

NEVER_US = -(1 << 62)

DARK_CUTOFF = 0.1
"""The least share of its bandwidth that a pixel has left in the dark, as in v2e."""

Plane: TypeAlias = NDArray[np.float32]
"""One number per pixel, rows first."""

Keys: TypeAlias = NDArray[np.int64]
"""Events as numbers that sort as they are read: by tick, polarity, row and column."""

Span: TypeAlias = tuple[int, int, int]
"""From when to when, and how long a tick is, in us."""


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
    of the other polarity, after `noise.ECHO_US` on average.
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
        self._thresholds = (
            self._drawn_thresholds(self.traits.threshold_on, shape),
            self._drawn_thresholds(self.traits.threshold_off, shape),
        )
        self._noise = Noise(size, _noise_traits(self.traits), self._rng)
        self._seen: Plane | None = None
        self._reference = np.zeros(shape, np.float32)
        # Where the light must get to for the next event; see _start.
        self._limits = (np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        self._fired_us = np.full(shape, NEVER_US, np.int64)
        self._moved = np.empty(size.width * size.height, np.int32)
        # A byte per pixel, in eights.
        self._loud = np.zeros(-(-size.width * size.height // 8), np.uint64)
        self._keys = np.empty(0, np.int64)
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
            self._noise.begin(t_us)
            return np.empty(0, EVENT)
        if t_us <= self._t_us:
            raise ValueError(f"{t_us} us does not come after {self._t_us} us")
        if self.traits.cutoff_hz > 0:
            turns = 2 * np.pi * self.traits.cutoff_hz * (t_us - self._t_us) * 1e-6
            _follow(self._seen, log_brightness, np.float32(turns), self._followed)
        else:
            self._followed[:] = log_brightness
        span = (self._t_us, t_us, self.traits.readout_us)
        count = self._signal(self._seen, span)
        keys = self._keys[:count]
        keys.sort()
        self._seen, self._followed = self._followed, self._seen
        self._t_us = t_us
        packet = np.empty(count, EVENT)
        kept = _rest(keys, span, self._fired_us, self.traits.refractory_us, packet)
        return packet[:kept]

    def _signal(self, before: Plane, span: Span) -> int:
        """Write into `_keys` what the light caused and the noise; return how many."""
        now, reference, thresholds = self._followed, self._reference, self._thresholds
        leaked = (self._leaked(span[0]), self._leaked(span[1]))
        found = _find(now, self._limits, leaked[1], self._loud, self._moved)
        moved = self._moved[:found]
        shots = self._noise.until(span[1])
        room = _count(now, reference, thresholds, leaked[1], moved) + shots.size
        if room > self._keys.size:
            self._keys = np.empty(2 * room, np.int64)
        pictures, levels = (before, now, reference), (thresholds, self._limits)
        count = _fire(pictures, levels, leaked, (span, moved), self._keys)
        darkest = np.float32(max(1.0, self.traits.dark_noise))
        return count + _shoot(now, (shots, darkest), span, self._keys[count:])

    def _drawn_thresholds(self, nominal: float, shape: tuple[int, int]) -> Plane:
        drawn = self._rng.standard_normal(shape, np.float32)
        drawn *= np.float32(self.traits.mismatch_sigma)
        drawn += np.float32(nominal)
        return np.maximum(drawn, np.float32(THRESHOLD_MIN))

    def _start(self, log_brightness: Plane) -> Plane:
        """Let every pixel have adapted to the first picture, and remember it."""
        seen = log_brightness.astype(np.float32)
        on, off = self._thresholds
        self._reference = seen.copy()
        if self.traits.leak_hz > 0:
            # Pixels that leak are somewhere on their way to the next leak event. If
            # all began alike, all would fire at the same moment.
            self._reference -= self._rng.random(on.shape, np.float32) * on
        self._limits = (self._reference + on, self._reference - off)
        return seen

    def _leaked(self, t_us: int) -> np.float32:
        """Return how far every reference has sunk since time 0, in log units.

        One number instead of a subtraction at every pixel in every step.
        """
        traits = self.traits
        return np.float32(traits.leak_hz * traits.threshold_on * t_us * 1e-6)


def _noise_traits(traits: SensorTraits) -> NoiseTraits:
    return NoiseTraits(
        shot_hz=traits.shot_noise_hz * max(1.0, traits.dark_noise),
        hot_pixels=traits.hot_pixels,
        hot_hz=traits.hot_pixel_hz,
        spread=traits.noise_spread,
        echo_share=traits.echo_share,
        rest_us=traits.refractory_us,
    )


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
def _find(
    now: Plane,
    limits: tuple[Plane, Plane],
    leaked: np.float32,
    loud: NDArray[np.uint64],
    moved: NDArray[np.int32],
) -> int:
    """List the pixels that reached a limit in `moved`; return how many.

    `loud` is room for a byte per pixel.
    """
    level, upper, lower = now.ravel(), limits[0].ravel(), limits[1].ravel()
    flags = loud.view(np.uint8)
    # Without a branch this runs as vectors; then eight quiet pixels go by at once.
    for at in range(level.size):
        sunk = level[at] + leaked
        flags[at] = np.uint8(sunk >= upper[at]) | np.uint8(sunk <= lower[at])
    found = 0
    for part in range(loud.size):
        if loud[part] == 0:
            continue
        for at in range(8 * part, 8 * part + 8):
            if flags[at]:
                moved[found] = at
                found += 1
    return found


@compiled
def _count(
    now: Plane,
    reference: Plane,
    thresholds: tuple[Plane, Plane],
    leaked: np.float32,
    moved: NDArray[np.int32],
) -> int:
    """Return how many events the `moved` pixels fire together."""
    level, base = now.ravel(), reference.ravel()
    on, off = thresholds[0].ravel(), thresholds[1].ravel()
    events = 0
    for at in moved:
        events += _steps(level[at] - base[at] + leaked, on[at], off[at])
    return events


@compiled
def _steps(gap: np.float32, on: np.float32, off: np.float32) -> int:
    """Return how many thresholds `gap` spans, in either direction."""
    return int(gap / on) if gap > 0 else int(-gap / off)


@compiled
def _fire(
    pictures: tuple[Plane, Plane, Plane],
    levels: tuple[tuple[Plane, Plane], tuple[Plane, Plane]],
    leaked: tuple[np.float32, np.float32],
    where: tuple[Span, NDArray[np.int32]],
    keys: Keys,
) -> int:
    """Write the events of every moved pixel, and move its reference along.

    Returns how many there are.
    """
    before, now = pictures[0].ravel(), pictures[1].ravel()
    reference = pictures[2].ravel()
    on, off = levels[0][0].ravel(), levels[0][1].ravel()
    upper, lower = levels[1][0].ravel(), levels[1][1].ravel()
    span, moved = where
    n = 0
    for at in moved:
        gap = now[at] - reference[at] + leaked[1]
        was = before[at] - reference[at] + leaked[0]
        step = on[at] if gap > 0 else -off[at]
        polarity = 1 if gap > 0 else 0
        count = _steps(gap, on[at], off[at])
        for k in range(1, count + 1):
            share = min(1.0, max(0.0, (k * step - was) / (gap - was)))
            t_us = span[0] + int(share * (span[1] - span[0]))
            keys[n] = _key(t_us, span, polarity, at, now.size)
            n += 1
        reference[at] += np.float32(count * step)
        upper[at] = reference[at] + on[at]
        lower[at] = reference[at] - off[at]
    return n


@compiled
def _shoot(now: Plane, dark: tuple[Shots, np.float32], span: Span, keys: Keys) -> int:
    """Write those shots that become events; return how many.

    Shots are drawn as if all were as dark as can be, where they are so many times as
    many as in full light. Where it is bright, some are none.
    """
    light, one = now.ravel(), np.float32(1.0)
    shots, darkest = dark
    n = 0
    for shot in shots:
        bright = np.exp(min(light[shot.at], np.float32(0.0)))
        if shot.luck < (darkest + (one - darkest) * bright) / darkest:
            keys[n] = _key(shot.t, span, shot.p, shot.at, light.size)
            n += 1
    return n


@compiled
def _key(t_us: int, span: Span, polarity: int, at: int, pixels: int) -> int:
    """Return an event as a number; ticks are counted from the last before the span."""
    tick = t_us // span[2] - span[0] // span[2]
    return (tick * 2 + polarity) * pixels + at


@compiled
def _rest(
    keys: Keys,
    span: Span,
    fired_us: NDArray[np.int64],
    refractory_us: int,
    out: Packet,
) -> int:
    """Write, in order, the events of pixels that had recovered; return how many.

    An event's time is the tick of the sensor's clock before it.
    """
    fired, columns = fired_us.ravel(), fired_us.shape[1]
    first_us = span[0] - span[0] % span[2]
    n = 0
    for key in keys:
        when, at = key // fired.size, key % fired.size
        t_us = first_us + (when >> 1) * span[2]
        if t_us - fired[at] >= refractory_us:
            fired[at] = t_us
            out[n].x, out[n].y = at % columns, at // columns
            out[n].p, out[n].t = when & 1, t_us
            n += 1
    return n

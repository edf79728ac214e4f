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
from heliograph.simulation.camera.follow import STRETCH_PX, UNKNOWN, Line, watch
from heliograph.simulation.camera.noise import Noise, NoiseTraits, Shots

THRESHOLD_MIN = 0.02
"""A pixel whose threshold came out lower by chance would never be silent."""

NEVER_US = -(1 << 62)

AT_ONCE = 1e9
"""So many radians pass in no time for a photoreceptor without a cutoff."""

Plane: TypeAlias = NDArray[np.float32]
"""One number per pixel, rows first."""

Keys: TypeAlias = NDArray[np.int64]
"""Events as numbers that sort as they are read: by tick, polarity, row and column.

A tick is counted from the last before the span. The place takes `PLACE_BITS`.
"""

PLACE_BITS = 32

Span: TypeAlias = tuple[int, int, int]
"""From when to when, and how long a tick is, in us."""


@dataclass(frozen=True, slots=True)
class SensorTraits:
    """How good the sensor is. Thresholds in log units, rates per pixel.

    `readout_us` is the sensor's clock: events between two ticks share a time.
    `dark_noise` is how many times as much shot noise a black pixel has as a white
    one, whose light is 1. `cutoff_hz` is how fast a white pixel's photoreceptor
    follows the light: a low-pass of first order that is slower in the dark, in
    proportion to the light down to `follow.DARK_CUTOFF` of it; 0 follows at once.
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
        pixels = size.width * size.height
        nominal = (self.traits.threshold_on, self.traits.threshold_off)
        # On and off side by side, as the few pixels that fire need both.
        drawn = self._rng.standard_normal((pixels, 2), np.float32)
        drawn *= np.float32(self.traits.mismatch_sigma)
        drawn += np.array(nominal, np.float32)
        self._thresholds = np.maximum(drawn, np.float32(THRESHOLD_MIN))
        self._noise = Noise(size, _noise_traits(self.traits), self._rng)
        self._started = False
        self._seen = np.zeros(pixels, np.float32)
        # Where the light must get to for the next event; see _start.
        self._limits = (np.zeros(pixels, np.float32), np.zeros(pixels, np.float32))
        self._due = np.full(-(-pixels // STRETCH_PX), UNKNOWN, np.float32)
        self._fired_us = np.full(pixels, NEVER_US, np.int64)
        self._moved = (np.empty(pixels, np.int32), np.empty(pixels, np.float32))
        self._keys = np.empty(0, np.int64)
        self._t_us = 0

    def step(self, log_brightness: Plane, t_us: int) -> Packet:
        """Return the events between the picture before and this one, seen at `t_us`.

        Sorted in time; events of one time by polarity, row and column. The first
        picture is where every pixel starts and yields nothing. Raises `ValueError`
        for a picture of another shape and for time that does not go forward.
        """
        if log_brightness.shape != (self.size.height, self.size.width):
            raise ValueError(
                f"the picture has shape {log_brightness.shape}, "
                f"the sensor {(self.size.height, self.size.width)}"
            )
        light = np.ascontiguousarray(log_brightness, np.float32).reshape(-1)
        if not self._started:
            self._start(light)
            self._t_us = t_us
            self._noise.begin(t_us)
            return np.empty(0, EVENT)
        if t_us <= self._t_us:
            raise ValueError(f"{t_us} us does not come after {self._t_us} us")
        span = (self._t_us, t_us, self.traits.readout_us)
        count = self._write_keys(light, span)
        keys = self._keys[:count]
        keys.sort()
        self._t_us = t_us
        packet = np.empty(keys.size, EVENT)
        rest = (self.traits.refractory_us, self.size.width)
        return packet[: _rest(keys, span, self._fired_us, rest, packet)]

    def _start(self, light: Line) -> None:
        """Let every pixel have adapted to the first picture."""
        self._started = True
        self._seen[:] = light
        on, off = self._thresholds.T
        reference = light
        if self.traits.leak_hz > 0:
            # Pixels that leak are somewhere on their way to the next leak event. If
            # all began alike, all would fire at the same moment.
            reference = light - self._rng.random(light.size, np.float32) * on
        self._limits = (reference + on, reference - off)

    def _write_keys(self, light: Line, span: Span) -> int:
        """Write the events of a span into `_keys`; return how many there are."""
        turns = 2 * np.pi * self.traits.cutoff_hz * (span[1] - span[0]) * 1e-6
        passed = (
            np.float32(turns if self.traits.cutoff_hz > 0 else AT_ONCE),
            self._leaked(span[0]),
            self._leaked(span[1]),
        )
        shots = self._noise.until(span[1])
        darkest = np.float32(max(1.0, self.traits.dark_noise))
        levels = (self._thresholds, *self._limits)
        found = watch(light, self._seen, self._limits, self._due, passed, self._moved)
        done, count = 0, 0
        while True:
            done, count = _fire(
                (self._moved[0][:found], self._moved[1], self._seen),
                levels,
                (passed, span),
                (done, count),
                self._keys,
            )
            if done == found and count + shots.size <= self._keys.size:
                break
            room = np.empty(2 * self._keys.size + found + shots.size, np.int64)
            room[:count] = self._keys[:count]
            self._keys = room
        return count + _shoot(self._seen, (shots, darkest), span, self._keys[count:])

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
def _fire(
    moved: tuple[NDArray[np.int32], Line, Line],
    levels: tuple[Plane, Line, Line],
    when: tuple[tuple[np.float32, np.float32, np.float32], Span],
    progress: tuple[int, int],
    keys: Keys,
) -> tuple[int, int]:
    """Write the events of moved pixels from `progress` on, and move their limits along.

    Stops before the pixel whose events there is no room for. Returns the progress:
    how many pixels are done and how many keys are written.
    """
    places, before, seen = moved
    thresholds, upper, lower = levels
    (_, had_leaked, leaked), span = when
    done, count = progress
    for n in range(done, places.size):
        at = places[n]
        on, off = thresholds[at, 0], thresholds[at, 1]
        reference = upper[at] - on
        gap = seen[at] - reference + leaked
        was = before[n] - reference + had_leaked
        step = on if gap > 0 else -off
        polarity = 1 if gap > 0 else 0
        fired = int(gap / step)
        if count + fired > keys.size:
            return n, count
        for k in range(1, fired + 1):
            # By rounding, a pixel may get there without having moved.
            share = (k * step - was) / (gap - was) if gap != was else 1.0
            share = min(1.0, max(0.0, share))
            t_us = span[0] + int(share * (span[1] - span[0]))
            keys[count] = _key(t_us, span, polarity, at)
            count += 1
        if fired:
            reference += np.float32(fired * step)
            upper[at], lower[at] = reference + on, reference - off
    return places.size, count


@compiled
def _shoot(seen: Line, dark: tuple[Shots, np.float32], span: Span, keys: Keys) -> int:
    """Write those shots that become events; return how many.

    Shots are drawn as if all were as dark as can be, where they are so many times as
    many as in full light. Where it is bright, some are none.
    """
    one = np.float32(1.0)
    shots, darkest = dark
    count = 0
    for shot in shots:
        bright = np.exp(min(seen[shot.at], np.float32(0.0)))
        if shot.luck < (darkest + (one - darkest) * bright) / darkest:
            keys[count] = _key(shot.t, span, shot.p, shot.at)
            count += 1
    return count


@compiled
def _key(t_us: int, span: Span, polarity: int, at: int) -> int:
    """Return an event as a number."""
    # Unsigned and short, division takes a few cycles instead of dozens.
    since_us = np.uint32(t_us - span[0] + span[0] % span[2])
    tick = np.int64(since_us // np.uint32(span[2]))
    return int(((tick * 2 + polarity) << PLACE_BITS) | at)


@compiled
def _rest(
    keys: Keys,
    span: Span,
    fired_us: NDArray[np.int64],
    rest: tuple[int, int],
    out: Packet,
) -> int:
    """Write, in order, the events of pixels that had recovered; return how many.

    `rest` is the refractory time and how many columns there are. An event's time is
    the tick of the sensor's clock before it.
    """
    refractory_us, columns = rest[0], np.uint32(rest[1])
    first_us = span[0] - span[0] % span[2]
    count = 0
    for key in keys:
        when, at = key >> PLACE_BITS, np.uint32(key)
        t_us = first_us + (when >> 1) * span[2]
        if t_us - fired_us[at] >= refractory_us:
            fired_us[at] = t_us
            y = at // columns
            out[count].x, out[count].y = at - y * columns, y
            out[count].p, out[count].t = when & 1, t_us
            count += 1
    return count

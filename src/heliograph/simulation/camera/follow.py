"""Photoreceptors that follow the light, and which of them are to fire.

Where nothing changes nothing is worked out: most of a picture is what it was.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled

DARK_CUTOFF = 0.1
"""The least share of its bandwidth that a pixel has left in the dark, as in v2e."""

SETTLED = 1e-4
"""Nearer than this to the light, in log units, a photoreceptor is there."""

STRETCH_PX = 512
"""So many pixels are looked at together, and left alone where nothing changes."""

UNKNOWN = -np.inf

Line: TypeAlias = NDArray[np.float32]
"""One number per pixel, flat."""


@compiled
def watch(  # noqa: PLR0917 - numba takes no keywords
    light: Line,
    seen: Line,
    limits: tuple[Line, Line],
    due: Line,
    passed: tuple[np.float32, np.float32, np.float32],
    moved: tuple[NDArray[np.int32], Line],
) -> int:
    """Let photoreceptors follow the light, and list who reached a limit in `moved`.

    A pixel is listed with what it saw before; returns how many are. `passed` are the
    radians of a white pixel's cutoff, and what had leaked before and has now. `due`
    is for each stretch how much must have leaked before a pixel fires by itself, or
    `UNKNOWN`. A stretch that sees what it saw is left alone until then.
    """
    leaked, found = passed[2], 0
    marks = np.zeros(STRETCH_PX // 8, np.uint64)
    flags = marks.view(np.uint8)
    before = np.empty(STRETCH_PX, np.float32)
    for stretch in range(due.size):
        begin = np.uint64(stretch * STRETCH_PX)
        end = np.uint64(min(light.size, (stretch + 1) * STRETCH_PX))
        if light[begin] == seen[begin] and not _differ(light, seen, begin, end):
            if due[stretch] == UNKNOWN:
                due[stretch] = _least(limits[0], seen, begin, end)
            if leaked < due[stretch]:
                continue
        due[stretch] = UNKNOWN
        _follow(light, seen, passed[0], (begin, end), before)
        _cross(seen, limits, leaked, (begin, end), flags)
        for eight in range(marks.size):
            if marks[eight] == 0:
                continue
            for k in range(np.uint64(8 * eight), np.uint64(8 * eight + 8)):
                if flags[k]:
                    moved[0][found], moved[1][found] = begin + k, before[k]
                    found += 1
    return found


# In the loops over a stretch there is no branch, so that they run as vectors. Marks
# are a byte per pixel, of which eight that are quiet are passed at once. Places are
# unsigned, as Numba asks of others each time whether they count from the end, and no
# part is cut out of an array: of each, references would be counted.


@compiled
def _differ(light: Line, seen: Line, begin: np.uint64, end: np.uint64) -> bool:
    """Tell whether two stretches differ anywhere."""
    differs = np.uint8(0)
    for at in range(begin, end):
        differs |= np.uint8(light[at] != seen[at])
    return bool(differs)


@compiled
def _least(upper: Line, seen: Line, begin: np.uint64, end: np.uint64) -> np.float32:
    """Return how far it is to the nearest upper limit."""
    least = np.float32(np.inf)
    for at in range(begin, end):
        least = min(least, upper[at] - seen[at])
    return least


@compiled
def _follow(
    light: Line,
    seen: Line,
    turns: np.float32,
    part: tuple[np.uint64, np.uint64],
    before: Line,
) -> None:
    """Let photoreceptors follow the light; keep what they saw `before`.

    The exponential of the log light is taken from a polynomial that is 0 at -4.
    """
    floor, one, near = np.float32(DARK_CUTOFF), np.float32(1.0), np.float32(SETTLED)
    for at in range(part[0], part[1]):
        to, was = light[at], seen[at]
        bright = max(np.float32(0.0), min(one, one + np.float32(0.25) * to))
        bright *= bright
        speed = turns * max(floor, bright * bright)
        # NumPy's division: the plain one asks about zero and keeps vectors away.
        then = was + (to - was) * np.divide(speed, one + speed)
        before[at - part[0]] = was
        seen[at] = to if abs(to - then) < near else then


@compiled
def _cross(
    seen: Line,
    limits: tuple[Line, Line],
    leaked: np.float32,
    part: tuple[np.uint64, np.uint64],
    flags: NDArray[np.uint8],
) -> None:
    """Mark who reached a limit."""
    upper, lower = limits
    for at in range(part[0], part[1]):
        sunk = seen[at] + leaked
        flags[at - part[0]] = np.uint8(sunk >= upper[at]) | np.uint8(sunk <= lower[at])
    for at in range(part[1] - part[0], np.uint64(flags.size)):
        flags[at] = 0

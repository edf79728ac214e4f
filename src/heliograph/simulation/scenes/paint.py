"""Put a cut-out into a picture of log light, walking if it walks.

Three coordinate systems: pixels of the picture, the actor's own (its feet at 0, its
head at v = -1, its height the unit) and pixels of the cut-out. What a pixel shows is
looked up backwards: from the picture into the actor, there the gait is undone, and
from there into the cut-out.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled

Plane: TypeAlias = NDArray[np.float32]
Line: TypeAlias = NDArray[np.float32]
Texture: TypeAlias = NDArray[np.float32]
"""Log light and alpha, (height, width, 2)."""

Cut: TypeAlias = tuple[Line, tuple[int, int], NDArray[np.int32]]
"""A texture ready to be painted: flat; its height and width; and from which to which
column each row has any alpha, (height, 2)."""

Affine: TypeAlias = NDArray[np.float64]
"""(2, 3)."""

Gait: TypeAlias = NDArray[np.float64]
"""How the body is bent: see GAIT_FIELDS. All lengths in body heights."""

GAIT_FIELDS = (
    "hip_v",
    "knee_v",
    "centre_u",
    "left swing",
    "left bend",
    "left lift",
    "right swing",
    "right bend",
    "right lift",
    "arm shear",
    "right leg in front",
)
SHOULDER_V = -0.82
ARM_U = 0.11
"""How far from the middle of the body an arm hangs."""

SEAM = 0.012
"""How far over the middle line each leg reaches, so that no gap opens in between."""

STIFF: Gait = np.array([1.0] + [0.0] * (len(GAIT_FIELDS) - 1))
"""No gait: the hip is below the feet."""

SOLID = 0.4
"""From this alpha on a pixel belongs to the cut-out."""


Map: TypeAlias = tuple[float, float, float, float, float, float]
"""A map from the actor to the cut-out: its rows, one after the other."""

Beam: TypeAlias = tuple[float, float, float, float]
"""A row of pixels in the actor: where it begins, and by how much it goes on."""

NOWHERE = -1
STRAIGHT, ARMS, LEGS = 0, 1, 2
"""How a row is bent."""

BAND_PX = 4_096
"""So many pixels are looked up at once: one by one Numba counts references in between,
and more would not stay in the processor's memory."""

SPREAD_ROWS = 16
"""A row of the picture that crosses more rows of a cut-out is looked up whole."""


def cut(texture: Texture) -> Cut:
    """Return a texture as it is painted."""
    rows, columns = texture.shape[:2]
    solid = texture[:, :, 1] > 0
    begins = np.where(solid.any(axis=1), solid.argmax(axis=1), columns)
    ends = columns - solid[:, ::-1].argmax(axis=1)
    spans = np.stack([begins, np.where(begins < columns, ends, 0)], axis=1)
    flat = np.ascontiguousarray(texture, np.float32).reshape(-1)
    return flat, (rows, columns), spans.astype(np.int32)


@compiled
def paint(  # noqa: PLR0917 - numba takes no keywords
    plane: Plane,
    cut_: Cut,
    maps: tuple[Affine, Affine],
    gait: Gait,
    rect: tuple[int, int, int, int],
    dimming: float,
) -> None:
    """Blend the cut-out into `plane` inside `rect` (left, top, right, bottom).

    `maps` leads from pixels to the actor and from there to the cut-out. With a
    `dimming` over 0 it is a shadow: the light sinks by that much, in log units.
    """
    less = np.float32(dimming)
    height = max(1, BAND_PX // max(1, rect[2] - rect[0]))
    for top in range(rect[1], rect[3], height):
        band = (rect[0], top, rect[2], min(rect[3], top + height))
        spans, light, alpha = _look_up(cut_, maps, gait, band)
        n = np.uint64(0)
        for row in range(spans.shape[0]):
            part = plane[top + row, spans[row, 0] : spans[row, 1]]
            pixels = np.uint64(part.size)
            if dimming > 0.0:
                for k in range(pixels):
                    part[k] -= less * alpha[n + k]
            else:
                for k in range(pixels):
                    part[k] += alpha[n + k] * (light[n + k] - part[k])
            n += pixels


@compiled
def restore(plane: Plane, still: Plane, rect: tuple[int, int, int, int]) -> None:
    """Put back into `plane` what `still` shows inside `rect`."""
    for y in range(rect[1], rect[3]):
        for x in range(rect[0], rect[2]):
            plane[y, x] = still[y, x]


@compiled
def claim(  # noqa: PLR0917 - numba takes no keywords
    owner: NDArray[np.int16],
    cut_: Cut,
    maps: tuple[Affine, Affine],
    gait: Gait,
    rect: tuple[int, int, int, int],
    mark: int,
) -> int:
    """Write `mark` to what the cut-out covers of `owner`; return how many pixels."""
    covered = 0
    height = max(1, BAND_PX // max(1, rect[2] - rect[0]))
    for top in range(rect[1], rect[3], height):
        band = (rect[0], top, rect[2], min(rect[3], top + height))
        spans, _, alpha = _look_up(cut_, maps, gait, band)
        n = 0
        for row in range(spans.shape[0]):
            for x in range(spans[row, 0], spans[row, 1]):
                if alpha[n] > SOLID:
                    owner[top + row, x] = mark
                    covered += 1
                n += 1
    return covered


@compiled
def glow(plane: Plane, lit: Plane, strength: float, out: Plane) -> None:
    """Write `plane` into `out`, lit by a lamp of a `strength` from 0 to 1 in `lit`.

    The logarithm is a series, which runs as vectors: off by 3e-6 at most.
    """
    dark, lamp, bright = plane.ravel(), lit.ravel(), out.ravel()
    third, fifth, seventh = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
    one, two, most = np.float32(1.0), np.float32(2.0), np.float32(strength)
    for at in range(bright.size):
        light = most * lamp[at]
        part = np.divide(light, two + light)
        square = part * part
        series = one + square * (third + square * (fifth + square * seventh))
        bright[at] = dark[at] + two * part * series


@compiled
def _look_up(
    cut_: Cut,
    maps: tuple[Affine, Affine],
    gait: Gait,
    rect: tuple[int, int, int, int],
) -> tuple[NDArray[np.int32], Line, Line]:
    """Look up log light and alpha of rows of pixels.

    Returns from which to which column there may be any in each row, (rows, 2), and
    both of those pixels, row after row.
    """
    left, top, right, low = rect
    pixels, rows = right - left, low - top
    spans = np.empty((rows, 2), np.int32)
    x, y = np.empty(rows * pixels, np.float32), np.empty(rows * pixels, np.float32)
    # Where the leg behind comes from, in rows that have one.
    behind = rows * pixels if gait[0] < 0.0 else 0
    x_behind = np.full(behind, np.float32(NOWHERE))
    y_behind = np.full(behind, np.float32(NOWHERE))
    a, b = maps
    to_cut = (b[0, 0], b[0, 1], b[0, 2] - 0.5, b[1, 0], b[1, 1], b[1, 2] - 0.5)
    du, dv = a[0, 0], a[1, 0]
    n = 0
    for row in range(rows):
        u = du * (left + 0.5) + a[0, 1] * (top + row + 0.5) + a[0, 2]
        v = dv * (left + 0.5) + a[1, 1] * (top + row + 0.5) + a[1, 2]
        line = (u, v, du, dv)
        begin, end, bent = _span(cut_, to_cut, gait, line, pixels)
        line = (u + du * begin, v + dv * begin, du, dv)
        here = x[n : n + end - begin], y[n : n + end - begin]
        if bent == LEGS:
            there = x_behind[n : n + end - begin], y_behind[n : n + end - begin]
            _leg(to_cut, gait, line, gait[10] > 0.0, here)
            _leg(to_cut, gait, line, gait[10] <= 0.0, there)
        elif bent == ARMS:
            _arms(to_cut, gait, line, here)
        else:
            _straight(to_cut, line, here)
        spans[row, 0], spans[row, 1] = left + begin, left + end
        n += end - begin
    light, alpha = _sample(cut_, x[:n], y[:n])
    if behind:
        _put_behind((light, alpha), _sample(cut_, x_behind[:n], y_behind[:n]))
    return spans, light, alpha


@compiled
def _span(
    cut_: Cut,
    b: Map,
    gait: Gait,
    line: Beam,
    pixels: int,
) -> tuple[int, int, int]:
    """Return from where to where a row may show anything, and how it is bent."""
    u, v, du, dv = line
    top, low = min(v, v + dv * pixels), max(v, v + dv * pixels)
    hip = gait[0]
    # Where a row begins in the cut-out, and by how much it goes on with each pixel.
    x = (b[0] * u + b[1] * v + b[2], b[0] * du + b[1] * dv)
    y = (b[3] * u + b[4] * v + b[5], b[3] * du + b[4] * dv)
    rows, columns = cut_[1]
    if low <= hip and (hip >= 0.0 or low <= SHOULDER_V or gait[9] == 0.0):
        begin, end = _within(y, (0.0, rows - 1.001), (0, pixels))
        begin, end = _within(x, (0.0, columns - 1.001), (begin, end))
        if end > begin:
            one, other = y[0] + y[1] * begin, y[0] + y[1] * (end - 1)
            filled = _filled(cut_, int(min(one, other)), int(max(one, other)) + 1)
            begin, end = _within(x, filled, (begin, end))
        return begin, end, STRAIGHT
    if hip < 0.0 and top > hip:
        bent, apart = LEGS, _swing(gait, 3, low) + _swing(gait, 6, low)
    else:
        # No arm swings farther than one at the row's lower end, and out to the side.
        bent, apart = ARMS, abs(gait[9]) * max(0.0, low - SHOULDER_V)
    apart = abs(b[0]) * apart + 1.0
    begin, end = _within(x, (-apart, columns + apart), (0, pixels))
    return begin, end, bent


@compiled
def _within(
    series: tuple[float, float], bounds: tuple[float, float], span: tuple[int, int]
) -> tuple[int, int]:
    """Return the part of a span in which first + step * k is inside the bounds."""
    first, step = series
    begin, end = span
    if abs(step) < 1e-9:  # noqa: PLR2004 - parallel to the border
        return (begin, end) if bounds[0] <= first <= bounds[1] else (begin, begin)
    one, other = (bounds[0] - first) / step, (bounds[1] - first) / step
    low, high = max(min(one, other), float(begin)), min(max(one, other), end - 1.0)
    if low > high:
        return begin, begin
    return int(np.ceil(low)), int(np.floor(high)) + 1


@compiled
def _filled(cut_: Cut, first: int, last: int) -> tuple[float, float]:
    """Return between which columns some of these rows have alpha."""
    columns = cut_[1][1]
    if last - first > SPREAD_ROWS:
        return 0.0, float(columns)
    begin, end = columns, 0
    for row in range(first, min(last, cut_[1][0] - 1) + 1):
        begin, end = min(begin, cut_[2][row, 0]), max(end, cut_[2][row, 1])
    # Between a pixel with alpha and one without there is still some.
    return begin - 1.0, float(end)


@compiled
def _swing(gait: Gait, first: int, v: float) -> float:
    """Return how far a leg may have swung at a height, to either side."""
    below = max(0.0, v - gait[0]) / (1.0 - gait[first + 2])
    return float((abs(gait[first]) + abs(gait[first + 1])) * below)


@compiled
def _straight(b: Map, line: Beam, out: tuple[Line, Line]) -> None:
    """Write where in the cut-out the pixels of a row come from that nothing bends."""
    u, v, du, dv = line
    x, y = (
        np.float32(b[0] * u + b[1] * v + b[2]),
        np.float32(b[3] * u + b[4] * v + b[5]),
    )
    step_x = np.float32(b[0] * du + b[1] * dv)
    step_y = np.float32(b[3] * du + b[4] * dv)
    for k in range(out[0].size):
        on = np.float32(np.int32(k))
        out[0][k] = x + step_x * on
        out[1][k] = y + step_y * on


@compiled
def _arms(b: Map, gait: Gait, line: Beam, out: tuple[Line, Line]) -> None:
    """Write the same between shoulder and hip: what is far out swings with the arms."""
    u0, v0, du, dv = line
    centre, shear = gait[2], gait[9]
    for k in range(out[0].size):
        u, v = u0 + du * k, v0 + dv * k
        apart = min(1.0, abs(u - centre) * (1.0 / ARM_U))
        u += shear * apart * apart * max(0.0, v - SHOULDER_V)
        out[0][k] = np.float32(b[0] * u + b[1] * v + b[2])
        out[1][k] = np.float32(b[3] * u + b[4] * v + b[5])


@compiled
def _leg(
    b: Map,
    gait: Gait,
    line: Beam,
    right: bool,  # noqa: FBT001 - numba takes no keywords
    out: tuple[Line, Line],
) -> None:
    """Write the same below the hip, of one leg."""
    u0, v0, du, dv = line
    side, first = (1.0, 6) if right else (-1.0, 3)
    hip, knee, centre = gait[0], gait[1], gait[2]
    swing, bend, longer = gait[first], gait[first + 1], 1.0 / (1.0 - gait[first + 2])
    for k in range(out[0].size):
        u, v = u0 + du * k, v0 + dv * k
        below = max(0.0, v - hip) * longer
        v = min(v, hip) + below
        u -= swing * below + bend * max(0.0, v - knee)
        x = b[0] * u + b[1] * v + b[2]
        out[0][k] = np.float32(x if side * (u - centre) >= -SEAM else NOWHERE)
        out[1][k] = np.float32(b[3] * u + b[4] * v + b[5])


@compiled
def _put_behind(front: tuple[Line, Line], behind: tuple[Line, Line]) -> None:
    """Let what is behind shine through what is in front: log light and alpha each."""
    light, alpha = front
    one, least = np.float32(1.0), np.float32(1e-6)
    for k in range(light.size):
        shown = (one - alpha[k]) * behind[1][k]
        both = alpha[k] + shown
        mixed = alpha[k] * light[k] + shown * behind[0][k]
        light[k] = np.divide(mixed, max(both, least))
        alpha[k] = both


@compiled
def _sample(cut_: Cut, x: Line, y: Line) -> tuple[Line, Line]:
    """Look up places between the four pixels of the cut-out around them.

    Returns log light and alpha. First come places, in a loop that runs as vectors;
    converting one by one takes longer than what comes then. They are unsigned: of
    others Numba asks each time whether they count from the end.
    """
    flat, (rows, columns), _ = cut_
    stride, two, nowhere = np.int32(2 * columns), np.int32(2), np.int32(NOWHERE)
    wide, high, zero = np.float32(columns - 1), np.float32(rows - 1), np.float32(0.0)
    at = np.empty(x.size, np.int32)
    for k in range(x.size):
        column, line = np.int32(x[k]), np.int32(y[k])
        inside = (x[k] >= zero) & (y[k] >= zero) & (x[k] < wide) & (y[k] < high)
        place = np.int32(line * stride + two * column)
        at[k] = place if inside else nowhere
        x[k] -= np.float32(column)
        y[k] -= np.float32(line)
    light, alpha = np.empty(x.size, np.float32), np.empty(x.size, np.float32)
    next_, beside, last = np.uint64(1), np.uint64(2), np.uint64(3)
    for k in range(x.size):
        if at[k] < 0:
            light[k] = alpha[k] = zero
            continue
        upper = np.uint64(np.uint32(at[k]))
        lower = upper + np.uint64(stride)
        above = flat[upper + next_] + (flat[upper + last] - flat[upper + next_]) * x[k]
        below = flat[lower + next_] + (flat[lower + last] - flat[lower + next_]) * x[k]
        alpha[k] = above + (below - above) * y[k]
        above = flat[upper] + (flat[upper + beside] - flat[upper]) * x[k]
        below = flat[lower] + (flat[lower + beside] - flat[lower]) * x[k]
        light[k] = above + (below - above) * y[k]
    return light, alpha

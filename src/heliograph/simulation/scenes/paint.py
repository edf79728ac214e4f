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
Texture: TypeAlias = NDArray[np.float32]
"""Log light and alpha, (height, width, 2)."""

Cut: TypeAlias = tuple[NDArray[np.float32], tuple[int, int], NDArray[np.int32]]
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
    line = np.empty((rect[2] - rect[0], 2), np.float32)
    for y in range(rect[1], rect[3]):
        begin, end = _look_up_row(cut_, maps, gait, (rect[0], rect[2], y), line)
        if dimming > 0.0:
            for x in range(begin, end):
                plane[y, x] -= np.float32(dimming) * line[x - rect[0], 1]
            continue
        for x in range(begin, end):
            light, alpha = line[x - rect[0], 0], line[x - rect[0], 1]
            plane[y, x] += alpha * (light - plane[y, x])


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
    line = np.empty((rect[2] - rect[0], 2), np.float32)
    for y in range(rect[1], rect[3]):
        begin, end = _look_up_row(cut_, maps, gait, (rect[0], rect[2], y), line)
        for x in range(begin, end):
            if line[x - rect[0], 1] > SOLID:
                owner[y, x] = mark
                covered += 1
    return covered


@compiled
def _look_up_row(
    cut_: Cut,
    maps: tuple[Affine, Affine],
    gait: Gait,
    where: tuple[int, int, int],
    line: NDArray[np.float32],
) -> tuple[int, int]:
    """Fill `line` with log light and alpha of a row of pixels: left, right, y.

    Returns from where to where it is filled; what is beyond shows nothing.
    """
    left, right, y = where
    a, b = maps
    u0 = a[0, 0] * (left + 0.5) + a[0, 1] * (y + 0.5) + a[0, 2]
    v0 = a[1, 0] * (left + 0.5) + a[1, 1] * (y + 0.5) + a[1, 2]
    du, dv = a[0, 0], a[1, 0]
    top = min(v0, v0 + dv * (right - left))
    low = max(v0, v0 + dv * (right - left))
    hip = gait[0]
    if low <= hip and (hip >= 0.0 or low <= SHOULDER_V or gait[9] == 0.0):
        fx = b[0, 0] * u0 + b[0, 1] * v0 + b[0, 2] - 0.5
        fy = b[1, 0] * u0 + b[1, 1] * v0 + b[1, 2] - 0.5
        step = (b[0, 0] * du + b[0, 1] * dv, b[1, 0] * du + b[1, 1] * dv)
        return _copy_row(cut_, (fx, fy), step, (left, right), line)
    if hip < 0.0 and top > hip:
        begin, end = _legs_row(cut_, b, gait, (u0, v0, du, dv), line)
        return left + begin, left + end
    # No arm swings farther than one at the row's lower end, and out to the side.
    apart = abs(b[0, 0] * gait[9] * max(0.0, low - SHOULDER_V)) + 1.0
    fx = b[0, 0] * u0 + b[0, 1] * v0 + b[0, 2] - 0.5
    step_x, sides = b[0, 0] * du + b[0, 1] * dv, (-apart, cut_[1][1] - 1 + apart)
    begin, end = _within((fx, step_x), sides, (0, right - left))
    for k in range(begin, end):
        u, v = u0 + du * k, v0 + dv * k
        if v > SHOULDER_V:
            out = min(1.0, abs(u - gait[2]) / ARM_U)
            u += gait[9] * out * out * (v - SHOULDER_V)
        fx = b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5
        fy = b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5
        line[k, 0], line[k, 1] = _sample(cut_, fx, fy)
    return left + begin, left + end


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
def _copy_row(
    cut_: Cut,
    first: tuple[float, float],
    step: tuple[float, float],
    span: tuple[int, int],
    line: NDArray[np.float32],
) -> tuple[int, int]:
    """Fill a row that nothing bends: only where it can meet the cut-out."""
    whole = (0, span[1] - span[0])
    wide, high = (0.0, cut_[1][1] - 1.001), (0.0, cut_[1][0] - 1.001)
    begin, end = _within((first[1], step[1]), high, whole)
    begin, end = _within((first[0], step[0]), wide, (begin, end))
    if end > begin:
        rows = (first[1] + step[1] * begin, first[1] + step[1] * (end - 1))
        filled = _filled(cut_, int(min(rows)), int(max(rows)) + 1)
        begin, end = _within((first[0], step[0]), filled, (begin, end))
    for k in range(begin, end):
        fx = first[0] + step[0] * k
        fy = first[1] + step[1] * k
        line[k, 0], line[k, 1] = _between(cut_, fx, fy)
    return span[0] + begin, span[0] + end


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
def _legs_row(
    cut_: Cut,
    to_texture: Affine,
    gait: Gait,
    row: tuple[float, float, float, float],
    line: NDArray[np.float32],
) -> tuple[int, int]:
    """Fill a row below the hip: the leg behind, and over it the one in front."""
    right_first = gait[10] > 0.0
    over = _leg_span(cut_, to_texture, gait, row, right_first, line.shape[0])
    under = _leg_span(cut_, to_texture, gait, row, not right_first, line.shape[0])
    begin, end = min(over[0], under[0]), max(over[1], under[1])
    line[begin:end] = np.float32(0.0)
    _leg(cut_, to_texture, gait, (row, right_first), over, line)
    _leg(cut_, to_texture, gait, (row, not right_first), under, line)
    return begin, end


@compiled
def _swung(gait: Gait, first: int, v: float) -> float:
    """Return how far a leg has swung at a height."""
    below = max(0.0, v - gait[0]) / (1.0 - gait[first + 2])
    beyond = max(0.0, gait[0] + below - gait[1])
    return float(gait[first] * below + gait[first + 1] * beyond)


@compiled
def _leg_span(  # noqa: PLR0917 - numba takes no keywords
    cut_: Cut,
    to_texture: Affine,
    gait: Gait,
    row: tuple[float, float, float, float],
    right: bool,  # noqa: FBT001 - numba takes no keywords
    pixels: int,
) -> tuple[int, int]:
    """Return from where to where in a row a leg may be."""
    u0, v0, du, dv = row
    b, side = to_texture, 1.0 if right else -1.0
    one = _swung(gait, 6 if right else 3, v0)
    other = _swung(gait, 6 if right else 3, v0 + dv * pixels)
    slack = abs(b[0, 0] * (one - other)) + 2.0
    low, high = -slack, cut_[1][1] - 1 + slack
    middle = b[0, 0] * (gait[2] - side * SEAM) + b[0, 1] * v0 + b[0, 2] - 0.5
    if side * b[0, 0] > 0.0:
        low = max(low, middle - slack)
    else:
        high = min(high, middle + slack)
    first = b[0, 0] * (u0 - one) + b[0, 1] * v0 + b[0, 2] - 0.5
    step = b[0, 0] * du + b[0, 1] * dv
    return _within((first, step), (low, high), (0, pixels))


@compiled
def _leg(  # noqa: PLR0917 - numba takes no keywords
    cut_: Cut,
    to_texture: Affine,
    gait: Gait,
    what: tuple[tuple[float, float, float, float], bool],
    span: tuple[int, int],
    line: NDArray[np.float32],
) -> None:
    """Put a leg behind what is in the row already."""
    (u0, v0, du, dv), right = what
    b, side, first = to_texture, 1.0 if right else -1.0, 6 if right else 3
    hip, knee, centre = gait[0], gait[1], gait[2]
    swing, bend, longer = gait[first], gait[first + 1], 1.0 / (1.0 - gait[first + 2])
    for k in range(span[0], span[1]):
        over = line[k, 1]
        if over >= 1.0:
            continue
        u, v = u0 + du * k, v0 + dv * k
        if v > hip:
            v = hip + (v - hip) * longer
            u -= swing * (v - hip) + bend * max(0.0, v - knee)
        if side * (u - centre) < -SEAM:
            continue
        fx = b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5
        fy = b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5
        light, alpha = _sample(cut_, fx, fy)
        shown = (np.float32(1.0) - over) * alpha
        if shown > 0.0:
            line[k, 0] = (over * line[k, 0] + shown * light) / (over + shown)
            line[k, 1] = over + shown


@compiled
def _sample(cut_: Cut, fx: float, fy: float) -> tuple[np.float32, np.float32]:
    """Return log light and alpha between the four pixels around a place."""
    rows, columns = cut_[1]
    if fx < 0.0 or fy < 0.0 or fx >= columns - 1 or fy >= rows - 1:
        return np.float32(0.0), np.float32(0.0)
    return _between(cut_, fx, fy)


@compiled
def _between(cut_: Cut, fx: float, fy: float) -> tuple[np.float32, np.float32]:
    """Return the same of a place that has four pixels around it.

    Places are unsigned: of others Numba asks each time whether they are negative.
    """
    flat, columns = cut_[0], cut_[1][1]
    x, y = np.int32(fx), np.int32(fy)
    sx, sy = np.float32(fx - x), np.float32(fy - y)
    upper = np.uint64(2 * (y * columns + x))
    lower = upper + np.uint64(2 * columns)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    above = flat[upper + one] + (flat[upper + three] - flat[upper + one]) * sx
    below = flat[lower + one] + (flat[lower + three] - flat[lower + one]) * sx
    alpha = above + (below - above) * sy
    above = flat[upper] + (flat[upper + two] - flat[upper]) * sx
    below = flat[lower] + (flat[lower + two] - flat[lower]) * sx
    return above + (below - above) * sy, alpha

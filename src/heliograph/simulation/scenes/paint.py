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


Row: TypeAlias = tuple[Line, Line, Line, Line, NDArray[np.int32]]
"""Room for a row of pixels: log light and alpha; where in the cut-out they come from,
x and y, later only how far past a pixel of it; and which of its numbers that pixel's
are, or `NOWHERE`."""

NOWHERE = -1

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
    row = _row(rect[2] - rect[0])
    light, alpha = row[0], row[1]
    less = np.float32(dimming)
    for y in range(rect[1], rect[3]):
        begin, end = _look_up_row(cut_, maps, gait, (rect[0], rect[2], y), row)
        part = plane[y, begin:end]
        if dimming > 0.0:
            for k in range(part.size):
                part[k] -= less * alpha[k]
            continue
        for k in range(part.size):
            part[k] += alpha[k] * (light[k] - part[k])


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
    row = _row(rect[2] - rect[0])
    for y in range(rect[1], rect[3]):
        begin, end = _look_up_row(cut_, maps, gait, (rect[0], rect[2], y), row)
        for k in range(end - begin):
            if row[1][k] > SOLID:
                owner[y, begin + k] = mark
                covered += 1
    return covered


@compiled
def tally(owner: NDArray[np.int16], marks: int) -> NDArray[np.int64]:
    """Return how many pixels have each mark from 1 to `marks`."""
    counts = np.zeros(marks + 1, np.int64)
    for mark in owner.ravel():
        counts[mark] += 1
    return counts[1:]


@compiled
def _row(pixels: int) -> Row:
    """Return room for so many pixels."""
    return (
        np.empty(pixels, np.float32),
        np.empty(pixels, np.float32),
        np.empty(pixels, np.float32),
        np.empty(pixels, np.float32),
        np.empty(pixels, np.int32),
    )


@compiled
def _look_up_row(
    cut_: Cut,
    maps: tuple[Affine, Affine],
    gait: Gait,
    where: tuple[int, int, int],
    row: Row,
) -> tuple[int, int]:
    """Look up log light and alpha of a row of pixels: left, right, y.

    Returns from which to which column there may be any; `row` begins with the first.
    """
    left, right, y = where
    a, b = maps
    u0 = a[0, 0] * (left + 0.5) + a[0, 1] * (y + 0.5) + a[0, 2]
    v0 = a[1, 0] * (left + 0.5) + a[1, 1] * (y + 0.5) + a[1, 2]
    du, dv = a[0, 0], a[1, 0]
    pixels = right - left
    top = min(v0, v0 + dv * pixels)
    low = max(v0, v0 + dv * pixels)
    hip = gait[0]
    # Where a row begins in the cut-out, and by how much it goes on with each pixel.
    fx = b[0, 0] * u0 + b[0, 1] * v0 + b[0, 2] - 0.5
    fy = b[1, 0] * u0 + b[1, 1] * v0 + b[1, 2] - 0.5
    x, y_ = (fx, b[0, 0] * du + b[0, 1] * dv), (fy, b[1, 0] * du + b[1, 1] * dv)
    if low <= hip and (hip >= 0.0 or low <= SHOULDER_V or gait[9] == 0.0):
        begin, end = _copy_row(cut_, x, y_, pixels, row)
    elif hip < 0.0 and top > hip:
        reach = _swing(gait, 3, low) + _swing(gait, 6, low)
        apart = abs(b[0, 0]) * reach + 1.0
        begin, end = _within(x, (-apart, cut_[1][1] + apart), (0, pixels))
        line = (u0 + du * begin, v0 + dv * begin, du, dv)
        _legs_row(cut_, b, gait, line, end - begin, row)
    else:
        # No arm swings farther than one at the row's lower end, and out to the side.
        apart = abs(b[0, 0] * gait[9] * max(0.0, low - SHOULDER_V)) + 1.0
        begin, end = _within(x, (-apart, cut_[1][1] + apart), (0, pixels))
        line = (u0 + du * begin, v0 + dv * begin, du, dv)
        _arms_row(cut_, b, gait, line, end - begin, row)
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
    x: tuple[float, float],
    y: tuple[float, float],
    pixels: int,
    row: Row,
) -> tuple[int, int]:
    """Look up a row that nothing bends: only where it can meet the cut-out."""
    wide, high = (0.0, cut_[1][1] - 1.001), (0.0, cut_[1][0] - 1.001)
    begin, end = _within(y, high, (0, pixels))
    begin, end = _within(x, wide, (begin, end))
    if end > begin:
        rows = (y[0] + y[1] * begin, y[0] + y[1] * (end - 1))
        filled = _filled(cut_, int(min(rows)), int(max(rows)) + 1)
        begin, end = _within(x, filled, (begin, end))
    first_x, first_y = np.float32(x[0] + x[1] * begin), np.float32(y[0] + y[1] * begin)
    step_x, step_y = np.float32(x[1]), np.float32(y[1])
    for k in range(end - begin):
        on = np.float32(np.int32(k))
        row[2][k] = first_x + step_x * on
        row[3][k] = first_y + step_y * on
    _sample(cut_, row, end - begin)
    return begin, end


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
def _arms_row(  # noqa: PLR0917 - numba takes no keywords
    cut_: Cut,
    b: Affine,
    gait: Gait,
    line: tuple[float, float, float, float],
    pixels: int,
    row: Row,
) -> None:
    """Look up a row between shoulder and hip: what is far out swings with the arms."""
    u0, v0, du, dv = line
    for k in range(pixels):
        u, v = u0 + du * k, v0 + dv * k
        out = min(1.0, abs(u - gait[2]) * (1.0 / ARM_U))
        u += gait[9] * out * out * max(0.0, v - SHOULDER_V)
        row[2][k] = np.float32(b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5)
        row[3][k] = np.float32(b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5)
    _sample(cut_, row, pixels)


@compiled
def _swing(gait: Gait, first: int, v: float) -> float:
    """Return how far a leg may have swung at a height, to either side."""
    below = max(0.0, v - gait[0]) / (1.0 - gait[first + 2])
    return float((abs(gait[first]) + abs(gait[first + 1])) * below)


@compiled
def _legs_row(  # noqa: PLR0917 - numba takes no keywords
    cut_: Cut,
    b: Affine,
    gait: Gait,
    line: tuple[float, float, float, float],
    pixels: int,
    row: Row,
) -> None:
    """Look up a row below the hip: the leg behind, and over it the one in front."""
    right_first = gait[10] > 0.0
    light, alpha = row[0], row[1]
    _leg(b, gait, line, right_first, pixels, row)
    _sample(cut_, row, pixels)
    other = (np.empty(pixels, np.float32), np.empty(pixels, np.float32), *row[2:])
    _leg(b, gait, line, not right_first, pixels, row)
    _sample(cut_, other, pixels)
    one, least = np.float32(1.0), np.float32(1e-6)
    for k in range(pixels):
        shown = (one - alpha[k]) * other[1][k]
        both = alpha[k] + shown
        mixed = alpha[k] * light[k] + shown * other[0][k]
        light[k] = np.divide(mixed, max(both, least))
        alpha[k] = both


@compiled
def _leg(  # noqa: PLR0917 - numba takes no keywords
    b: Affine,
    gait: Gait,
    line: tuple[float, float, float, float],
    right: bool,  # noqa: FBT001 - numba takes no keywords
    pixels: int,
    row: Row,
) -> None:
    """Write where in the cut-out the pixels of one leg come from."""
    u0, v0, du, dv = line
    side, first = (1.0, 6) if right else (-1.0, 3)
    hip, knee, centre = gait[0], gait[1], gait[2]
    swing, bend, longer = gait[first], gait[first + 1], 1.0 / (1.0 - gait[first + 2])
    for k in range(pixels):
        u, v = u0 + du * k, v0 + dv * k
        below = max(0.0, v - hip) * longer
        v = min(v, hip) + below
        u -= swing * below + bend * max(0.0, v - knee)
        x = b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5
        row[2][k] = np.float32(x if side * (u - centre) >= -SEAM else NOWHERE)
        row[3][k] = np.float32(b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5)


@compiled
def _sample(cut_: Cut, row: Row, pixels: int) -> None:
    """Look up pixels between the four of the cut-out around them.

    First where, in a loop that runs as vectors; converting one by one takes longer
    than what comes then. Places are unsigned: of others Numba asks each time whether
    they count from the end.
    """
    light, alpha, x, y, at = row
    flat, (rows, columns), _ = cut_
    stride = np.int32(2 * columns)
    wide, high, zero = np.float32(columns - 1), np.float32(rows - 1), np.float32(0.0)
    two, nowhere = np.int32(2), np.int32(NOWHERE)
    for k in range(pixels):
        column, line = np.int32(x[k]), np.int32(y[k])
        inside = (x[k] >= zero) & (y[k] >= zero) & (x[k] < wide) & (y[k] < high)
        place = np.int32(line * stride + two * column)
        at[k] = place if inside else nowhere
        x[k] -= np.float32(column)
        y[k] -= np.float32(line)
    next_, beside, last = np.uint64(1), np.uint64(2), np.uint64(3)
    for k in range(pixels):
        if at[k] < 0:
            light[k] = alpha[k] = np.float32(0.0)
            continue
        upper = np.uint64(np.uint32(at[k]))
        lower = upper + np.uint64(stride)
        above = flat[upper + next_] + (flat[upper + last] - flat[upper + next_]) * x[k]
        below = flat[lower + next_] + (flat[lower + last] - flat[lower + next_]) * x[k]
        alpha[k] = above + (below - above) * y[k]
        above = flat[upper] + (flat[upper + beside] - flat[upper]) * x[k]
        below = flat[lower] + (flat[lower + beside] - flat[lower]) * x[k]
        light[k] = above + (below - above) * y[k]

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


@compiled
def paint(  # noqa: PLR0917 - numba takes no keywords
    plane: Plane,
    texture: Texture,
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
        begin, end = _look_up_row(texture, maps, gait, (rect[0], rect[2], y), line)
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
    texture: Texture,
    maps: tuple[Affine, Affine],
    gait: Gait,
    rect: tuple[int, int, int, int],
    mark: int,
) -> int:
    """Write `mark` to what the cut-out covers of `owner`; return how many pixels."""
    covered = 0
    line = np.empty((rect[2] - rect[0], 2), np.float32)
    for y in range(rect[1], rect[3]):
        begin, end = _look_up_row(texture, maps, gait, (rect[0], rect[2], y), line)
        for x in range(begin, end):
            if line[x - rect[0], 1] > SOLID:
                owner[y, x] = mark
                covered += 1
    return covered


@compiled
def _look_up_row(
    texture: Texture,
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
        return _copy_row(texture, (fx, fy), step, (left, right), line)
    if hip < 0.0 and top > hip:
        _legs_row(texture, b, gait, (u0, v0, du, dv), line)
        return left, right
    for k in range(right - left):
        u, v = u0 + du * k, v0 + dv * k
        if v > SHOULDER_V:
            out = min(1.0, abs(u - gait[2]) / ARM_U)
            u += gait[9] * out * out * (v - SHOULDER_V)
        fx = b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5
        fy = b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5
        line[k, 0], line[k, 1] = _sample(texture, fx, fy)
    return left, right


@compiled
def _copy_row(
    texture: Texture,
    first: tuple[float, float],
    step: tuple[float, float],
    span: tuple[int, int],
    line: NDArray[np.float32],
) -> tuple[int, int]:
    """Fill a row that nothing bends: only where it can meet the cut-out."""
    begin, end = 0, span[1] - span[0]
    for axis in range(2):
        last = texture.shape[1 - axis] - 1.001
        at, by = first[axis], step[axis]
        if abs(by) < 1e-9:  # noqa: PLR2004 - parallel to the border
            if at < 0.0 or at > last:
                end = begin
            continue
        one, other = -at / by, (last - at) / by
        begin = max(begin, int(np.ceil(min(one, other))))
        end = min(end, int(np.floor(max(one, other))) + 1)
    for k in range(begin, end):
        fx = first[0] + step[0] * k
        fy = first[1] + step[1] * k
        line[k, 0], line[k, 1] = _sample(texture, fx, fy)
    return span[0] + begin, span[0] + max(begin, end)


@compiled
def _legs_row(
    texture: Texture,
    to_texture: Affine,
    gait: Gait,
    row: tuple[float, float, float, float],
    line: NDArray[np.float32],
) -> None:
    """Fill a row below the hip: the leg behind, and over it the one in front."""
    u0, v0, du, dv = row
    front = gait[10] > 0.0
    b = to_texture
    for back in range(2):
        right = front if back == 0 else not front
        first = 6 if right else 3
        swing, bend = gait[first], gait[first + 1]
        longer = 1.0 / (1.0 - gait[first + 2])
        side = 1.0 if right else -1.0
        for k in range(line.shape[0]):
            if back == 1 and line[k, 1] >= 1.0:
                continue
            u, v = u0 + du * k, v0 + dv * k
            if v > gait[0]:
                v = gait[0] + (v - gait[0]) * longer
                u -= swing * (v - gait[0]) + bend * max(0.0, v - gait[1])
            light, alpha = np.float32(0.0), np.float32(0.0)
            if side * (u - gait[2]) >= -SEAM:
                fx = b[0, 0] * u + b[0, 1] * v + b[0, 2] - 0.5
                fy = b[1, 0] * u + b[1, 1] * v + b[1, 2] - 0.5
                light, alpha = _sample(texture, fx, fy)
            if back == 0:
                line[k, 0], line[k, 1] = light, alpha
                continue
            over = line[k, 1]
            shown = (np.float32(1.0) - over) * alpha
            if shown > 0.0:
                line[k, 0] = (over * line[k, 0] + shown * light) / (over + shown)
                line[k, 1] = over + shown


@compiled
def _sample(texture: Texture, fx: float, fy: float) -> tuple[np.float32, np.float32]:
    """Return log light and alpha between the four pixels around a place."""
    if fx < 0.0 or fy < 0.0:
        return np.float32(0.0), np.float32(0.0)
    x, y = np.int64(fx), np.int64(fy)
    if x + 1 >= texture.shape[1] or y + 1 >= texture.shape[0]:
        return np.float32(0.0), np.float32(0.0)
    sx, sy = np.float32(fx - x), np.float32(fy - y)
    one = np.float32(1.0)
    upper = texture[y, x, 1] * (one - sx) + texture[y, x + 1, 1] * sx
    lower = texture[y + 1, x, 1] * (one - sx) + texture[y + 1, x + 1, 1] * sx
    alpha = upper * (one - sy) + lower * sy
    upper = texture[y, x, 0] * (one - sx) + texture[y, x + 1, 0] * sx
    lower = texture[y + 1, x, 0] * (one - sx) + texture[y + 1, x + 1, 0] * sx
    return upper * (one - sy) + lower * sy, alpha

"""Draw shapes with sub-pixel edges into a picture of linear brightness.

An event camera answers to the motion of an edge by a fraction of a pixel, so a
pixel's coverage is computed from its distance to the shape, not from samples: an
edge that moves by a tenth of a pixel changes its pixels by a tenth.
"""

from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.types import Box

Picture: TypeAlias = NDArray[np.float32]
"""Brightness per pixel, rows first; 0 is black and 1 is white paper in the sun."""


@dataclass(frozen=True, slots=True)
class Capsule:
    """A line from `a` to `b`, as thick as radius `ra` at one end and `rb` at the other.

    A limb, a head (`a` is `b`) or a wheel. All in pixels; `soft_px` is the width of
    the edge, `opacity` what the shape hides (a shadow hides little).
    """

    a: tuple[float, float]
    b: tuple[float, float]
    ra: float
    rb: float
    brightness: float
    opacity: float = 1.0
    soft_px: float = 1.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels."""
        return (
            min(self.a[0] - self.ra, self.b[0] - self.rb),
            min(self.a[1] - self.ra, self.b[1] - self.rb),
            max(self.a[0] + self.ra, self.b[0] + self.rb),
            max(self.a[1] + self.ra, self.b[1] + self.rb),
        )

    def draw(self, picture: Picture) -> None:
        """Blend this shape over `picture`."""
        ends = (*self.a, *self.b, self.ra, self.rb)
        look = (self.brightness, self.opacity, self.soft_px)
        _draw_capsule(picture, ends, look, _pixels(self.bounds, self.soft_px, picture))


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled outline with corners rounded by `radius` pixels: a car's body."""

    points: NDArray[np.float64]
    radius: float
    brightness: float
    opacity: float = 1.0
    soft_px: float = 1.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels."""
        left, top = self.points.min(axis=0) - self.radius
        right, bottom = self.points.max(axis=0) + self.radius
        return float(left), float(top), float(right), float(bottom)

    def draw(self, picture: Picture) -> None:
        """Blend this shape over `picture`."""
        look = (self.brightness, self.opacity, self.soft_px)
        box = _pixels(self.bounds, self.soft_px, picture)
        _draw_polygon(picture, self.points, self.radius, look, box)


Shape: TypeAlias = Capsule | Polygon


def enclosing_box(shapes: list[Shape], label: str) -> Box:
    """Return the smallest box around `shapes`, which may reach outside the picture."""
    bounds = np.array([shape.bounds for shape in shapes])
    left, top = bounds[:, :2].min(axis=0)
    right, bottom = bounds[:, 2:].max(axis=0)
    return Box(
        float(left), float(top), float(right - left), float(bottom - top), label=label
    )


def _pixels(
    bounds: tuple[float, float, float, float], soft_px: float, picture: Picture
) -> tuple[int, int, int, int]:
    """Return the columns and rows that a shape can touch, cut at the picture's edge."""
    height, width = picture.shape
    left, top, right, bottom = bounds
    return (
        max(0, int(left - soft_px)),
        max(0, int(top - soft_px)),
        max(0, min(width, int(right + soft_px) + 2)),
        max(0, min(height, int(bottom + soft_px) + 2)),
    )


@compiled
def _blend(
    picture: Picture,
    at: tuple[int, int],
    distance: float,
    look: tuple[float, float, float],
) -> None:
    """Blend one pixel whose centre is `distance` px outside the shape."""
    brightness, opacity, soft_px = look
    cover = min(1.0, max(0.0, 0.5 - distance / soft_px)) * opacity
    if cover > 0.0:
        picture[at] += np.float32(cover * (brightness - picture[at]))


@compiled
def _draw_capsule(
    picture: Picture,
    ends: tuple[float, float, float, float, float, float],
    look: tuple[float, float, float],
    box: tuple[int, int, int, int],
) -> None:
    ax, ay, bx, by, ra, rb = ends
    dx, dy = bx - ax, by - ay
    length_2 = max(dx * dx + dy * dy, 1e-9)
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            px, py = x + 0.5 - ax, y + 0.5 - ay
            along = min(1.0, max(0.0, (px * dx + py * dy) / length_2))
            ox, oy = px - along * dx, py - along * dy
            away = sqrt(ox * ox + oy * oy)
            _blend(picture, (y, x), away - (ra + along * (rb - ra)), look)


@compiled
def _draw_polygon(
    picture: Picture,
    points: NDArray[np.float64],
    radius: float,
    look: tuple[float, float, float],
    box: tuple[int, int, int, int],
) -> None:
    soft_px = look[2]
    for y in range(box[1], box[3]):
        x = box[0]
        while x < box[2]:
            away = _polygon_distance(points, x + 0.5, y + 0.5) - radius
            # A distance changes by at most one pixel per pixel, so as many pixels as
            # the edge is away are as far inside, or outside, as this one.
            end = min(box[2], x + 1 + max(0, int(abs(away) - soft_px)))
            while x < end:
                _blend(picture, (y, x), away, look)
                x += 1


@compiled
def _polygon_distance(points: NDArray[np.float64], x: float, y: float) -> float:
    """Distance from a point to the outline, negative inside (crossing number)."""
    inside = False
    nearest_2 = np.inf
    j = points.shape[0] - 1
    for i in range(points.shape[0]):
        ax, ay = points[i]
        dx, dy = points[j, 0] - ax, points[j, 1] - ay
        px, py = x - ax, y - ay
        along = (px * dx + py * dy) / max(dx * dx + dy * dy, 1e-9)
        along = min(1.0, max(0.0, along))
        ox, oy = px - along * dx, py - along * dy
        nearest_2 = min(nearest_2, ox * ox + oy * oy)
        if (ay > y) != (ay + dy > y) and px < py * dx / dy:
            inside = not inside
        j = i
    away = sqrt(nearest_2)
    return -away if inside else away

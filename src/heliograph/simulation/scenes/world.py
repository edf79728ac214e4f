"""Where things are, in metres, and where a camera sees them, in pixels.

The ground is flat. The camera looks along +z from `height_m` above it; x is to the
right. All of it is worked out for many moments at once: arrays of (moments,).
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Size

Series: TypeAlias = NDArray[np.float64]

GRID_S = 0.005
NEAR_M = 0.7
"""Nearer than this, nothing is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A way over the ground: `x`, `z` in m, the way walked, and the pace, 0 to 1."""

    t_s: Series
    x: Series
    z: Series
    way: Series
    pace: Series

    def at(self, t_s: Series) -> "Course":
        """Return the course at these moments."""
        parts = (
            np.interp(t_s, self.t_s, a) for a in (self.x, self.z, self.way, self.pace)
        )
        return Course(t_s, *parts)

    def beside(self, dx: float, dz: float) -> "Course":
        """Return the course of a companion."""
        return Course(self.t_s, self.x + dx, self.z + dz, self.way, self.pace)


def course(
    seconds: float,
    start: tuple[float, float],
    heading: float,
    speed: float,
    *,
    turning: float = 0.0,
    pause_s: tuple[float, float] | None = None,
) -> Course:
    """Return a course that is at `start` (x, z) in the middle of the time.

    `heading` in radians from +x towards +z, `speed` in m/s, `turning` in rad/s;
    during `pause_s` the mover stands still.
    """
    t_s = np.arange(-2 * GRID_S, seconds + 2 * GRID_S, GRID_S)
    pace = np.ones(t_s.size)
    if pause_s is not None:
        ramp = 0.3
        down = np.clip((t_s - pause_s[0]) / ramp, 0, 1)
        up = np.clip((t_s - pause_s[1]) / ramp, 0, 1)
        pace = 1 - down + up * (down >= 1)
        pace = np.clip(pace, 0, 1)
    angle = heading + turning * (t_s - seconds / 2)
    way = np.cumsum(pace) * GRID_S * speed
    x = np.cumsum(pace * np.cos(angle)) * GRID_S * speed
    z = np.cumsum(pace * np.sin(angle)) * GRID_S * speed
    middle = t_s.size // 2
    return Course(t_s, x - x[middle] + start[0], z - z[middle] + start[1], way, pace)


@dataclass(frozen=True, slots=True)
class Optics:
    """How the camera sees: focal length and horizon in pixels, height in metres.

    `ego` is the camera's own velocity in m/s: to the right and forward.
    """

    size: Size
    focal_px: float
    horizon_px: float
    height_m: float
    ego: tuple[float, float] = (0.0, 0.0)

    def distance(self, height_m: float, height_px: float) -> float:
        """Return how far away something of `height_m` looks `height_px` high."""
        return self.focal_px * height_m / height_px

    def x_m(self, x_px: float, z_m: float) -> float:
        """Return where on the ground column `x_px` is at a distance."""
        return (x_px - self.size.width / 2) * z_m / self.focal_px

    def seen(self, way: Course) -> tuple[Series, Series, Series, Series]:
        """Return foot x and y in pixels, pixels per metre, and distance in metres."""
        x = way.x - self.ego[0] * way.t_s
        z = way.z - self.ego[1] * way.t_s
        scale = self.focal_px / np.maximum(z, NEAR_M)
        return (
            self.size.width / 2 + x * scale,
            self.horizon_px + self.height_m * scale,
            scale,
            z,
        )

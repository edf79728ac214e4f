"""A car that drives through the street, seen from the side."""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.camera.shapes import Capsule, Polygon, Shape

CarBody = Literal["car", "van"]

# Outlines in metres: forward, up. Fronts point to the right.
OUTLINES: dict[CarBody, list[tuple[float, float]]] = {
    "car": [
        (-2.05, 0.35), (-2.1, 0.8), (-1.5, 0.95), (-0.95, 1.38), (0.3, 1.4),
        (1.0, 0.95), (1.9, 0.8), (2.1, 0.55), (2.05, 0.35),
    ],
    "van": [
        (-2.2, 0.35), (-2.25, 1.85), (1.15, 1.9), (1.75, 1.15), (2.3, 0.9),
        (2.3, 0.35),
    ],
}  # fmt: skip
PANES: dict[CarBody, list[list[tuple[float, float]]]] = {
    "car": [
        [(-1.15, 0.98), (-0.85, 1.3), (-0.3, 1.32), (-0.3, 0.98)],
        [(-0.15, 0.98), (-0.15, 1.32), (0.25, 1.32), (0.78, 0.98)],
    ],
    "van": [[(0.45, 1.15), (0.45, 1.75), (1.05, 1.75), (1.5, 1.15)]],
}
WHEELS_M = (-1.3, 1.3)
WHEEL_M = 0.32


@dataclass(frozen=True, slots=True)
class Car:
    """A car or van. Places in pixels, `metre` in pixels, times in s, speed in px/s."""

    enters_s: float
    leaves_s: float
    from_x: float
    ground_y: float
    metre: float
    direction: int
    speed: float
    paint: float
    body: CarBody = "car"

    @property
    def label(self) -> str:
        """What a caption should say of this actor."""
        return self.body

    def solid(self, t_s: float) -> list[Shape]:
        """Return body, panes, lamps and turning wheels at `t_s`."""
        round_px = 0.08 * self.metre
        hull = Polygon(self._points(t_s, OUTLINES[self.body]), round_px, self.paint)
        panes = [
            Polygon(self._points(t_s, pane), 0.3 * round_px, 0.1)
            for pane in PANES[self.body]
        ]
        wheels = [part for at in WHEELS_M for part in self._wheel(t_s, at)]
        lamp = self._point(t_s, 1.98, 0.68)
        tail = self._point(t_s, -2.0, 0.75)
        lamps = [
            Capsule(lamp, lamp, round_px, round_px, 0.95),
            Capsule(tail, tail, round_px, round_px, 0.2),
        ]
        return [hull, *panes, *self._seams(t_s), *lamps, *wheels]

    def shadow(self, t_s: float) -> list[Shape]:
        """Return the shadow under the car, which belongs to no box."""
        a, b = self._point(t_s, -2.0, 0.02), self._point(t_s, 2.0, 0.02)
        thick = 0.15 * self.metre
        soft = max(2.0, 0.2 * self.metre)
        return [Capsule(a, b, thick, thick, 0.05, opacity=0.6, soft_px=soft)]

    def _seams(self, t_s: float) -> list[Shape]:
        """Return the gaps of the doors and the handle."""
        shade = 0.5 * self.paint if self.paint > 0.5 else 0.4  # noqa: PLR2004 - mid grey
        thin = 0.02 * self.metre
        lines = (
            ((-0.9, 0.4), (-0.95, 0.95)),
            ((0.65, 0.4), (0.7, 0.95)),
            ((-0.9, 0.4), (0.65, 0.4)),
            ((-0.75, 0.8), (-0.55, 0.8)),
        )
        return [
            Capsule(self._point(t_s, *a), self._point(t_s, *b), thin, thin, shade)
            for a, b in lines
        ]

    def _wheel(self, t_s: float, at_m: float) -> list[Shape]:
        """Return tyre, rim and three spokes that turn with the way driven."""
        hub = self._point(t_s, at_m, WHEEL_M)
        tyre, rim = WHEEL_M * self.metre, 0.6 * WHEEL_M * self.metre
        way = self.speed * (t_s - self.enters_s)
        turned = self.direction * way / (WHEEL_M * self.metre)
        spokes: list[Shape] = [
            Capsule(_beside(hub, angle, rim), _beside(hub, angle, -rim), w, w, 0.15)
            for angle, w in ((turned + k * pi / 3, 0.03 * self.metre) for k in range(3))
        ]
        return [
            Capsule(hub, hub, tyre, tyre, 0.05),
            Capsule(hub, hub, rim, rim, 0.6),
            *spokes,
        ]

    def _point(self, t_s: float, forward_m: float, up_m: float) -> tuple[float, float]:
        way = self.speed * (t_s - self.enters_s)
        return (
            self.from_x + self.direction * (way + forward_m * self.metre),
            self.ground_y - up_m * self.metre,
        )

    def _points(
        self, t_s: float, outline: list[tuple[float, float]]
    ) -> NDArray[np.float64]:
        return np.array([self._point(t_s, *corner) for corner in outline])


def _beside(
    centre: tuple[float, float], angle: float, away: float
) -> tuple[float, float]:
    return centre[0] + away * cos(angle), centre[1] + away * sin(angle)

"""How somebody walks: legs, arms, bobbing and swaying, by the way they have come."""

from dataclasses import dataclass

import numpy as np

from heliograph.simulation.scenes.paint import GAIT_FIELDS, Gait
from heliograph.simulation.scenes.world import Course, Series

STRIDE_M = 1.4
KNEE_V = -0.27
SWAY_HZ = 0.6


@dataclass(frozen=True, slots=True)
class Gaits:
    """`sideways` is 1 seen from the side and 0 from the front; `facing` 1 is right.

    `centre_u` is where the legs part, `hip_v` how high; `swing` the stride's strength.
    """

    sideways: float
    facing: int
    centre_u: float
    hip_v: float = -0.48
    swing: float = 0.42
    phase: float = 0.0
    arms: float = 0.25

    def at(self, way: Course) -> Gait:
        """Return the gait at each moment, (moments, GAIT_FIELDS)."""
        turn = self._turn(way)
        pace = np.minimum(1.0, way.pace)
        out = np.zeros((way.t_s.size, len(GAIT_FIELDS)))
        out[:, 0], out[:, 1], out[:, 2] = self.hip_v, KNEE_V, self.centre_u
        side = self.sideways * self.swing + 0.05 * (1 - self.sideways)
        for first, angle in ((3, turn), (6, turn + np.pi)):
            forward = np.maximum(0.0, np.cos(angle))
            out[:, first] = self.facing * pace * side * np.sin(angle)
            out[:, first + 1] = -self.facing * pace * self.sideways * 0.5 * forward
            out[:, first + 2] = pace * (0.05 + 0.1 * (1 - self.sideways)) * forward
        out[:, 9] = pace * self.arms * (0.3 + 0.7 * self.sideways) * np.sin(turn)
        out[:, 10] = 1.0 if self.facing > 0 else 0.0
        return out

    def sway(self, way: Course) -> tuple[Series, Series, Series]:
        """Return how far the body is off its place, in heights, and its tilt."""
        turn, pace = self._turn(way), np.minimum(1.0, way.pace)
        slow = np.sin(2 * np.pi * SWAY_HZ * way.t_s + self.phase)
        du = 0.012 * (1 - self.sideways) * pace * np.sin(turn) + 0.003 * slow
        dv = -0.014 * pace * np.abs(np.cos(turn))
        return du, dv, 0.015 * pace * np.sin(turn) + 0.004 * slow

    def _turn(self, way: Course) -> Series:
        return np.asarray(self.phase + 2 * np.pi * way.way / STRIDE_M)

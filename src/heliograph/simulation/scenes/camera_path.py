"""How the camera moves: affine maps from a resting picture to the one it sees."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from heliograph.simulation.scenes.chance import log_uniform
from heliograph.simulation.scenes.paint import Affine
from heliograph.simulation.scenes.world import Series

CameraMotion: TypeAlias = Literal["static", "hand-held", "panning", "driving"]
FAR_M = (15.0, 60.0)
"""How far away the background is taken to be when the camera moves along."""


@dataclass(frozen=True, slots=True, eq=False)
class Shake:
    """A sum of sines: amplitude, frequency in Hz and phase, (terms,) each."""

    amplitude: Series
    hz: Series
    phase: Series

    def at(self, t_s: Series) -> Series:
        """Return the sum at these moments."""
        turns = 2 * np.pi * self.hz * t_s[:, None] + self.phase
        return np.asarray((self.amplitude * np.sin(turns)).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class CameraPath:
    """Pan in px/s, roll in rad/s, zoom in 1/s, and a shake of x, y and roll."""

    motion: CameraMotion
    centre: tuple[float, float]
    pan: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    zoom: float = 0.0
    shakes: tuple[Shake, Shake, Shake] | None = None

    def at(self, t_s: Series) -> Affine:
        """Return the maps from resting pixels to seen ones, (moments, 2, 3)."""
        dx, dy = self.pan[0] * t_s, self.pan[1] * t_s
        angle, scale = self.roll * t_s, np.exp(self.zoom * t_s)
        if self.shakes is not None:
            dx = dx + self.shakes[0].at(t_s)
            dy = dy + self.shakes[1].at(t_s)
            angle = angle + self.shakes[2].at(t_s)
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        cx, cy = self.centre
        maps = np.empty((t_s.size, 2, 3))
        maps[:, 0, 0], maps[:, 0, 1] = cos, -sin
        maps[:, 1, 0], maps[:, 1, 1] = sin, cos
        maps[:, 0, 2] = cx - cos * cx + sin * cy + dx
        maps[:, 1, 2] = cy - sin * cx - cos * cy + dy
        return maps


def draw_camera_path(
    motion: CameraMotion,
    size: tuple[int, int],
    seconds: float,
    rng: np.random.Generator,
) -> CameraPath:
    """Draw how a camera of `size` (width, height) moves for `seconds`."""
    width, height = size
    centre = (width / 2, height / 2)
    if motion == "static":
        return CameraPath(motion, centre)
    unit = width / 320
    strength = {"hand-held": 1.0, "panning": 0.4, "driving": 0.5}[motion]
    reach = strength * unit * log_uniform(rng, 0.6, 6.0)
    shakes = (
        _shake(reach, rng),
        _shake(reach * rng.uniform(0.5, 1.2), rng),
        _shake(reach / width * rng.uniform(0.2, 1.0), rng),
    )
    fastest = {"hand-held": 60.0, "panning": 300.0, "driving": 20.0}[motion]
    speed = unit * min(
        log_uniform(rng, fastest / 20, fastest),
        fastest / max(1.0, seconds),
    )
    angle = rng.choice([0.0, np.pi]) + rng.normal(0, 0.35)
    return CameraPath(
        motion,
        centre,
        pan=(speed * np.cos(angle), 0.5 * speed * np.sin(angle)),
        roll=rng.normal(0, 0.05),
        zoom=rng.normal(0, 0.03) if motion == "hand-held" else 0.0,
        shakes=shakes,
    )


def _shake(reach: float, rng: np.random.Generator) -> Shake:
    """Return a shake of about `reach`: the faster, the smaller."""
    hz = np.exp(rng.uniform(np.log(0.8), np.log(10.0), 5))
    amplitude = reach * rng.uniform(0.3, 1.0, 5) / np.sqrt(hz)
    return Shake(amplitude / hz**0.5, hz, rng.uniform(0, 2 * np.pi, 5))

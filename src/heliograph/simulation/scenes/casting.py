"""Who comes into a scene: people, vehicles, two-wheelers, and what is none of them."""

from dataclasses import replace

import numpy as np

from heliograph.simulation.scenes.actors import Actor, Part, placed
from heliograph.simulation.scenes.chance import chance, log_uniform
from heliograph.simulation.scenes.drawn import HEIGHT_M, Body, View, draw_vehicle
from heliograph.simulation.scenes.drawn_riders import RIDER_M, Ride, draw_rider
from heliograph.simulation.scenes.gait import Gaits
from heliograph.simulation.scenes.library import Library
from heliograph.simulation.scenes.sprites import Kind, Sprite
from heliograph.simulation.scenes.things import carried_part, shadow_part, thing_sprite
from heliograph.simulation.scenes.variety import dressed, stretch, toned
from heliograph.simulation.scenes.world import Course, Optics, course

BODIES: tuple[Body, ...] = ("car", "van", "truck", "bus")
BODY_SHARES = (0.68, 0.14, 0.1, 0.08)
DRAWN_SHARE = 0.7
"""Of vehicles; of two-wheelers nearly all are drawn."""


GROUP_MAX = 4


class Casting:
    """Draws actors for one scene; all chance comes from `rng`."""

    def __init__(
        self,
        library: Library,
        optics: Optics,
        seconds: float,
        rng: np.random.Generator,
    ) -> None:
        self.library = library
        self.optics = optics
        self.seconds = seconds
        self.rng = rng
        # One sun for all: how far shadows reach to the side and how dark they are.
        self.sun = (rng.normal(0, 0.6), rng.uniform(0.15, 0.45))
        self.shade = rng.uniform(0.3, 1.0) if chance(rng, 0.5) else 0.0

    def people(self) -> list[Actor]:
        """Draw somebody, or a few who walk together."""
        rng = self.rng
        first = self._person(None)
        group = [first]
        while chance(rng, 0.25) and len(group) < GROUP_MAX:
            dx = rng.choice([-1, 1]) * rng.uniform(0.35, 0.9) * len(group)
            beside = first.course.beside(dx, rng.uniform(-0.5, 0.5))
            group.append(self._person(beside, first))
        return group

    def vehicle(self) -> Actor:
        """Draw a car, van, truck or bus."""
        rng = self.rng
        body: Body = rng.choice(BODIES, p=BODY_SHARES)
        real = self.library.of("vehicle")
        heading = self._heading(lateral=0.6, axial=0.25)
        if real and rng.random() > DRAWN_SHARE:
            sprite = real[int(rng.integers(len(real)))]
        else:
            sprite = draw_vehicle(body, self._view(heading), rng)
        height_m = rng.uniform(*HEIGHT_M[body])
        speed = 0.0 if chance(rng, 0.08) else log_uniform(rng, 1.0, 16.0)
        way = self._course(height_m, (0.07, 0.6), heading, speed, stops=0.08)
        return self._driven("vehicle", sprite, height_m, way, heading)

    def two_wheeler(self) -> Actor:
        """Draw a bicycle or motorcycle with its rider."""
        rng = self.rng
        real = self.library.of("two-wheeler")
        heading = self._heading(lateral=0.6, axial=0.25)
        if real and chance(rng, 0.08):
            sprite = real[int(rng.integers(len(real)))]
        else:
            ride: Ride = "bicycle" if chance(rng, 0.6) else "motorcycle"
            side = abs(np.cos(heading)) > 0.5  # noqa: PLR2004 - nearer to sideways
            person = self._of("person") if chance(rng, 0.5) else None
            sprite = draw_rider(ride, "side" if side else "front", rng, person)
        height_m = rng.uniform(*RIDER_M)
        speed = log_uniform(rng, 1.2, 9.0)
        way = self._course(height_m, (0.09, 0.9), heading, speed, stops=0.05)
        return self._driven("two-wheeler", sprite, height_m, way, heading)

    def thing(self) -> Actor:
        """Draw something that moves and is nothing we have a class for."""
        rng = self.rng
        sprite = thing_sprite(self.library.of("other"), rng)
        height_m = rng.uniform(0.15, 1.2)
        heading = self._heading(lateral=0.7, axial=0.1)
        still = chance(rng, 0.4)
        speed = 0.0 if still else rng.uniform(0.3, 5.0)
        way = self._course(height_m, (0.04, 0.6), heading, speed, stops=0.2)
        gaits = Gaits(0.0, 1, 0.0, hip_v=1.0, phase=rng.uniform(0, 6.3))
        way = replace(
            way,
            way=way.t_s * rng.uniform(0.3, 3.0),
            pace=np.ones_like(way.pace) * rng.uniform(0, 6),
        )
        lifted = rng.uniform(0.0, 2.0) if chance(rng, 0.5) else 0.0
        part = Part(sprite, placed(sprite, flip=chance(rng, 0.5)))
        return Actor(None, height_m, (part,), way, gaits, lifted, (sprite.source,))

    def pole(self) -> Actor:
        """Draw a post that stands before others and moves only with the camera."""
        rng = self.rng
        sprite = thing_sprite([], rng, pole=True)
        height_m = rng.uniform(1.0, 5.0)
        way = self._course(1.7, (0.2, 1.2), 0.0, 0.0, stops=0.0)
        return Actor(
            None,
            height_m,
            (Part(sprite, placed(sprite)),),
            way,
            None,
            0.0,
            (sprite.source,),
        )

    def _person(self, beside: Course | None, first: Actor | None = None) -> Actor:
        rng = self.rng
        height_m = float(np.clip(rng.normal(1.7, 0.1), 1.1, 2.0))
        heading = self._heading(lateral=0.5, axial=0.3)
        running = chance(rng, 0.1)
        speed = rng.uniform(2.2, 4.5) if running else rng.uniform(0.4, 1.7)
        if chance(rng, 0.12):
            speed = 0.0
        way = beside or self._course(height_m, (0.085, 1.7), heading, speed, stops=0.2)
        sprite = self._of("person")
        if sprite is None:
            raise ValueError("the library has no person")
        sprite = dressed(sprite, rng)
        flip, wide = chance(rng, 0.5), stretch(rng)
        gaits = self._gaits(way, sprite)
        if first is not None and first.gaits is not None:
            gaits = replace(
                gaits, sideways=first.gaits.sideways, facing=first.gaits.facing
            )
        body = Part(
            sprite,
            placed(sprite, flip=flip, stretch=wide),
            walks=True,
            gain=rng.normal(0, 0.25),
        )
        parts = [body]
        if chance(rng, 0.3):
            parts.append(carried_part(self.library.of("carried"), gaits.facing, rng))
        if self.shade:
            parts.insert(0, shadow_part(body, self.sun, self.shade))
        sources = tuple(dict.fromkeys(part.sprite.source for part in parts))
        return Actor("person", height_m, tuple(parts), way, gaits, 0.0, sources)

    def _gaits(self, way: Course, sprite: Sprite) -> Gaits:
        rng = self.rng
        dx, dz = way.x[-1] - way.x[0], way.z[-1] - way.z[0]
        along = abs(dx) / max(1e-6, float(np.hypot(dx, dz)))
        legs = sprite.alpha[round(0.6 * sprite.alpha.shape[0]) :].astype(np.float64)
        columns = np.arange(legs.shape[1])
        centre = (legs.sum(axis=0) * columns).sum() / max(1.0, legs.sum())
        off = (centre - (legs.shape[1] - 1) / 2) / sprite.alpha.shape[0]
        return Gaits(
            sideways=float(along),
            facing=1 if dx >= 0 else -1,
            centre_u=off,
            hip_v=rng.uniform(-0.5, -0.45),
            swing=rng.uniform(0.12, 0.32),
            phase=rng.uniform(0, 2 * np.pi),
            arms=rng.uniform(0.1, 0.4),
        )

    def _driven(
        self, kind: Kind, sprite: Sprite, height_m: float, way: Course, heading: float
    ) -> Actor:
        rng = self.rng
        right = np.cos(heading) >= 0
        flip = not right if sprite.facing else chance(rng, 0.5)
        sprite = toned(sprite, rng)
        body = Part(
            sprite,
            placed(sprite, flip=flip, stretch=stretch(rng)),
            gain=rng.normal(0, 0.15),
        )
        parts = [body]
        if self.shade:
            parts.insert(0, shadow_part(body, self.sun, self.shade))
        gaits = (
            Gaits(0.6, 1, 0.0, hip_v=1.0, swing=0.0) if kind == "two-wheeler" else None
        )
        return Actor(kind, height_m, tuple(parts), way, gaits, 0.0, (sprite.source,))

    def _of(self, kind: Kind) -> Sprite | None:
        sprites = self.library.of(kind)
        return sprites[int(self.rng.integers(len(sprites)))] if sprites else None

    def _heading(self, *, lateral: float, axial: float) -> float:
        """Draw a direction: sideways, towards or away from the camera, or any."""
        rng = self.rng
        kind = rng.random()
        if kind < lateral:
            return float(rng.choice([0.0, np.pi]) + rng.normal(0, 0.25))
        if kind < lateral + axial:
            return float(
                rng.choice([-np.pi / 2, -np.pi / 2, np.pi / 2]) + rng.normal(0, 0.2)
            )
        return float(rng.uniform(0, 2 * np.pi))

    def _view(self, heading: float) -> View:
        if abs(np.cos(heading)) > 0.85:  # noqa: PLR2004 - about 30 degrees
            return "side"
        if abs(np.cos(heading)) > 0.35:  # noqa: PLR2004 - about 70 degrees
            return "quarter"
        return "rear" if np.sin(heading) > 0 else "front"

    def _course(
        self,
        height_m: float,
        share: tuple[float, float],
        heading: float,
        speed: float,
        *,
        stops: float,
    ) -> Course:
        """Draw a way that is in the picture in the middle of the scene.

        `share` is how high the mover may look there, in pictures' heights.
        """
        rng, optics = self.rng, self.optics
        size = optics.size
        height_px = size.height * log_uniform(rng, share[0], share[1])
        z = optics.distance(height_m, height_px)
        x = optics.x_m(rng.uniform(-0.05, 1.05) * size.width, z)
        pause = None
        if rng.random() < stops:
            begin = rng.uniform(-0.5, 0.8) * self.seconds
            pause = (begin, begin + rng.uniform(0.2, 1.0))
        middle = self.seconds / 2
        start = (x + optics.ego[0] * middle, z + optics.ego[1] * middle)
        turning = rng.normal(0, 0.5) if chance(rng, 0.3) else 0.0
        return course(
            self.seconds, start, heading, speed, turning=turning, pause_s=pause
        )

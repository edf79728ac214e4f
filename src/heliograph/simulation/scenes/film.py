"""A plan, filmed: events and the boxes of everybody, in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import EVENT, Packet
from heliograph.simulation.camera.sensor import Sensor
from heliograph.simulation.scenes.actors import Part, Staged, stage
from heliograph.simulation.scenes.boxes import Boxes
from heliograph.simulation.scenes.paint import (
    STIFF,
    Affine,
    Plane,
    Texture,
    claim,
    paint,
    restore,
)
from heliograph.simulation.scenes.plan import Plan
from heliograph.simulation.scenes.settings import LABEL_US

Rect: TypeAlias = tuple[int, int, int, int]
Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """A scene's events, in order, and its labels of dtype `BOX`."""

    events: Packet
    labels: NDArray[np.void]
    duration_us: int


class Stage:
    """Draws a plan picture by picture. Only what changes is drawn anew."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.duration_us = round(plan.seconds * 1e6)
        times = list(range(0, self.duration_us, plan.frame_us))
        self.times_us = [*times, self.duration_us]
        t_s = np.array(self.times_us) / 1e6
        camera = plan.camera_at(t_s)
        self.actors: tuple[Staged, ...] = tuple(
            stage(actor, plan.optics, camera, t_s, plan.tone) for actor in plan.actors
        )
        self._order = _from_afar(self.actors, len(self.times_us))
        self._rects = [actor.rects.tolist() for actor in self.actors]
        self._places = {id(actor): at for at, actor in enumerate(self.actors)}
        self._far: Affine = plan.background_at(t_s)
        self._moves = plan.camera.motion != "static"
        shape = (plan.size.height, plan.size.width)
        self._still = self._background(0)
        self._plane = self._still.copy()
        self._drawn: list[Rect] = []
        self._lit: Plane | None = None
        if plan.lamp is not None:
            y, x = np.mgrid[: shape[0], : shape[1]]
            lamp = plan.lamp
            apart = np.hypot(x - lamp.centre[0], y - lamp.centre[1]) / lamp.reach_px
            self._lit = np.exp(-(apart**2)).astype(np.float32)
        self.owner = np.zeros(shape, np.int16)

    def picture(self, frame: int) -> Plane:
        """Return log light at a frame; the array changes with the next call."""
        if self._moves:
            self._plane = self._background(frame)
        else:
            for rect in self._drawn:
                restore(self._plane, self._still, rect)
        self._drawn = []
        for actor in self.from_afar(frame):
            self._draw(actor, frame)
        if self._lit is None or self.plan.lamp is None:
            return self._plane
        lamp = self.plan.lamp
        wave = np.sin(np.pi * lamp.hz * self.times_us[frame] / 1e6) ** 2
        glow = np.log1p(np.float32(lamp.depth * wave) * self._lit)
        return np.asarray(self._plane + glow, np.float32)

    def from_afar(self, frame: int) -> list[Staged]:
        """Return who is there at a frame, the farthest first."""
        return [self.actors[at] for at in self._order[frame]]

    def mark(self, frame: int) -> list[int]:
        """Write into `owner` whose each pixel is: an actor's place from 1 on, or 0.

        Returns how many pixels each actor would have if nobody stood before it.
        """
        self.owner[:] = 0
        covered = [0] * len(self.actors)
        for actor in self.from_afar(frame):
            at = self._places[id(actor)]
            for part, texture, to_texture, rect in self._parts(actor, frame):
                if part.dimming > 0:
                    continue
                gait = actor.gaits[frame] if part.walks else STIFF
                maps = (actor.to_actor[frame], to_texture)
                # What is carried covers others, but is in nobody's box.
                mark = at + 1 if part.labelled else 0
                count = claim(self.owner, texture, maps, gait, rect, mark)
                covered[at] += count if part.labelled else 0
        return covered

    def _draw(self, actor: Staged, frame: int) -> None:
        for part, texture, to_texture, rect in self._parts(actor, frame):
            gait = actor.gaits[frame] if part.walks else STIFF
            maps = (actor.to_actor[frame], to_texture)
            paint(self._plane, texture, maps, gait, rect, part.dimming)
            self._drawn.append(rect)

    def _parts(
        self, actor: Staged, frame: int
    ) -> Iterator[tuple[Part, Texture, Affine, Rect]]:
        rects = self._rects[self._places[id(actor)]][frame]
        for at, part in enumerate(actor.parts):
            left, top, right, bottom = rects[at]
            if right > left and bottom > top:
                yield (
                    part,
                    actor.textures[at],
                    actor.to_textures[at],
                    (left, top, right, bottom),
                )

    def _background(self, frame: int) -> Plane:
        size = (self.plan.size.width, self.plan.size.height)
        if not self._moves and self.plan.pad == (0, 0):
            return self.plan.background.copy()
        warped = cv2.warpAffine(
            self.plan.background,
            self._far[frame],
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(warped, np.float32)


def _from_afar(actors: tuple[Staged, ...], frames: int) -> list[list[int]]:
    """Return for each frame the places of all actors, the farthest first."""
    if not actors:
        return [[]] * frames
    far = np.stack([-actor.distance for actor in actors])
    order: list[list[int]] = np.argsort(far, axis=0, kind="stable").T.tolist()
    return order


def film(plan: Plan, progress: Progress | None = None) -> Filmed:
    """Film a plan. The same plan gives the same events and labels."""
    stage_ = Stage(plan)
    sensor = Sensor(plan.size, plan.traits, seed=plan.sensor_seed)
    boxes = Boxes(stage_, plan)
    packets: list[Packet] = []
    sensor.step(stage_.picture(0), 0)
    boxes.begin()
    for frame, t_us in enumerate(stage_.times_us):
        if frame == 0:
            continue
        packet = sensor.step(stage_.picture(frame), t_us)
        packets.append(packet)
        boxes.see(packet)
        if t_us % LABEL_US == 0:
            boxes.note(frame, t_us)
        if progress is not None:
            progress(t_us / stage_.duration_us)
    events = np.concatenate(packets) if packets else np.empty(0, EVENT)
    return Filmed(events, boxes.labels(), stage_.duration_us)

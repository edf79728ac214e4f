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
from heliograph.simulation.scenes.behind import Behind
from heliograph.simulation.scenes.boxes import Boxes, tally
from heliograph.simulation.scenes.paint import (
    STIFF,
    Affine,
    Cut,
    Plane,
    claim,
    glow,
    paint,
    restore,
)
from heliograph.simulation.scenes.peopled import Numbers
from heliograph.simulation.scenes.plan import Plan
from heliograph.simulation.scenes.settings import LABEL_US
from heliograph.simulation.scenes.sprites import Kind

FAINT = 1e-5
"""Light of a lamp, at its middle 1, that nobody sees any more."""

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
        self.times_us = plan.times_us()
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
        self._behind = Behind(plan.background, self._far, self.times_us, plan.size)
        self._plane = np.empty(shape, np.float32)
        if self._moves or plan.pad != (0, 0):
            self._behind.draw(0, self._plane)
        else:
            self._plane[:] = plan.background
        self._still = self._plane.copy()
        self._drawn: list[Rect] = []
        self._bright = np.empty(shape, np.float32)
        self._lit: Plane | None = None
        if plan.lamp is not None:
            y, x = np.mgrid[: shape[0], : shape[1]]
            lamp = plan.lamp
            apart = np.hypot(x - lamp.centre[0], y - lamp.centre[1]) / lamp.reach_px
            light = np.exp(-(apart**2))
            # What is next to nothing is nothing, so that the sensor sees it rest.
            self._lit = np.where(light > FAINT, light, 0.0).astype(np.float32)
        self.owner = np.zeros(shape, np.int16)
        known = plan.known
        self.kinds: tuple[Kind | None, ...] = tuple(one.kind for one in plan.actors)
        self.unsure: frozenset[int] = frozenset()
        self._known: Numbers | None = None
        if known is not None:
            # Whoever is in the background is numbered after those who came.
            shift = np.where(known.owner > 0, len(self.actors), 0)
            self._known = (known.owner + shift).astype(np.int16)
            self.unsure = frozenset(len(self.kinds) + at for at in known.unsure)
            self.kinds += known.kinds

    def picture(self, frame: int) -> Plane:
        """Return log light at a frame; the array changes with the next call."""
        if self._moves:
            self._behind.draw(frame, self._plane)
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
        glow(self._plane, self._lit, float(lamp.depth * wave), self._bright)
        return self._bright

    def from_afar(self, frame: int) -> list[Staged]:
        """Return who is there at a frame, the farthest first."""
        return [self.actors[at] for at in self._order[frame]]

    def mark(self, frame: int) -> list[int]:
        """Write into `owner` whose each pixel is: a place in `kinds` from 1 on, or 0.

        Returns how many pixels each would have if nobody stood before it.
        """
        covered = [0] * len(self.kinds)
        if self._known is None:
            self.owner[:] = 0
        else:
            self.owner[:] = self._seen_numbers(self._known, frame)
            covered = tally(self.owner, len(self.kinds)).tolist()
        for actor in self.from_afar(frame):
            at = self._places[id(actor)]
            for part, cut, to_texture, rect in self._parts(actor, frame):
                if part.dimming > 0:
                    continue
                gait = actor.gaits[frame] if part.walks else STIFF
                maps = (actor.to_actor[frame], to_texture)
                # What is carried covers others, but is in nobody's box.
                mark = at + 1 if part.labelled else 0
                count = claim(self.owner, cut, maps, gait, rect, mark)
                covered[at] += count if part.labelled else 0
        return covered

    def bounds(self, at: int, frame: int) -> Rect:
        """Return left, top, right and bottom of where the pixels of one may be."""
        if at >= len(self.actors):
            return 0, 0, self.plan.size.width, self.plan.size.height
        lefts, tops, rights, bottoms = self.actors[at].rects[frame].T
        return int(lefts.min()), int(tops.min()), int(rights.max()), int(bottoms.max())

    def whole_px(self, at: int, frame: int) -> float:
        """Return how many pixels one would cover beyond all borders."""
        if at < len(self.actors):
            return self.actors[at].whole_px(frame)
        known = self.plan.known
        grown = abs(np.linalg.det(self._far[frame][:, :2]))
        whole = 0.0 if known is None else known.whole_px[at - len(self.actors)]
        return float(whole * grown)

    def _draw(self, actor: Staged, frame: int) -> None:
        for part, cut, to_texture, rect in self._parts(actor, frame):
            gait = actor.gaits[frame] if part.walks else STIFF
            maps = (actor.to_actor[frame], to_texture)
            paint(self._plane, cut, maps, gait, rect, part.dimming)
            self._drawn.append(rect)

    def _parts(
        self, actor: Staged, frame: int
    ) -> Iterator[tuple[Part, Cut, Affine, Rect]]:
        rects = self._rects[self._places[id(actor)]][frame]
        for at, part in enumerate(actor.parts):
            left, top, right, bottom = rects[at]
            if right > left and bottom > top:
                yield (
                    part,
                    actor.cuts[at],
                    actor.to_textures[at],
                    (left, top, right, bottom),
                )

    def _seen_numbers(self, numbers: Numbers, frame: int) -> Numbers:
        """Return who of the background the camera sees where at a frame.

        Beyond its border everything is mirrored, but nobody is there twice.
        """
        seen = cv2.warpAffine(
            numbers,
            self._far[frame],
            (self.plan.size.width, self.plan.size.height),
            flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return np.asarray(seen, np.int16)


def _from_afar(actors: tuple[Staged, ...], frames: int) -> list[list[int]]:
    """Return for each frame the places of all actors, the farthest first."""
    if not actors:
        return [[]] * frames
    far = np.stack([-actor.distance for actor in actors])
    order: list[list[int]] = np.argsort(far, axis=0, kind="stable").T.tolist()
    return order


def _joined(packets: list[Packet]) -> Packet:
    """Return packets as one; as bytes, since of records NumPy compares every field."""
    return np.concatenate([packet.view(np.uint8) for packet in packets]).view(EVENT)


def film(plan: Plan, progress: Progress | None = None) -> Filmed:
    """Film a plan. The same plan gives the same events and labels."""
    stage_ = Stage(plan)
    sensor = Sensor(plan.size, plan.traits, seed=plan.sensor_seed)
    boxes = Boxes(stage_, plan)
    packets: list[Packet] = []
    sensor.step(stage_.picture(0), 0)
    boxes.begin()
    noted = 0
    for frame, t_us in enumerate(stage_.times_us):
        if frame == 0:
            continue
        packets.append(sensor.step(stage_.picture(frame), t_us))
        if t_us % LABEL_US == 0:
            boxes.see(_joined(packets[noted:]))
            boxes.note(frame, t_us)
            noted = len(packets)
        if progress is not None:
            progress(t_us / stage_.duration_us)
    return Filmed(_joined(packets), boxes.labels(), stage_.duration_us)

"""The street at a moment: what each pixel sees, and where everybody is."""

import numpy as np

from heliograph.camera.jit import compiled
from heliograph.camera.types import Box, Size
from heliograph.simulation.camera.background import street
from heliograph.simulation.camera.cast import Actor, cast
from heliograph.simulation.camera.shapes import Picture, Shape, enclosing_box

DARK = 0.02
"""Light a black pixel still gets; without it the logarithm has no floor."""

Pixels = tuple[int, int, int, int]


class Scene:
    """A street of `size` for `seconds`; everything in it follows from `seed`.

    Only what an actor covers is drawn anew, so a step costs what moves, not what the
    sensor measures across.
    """

    def __init__(self, size: Size, *, seconds: float, seed: int) -> None:
        rng = np.random.default_rng([seed, 0])
        self.size = size
        self.actors: list[Actor] = cast(size, seconds, rng)
        self._street = street(size, rng)
        self._street_log: Picture = np.log(self._street + np.float32(DARK))
        self._light = self._street.copy()
        self._log: Picture = self._street_log.copy()
        self._drawn: list[Pixels] = []

    def log_brightness(self, t_us: int) -> Picture:
        """Return the natural logarithm of the light on each pixel.

        The array is the scene's own and changes with the next call.
        """
        t_s = t_us / 1e6
        for left, top, right, bottom in self._drawn:
            rows, columns = slice(top, bottom), slice(left, right)
            self._light[rows, columns] = self._street[rows, columns]
            self._log[rows, columns] = self._street_log[rows, columns]
        self._drawn = []
        for actor in sorted(self.actors, key=lambda actor: actor.ground_y):
            if actor.enters_s <= t_s <= actor.leaves_s:
                self._draw(actor.shadow(t_s) + actor.solid(t_s))
        for box in self._drawn:
            _take_log(self._light, self._log, box)
        return self._log

    def box(self, actor: Actor, t_us: int) -> Box | None:
        """Return the visible part of the actor's box; None while out of the picture."""
        t_s = t_us / 1e6
        if not actor.enters_s <= t_s <= actor.leaves_s:
            return None
        whole = enclosing_box(actor.solid(t_s), actor.label)
        left, top = max(0.0, whole.x), max(0.0, whole.y)
        right = min(float(self.size.width), whole.x + whole.width)
        bottom = min(float(self.size.height), whole.y + whole.height)
        if right <= left or bottom <= top:
            return None
        return Box(left, top, right - left, bottom - top, label=actor.label)

    def _draw(self, shapes: list[Shape]) -> None:
        box = enclosing_box(shapes, "")
        pad = 2 + round(max(shape.soft_px for shape in shapes))
        left, top = int(box.x) - pad, int(box.y) - pad
        right, bottom = int(box.x + box.width) + pad, int(box.y + box.height) + pad
        left, right = max(0, left), min(self.size.width, right)
        top, bottom = max(0, top), min(self.size.height, bottom)
        if right <= left or bottom <= top:
            return
        for shape in shapes:
            shape.draw(self._light)
        self._drawn.append((left, top, right, bottom))


@compiled
def _take_log(light: Picture, out: Picture, box: Pixels) -> None:
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            out[y, x] = np.log(light[y, x] + np.float32(DARK))

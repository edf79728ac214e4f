"""What is behind everybody, as a camera that moves sees it.

It is drawn anew whenever it has moved by a pixel, and in between it goes over from one
such picture to the next: a thing in front may move ten times as fast.
"""

import cv2
import numpy as np

from heliograph.camera.types import Size
from heliograph.simulation.scenes.paint import Affine, Plane
from heliograph.simulation.scenes.world import Series

STEP_PX = 1.0
"""How far anything may move between two pictures."""

STEP_US = 10_000
"""After so long the background is drawn anew, however slow it is."""


class Behind:
    """Sees `background` at moments `times_us` through maps, (moments, 2, 3)."""

    def __init__(
        self, background: Plane, maps: Affine, times_us: list[int], size: Size
    ) -> None:
        self._background = background
        self._maps = maps
        self._times_us = times_us
        self._size = (size.width, size.height)
        knots = _knots(moved_px(maps, size), times_us)
        frames = np.arange(len(times_us))
        self._before = knots[np.searchsorted(knots, frames, "right") - 1].tolist()
        self._after = knots[np.searchsorted(knots, frames)].tolist()
        self._drawn: dict[int, Plane] = {}

    def draw(self, frame: int, out: Plane) -> None:
        """Write what is seen at a frame into `out`."""
        before, after = self._before[frame], self._after[frame]
        self._drawn = {knot: self._at(knot) for knot in (before, after)}
        if before == after:
            out[:] = self._drawn[frame]
            return
        begin_us, end_us = self._times_us[before], self._times_us[after]
        share = (self._times_us[frame] - begin_us) / (end_us - begin_us)
        one, other = self._drawn[before], self._drawn[after]
        cv2.addWeighted(one, 1.0 - share, other, share, 0.0, dst=out)

    def _at(self, frame: int) -> Plane:
        if frame in self._drawn:
            return self._drawn[frame]
        seen = cv2.warpAffine(
            self._background,
            self._maps[frame],
            self._size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(seen, np.float32)


def moved_px(maps: Affine, size: Size) -> Series:
    """Return how far the background moves from one moment to the next, at most.

    In pixels of a picture of `size`, (moments - 1,).
    """
    sides = (np.linspace(0, size.width, 3), np.linspace(0, size.height, 3))
    seen = np.stack(np.meshgrid(*sides)).reshape(2, -1)
    there = np.linalg.inv(maps[:-1, :, :2]) @ (seen - maps[:-1, :, 2:])
    then = maps[1:, :, :2] @ there + maps[1:, :, 2:]
    return np.asarray(np.hypot(*(then - seen).swapaxes(0, 1)).max(axis=1))


def _knots(moved: Series, times_us: list[int]) -> Series:
    """Return the frames at which the background is drawn anew, first and last too."""
    way = [0.0, *np.cumsum(moved).tolist()]
    knots = [0]
    for frame in range(1, len(way) - 1):
        last, following = knots[-1], frame + 1
        far = way[following] - way[last] > STEP_PX
        if far or times_us[following] - times_us[last] > STEP_US:
            knots.append(frame)
    return np.array([*knots, len(way) - 1])

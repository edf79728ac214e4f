"""A canvas for drawn cut-outs: shapes in body units, edges made soft by drawing large.

The ground is at y = 1 and the top at y = 0; x goes from 0 to `aspect`.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.sprites import Bytes2d, Kind, Sprite

Point: TypeAlias = tuple[float, float]

LARGE = 3
"""How many times larger than it is wanted everything is drawn."""

MARGIN_PX = 4
SOLID = 0.5


class Easel:
    """Draws one cut-out of `height_px` (as it comes out) and `aspect` times as wide."""

    def __init__(self, height_px: int, aspect: float, rng: np.random.Generator) -> None:
        self.rng = rng
        self.aspect = aspect
        self._unit = height_px * LARGE
        self._margin = MARGIN_PX * LARGE
        rows = self._unit + 2 * self._margin
        columns = round(self._unit * aspect) + 2 * self._margin
        # Both sides whole when made small again.
        shape = (-(-rows // LARGE) * LARGE, -(-columns // LARGE) * LARGE)
        self._grey = np.zeros(shape, np.float32)
        self._alpha = np.zeros(shape, np.float32)

    def area(
        self, points: Sequence[Point], shade: float, *, slope: float = 0.0
    ) -> None:
        """Fill a polygon with `shade` (0 to 1), darker towards its foot by `slope`."""
        corners = np.array([self._place(point) for point in points], np.int32)
        mask = np.zeros(self._grey.shape, np.uint8)
        cv2.fillPoly(mask, [corners], 1)
        self._ink(mask, shade, slope)

    def rounded(
        self, box: tuple[float, float, float, float], radius: float, shade: float
    ) -> None:
        """Fill left, top, right, bottom with round corners."""
        left, top, right, bottom = box
        radius = min(radius, (right - left) / 2, (bottom - top) / 2)
        points = []
        corners = (
            (right - radius, bottom - radius, 0.0),
            (left + radius, bottom - radius, 0.5),
            (left + radius, top + radius, 1.0),
            (right - radius, top + radius, 1.5),
        )
        for x, y, begin in corners:
            for k in range(5):
                angle = np.pi * (begin + k / 8)
                points.append((x + radius * np.cos(angle), y + radius * np.sin(angle)))
        self.area(points, shade, slope=0.15)

    def disc(
        self, centre: Point, radius: float, shade: float, *, squeeze: float = 1.0
    ) -> None:
        """Fill an ellipse that is `squeeze` times as wide as high."""
        mask = np.zeros(self._grey.shape, np.uint8)
        axes = (max(1, self._px(radius * squeeze)), max(1, self._px(radius)))
        cv2.ellipse(mask, self._place(centre), axes, 0, 0, 360, 1, -1)
        self._ink(mask, shade, 0.0)

    def ring(
        self,
        centre: Point,
        radius: float,
        width: float,
        shade: float,
        *,
        squeeze: float = 1.0,
    ) -> None:
        """Draw the outline of an ellipse, `width` thick, with nothing in its middle."""
        mask = np.zeros(self._grey.shape, np.uint8)
        axes = (max(1, self._px(radius * squeeze)), max(1, self._px(radius)))
        cv2.ellipse(
            mask, self._place(centre), axes, 0, 0, 360, 1, max(1, self._px(width))
        )
        self._ink(mask, shade, 0.0)

    def limb(self, points: Sequence[Point], width: float, shade: float) -> None:
        """Draw a line with round ends through `points`."""
        corners = np.array([self._place(point) for point in points], np.int32)
        mask = np.zeros(self._grey.shape, np.uint8)
        cv2.polylines(
            mask, [corners], isClosed=False, color=1, thickness=max(1, self._px(width))
        )
        self._ink(mask, shade, 0.0)

    def paste(self, sprite: Sprite, box: tuple[float, float, float, float]) -> None:
        """Put another cut-out into left, top, right, bottom."""
        left, top = self._place((box[0], box[1]))
        right, bottom = self._place((box[2], box[3]))
        left, top = max(0, left), max(0, top)
        right = min(self._grey.shape[1], right)
        bottom = min(self._grey.shape[0], bottom)
        if right - left < LARGE or bottom - top < LARGE:
            return
        size = (right - left, bottom - top)
        grey = cv2.resize(sprite.grey, size).astype(np.float32) / 255
        alpha = cv2.resize(sprite.alpha, size).astype(np.float32) / 255
        inside = (slice(top, bottom), slice(left, right))
        self._grey[inside] += alpha * (grey - self._grey[inside])
        self._alpha[inside] = np.maximum(self._alpha[inside], alpha)

    def sprite(self, kind: Kind, source: str, *, facing: int = 1) -> Sprite:
        """Return what was drawn, at its size, with a little grain."""
        rows, columns = self._grey.shape
        small = (columns // LARGE, rows // LARGE)
        alpha = cv2.resize(self._alpha, small, interpolation=cv2.INTER_AREA)
        grey = cv2.resize(self._grey * self._alpha, small, interpolation=cv2.INTER_AREA)
        grey = grey / np.maximum(alpha, np.float32(1e-3))
        # Outside there must be something to blend with: what is nearest.
        solid = alpha > SOLID
        spread = cv2.dilate(np.where(solid, grey, 0), np.ones((5, 5)))
        grey = np.where(solid, grey, spread)
        grain = self.rng.normal(0, 0.02, grey.shape) + grey
        return Sprite(
            kind,
            np.clip(grain * 255, 0, 255).astype(np.uint8),
            np.clip(alpha * 255, 0, 255).astype(np.uint8),
            source,
            facing,
        )

    def _px(self, length: float) -> int:
        return round(length * self._unit)

    def _place(self, point: Point) -> tuple[int, int]:
        return (
            self._px(point[0]) + self._margin,
            self._px(point[1]) + self._margin,
        )

    def _ink(self, mask: Bytes2d, shade: float, slope: float) -> None:
        left, top, width, height = cv2.boundingRect(mask)
        if width == 0:
            return
        inside = (slice(top, top + height), slice(left, left + width))
        tone: NDArray[np.float32] = np.float32(shade) * (
            1.0
            - np.float32(slope) * np.linspace(0, 1, height, dtype=np.float32)[:, None]
        )
        covered = mask[inside] > 0
        self._grey[inside] = np.where(covered, tone, self._grey[inside])
        self._alpha[inside][covered] = 1.0

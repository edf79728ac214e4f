"""Moving things as boxes, without weights: what fired lately and hangs together.

Pixels that fired lately count only with company among their eight neighbours, which
is what noise lacks (background-activity filter: Delbruck, "Frame-free dynamic digital
vision", 2008). They are summed in coarse cells; busy cells are closed over small
gaps, joined to components, and small or thin components are left out.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.surfaces.levels import Levels
from heliograph.camera.types import Box, Packet, Size

TAU_US = 30_000
"""The time surface's tau that the settings are for."""


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """What counts as a blob.

    `level_min` is how fresh a pixel must be: 128 is an age of 0.69 tau, 21 ms. A cell
    is busy with `cell_pixels_min` such pixels of its `cell_px` squared. Gaps of
    `gap_cells` are closed. A blob has at least `cells_min` busy cells, which fill at
    least `fill_min` of its box; `side_cells_min` leaves out the lines that some
    sensors draw along an edge. Boxes nearer than `merge_px` become one. At most
    `boxes_max` are returned.
    """

    cell_px: int = 8
    level_min: int = 128
    cell_pixels_min: int = 5
    gap_cells: int = 2
    side_cells_min: int = 2
    cells_min: int = 8
    fill_min: float = 0.15
    merge_px: int = 16
    boxes_max: int = 32


FILTERED = BlobSettings(cell_pixels_min=3)
"""For events that went through the background-activity filter: it takes the first of
each group, and leaves less noise to be told from things."""


class BlobDetector:
    """Connected groups of busy cells on a sensor of *size*.

    `levels` is what it looks at, for others that want to see it too.
    """

    def __init__(self, size: Size, settings: BlobSettings | None = None) -> None:
        self.settings = settings or BlobSettings()
        cell = self.settings.cell_px
        rows, columns = -(-size.height // cell), -(-size.width // cell)
        self.levels = Levels(size, tau_us=TAU_US)
        self._size = size
        self._age_us = self.levels.age_us(self.settings.level_min)
        # With a margin, so that pixels at the edge have eight neighbours too.
        self._fresh: NDArray[np.uint8] = np.zeros(
            (size.height + 2, size.width + 2), np.uint8
        )
        self._cells: NDArray[np.int32] = np.zeros((rows, columns), np.int32)
        side = 2 * self.settings.gap_cells + 1
        self._gap = np.ones((side, side), np.uint8)

    def update(self, packet: Packet) -> None:
        """Take in *packet*; raises as `TimeSurface.update` does."""
        self.levels.update(packet)

    def detect(self, now_us: int) -> list[Box]:
        """Return the blobs at *now_us*, largest first; `score` is their fill."""
        # What `find` looks for is known without drawing the levels, at a quarter.
        self.levels.mark(now_us, self._age_us, self._fresh)
        return self._found()

    def find(self, surface: NDArray[np.uint8]) -> list[Box]:
        """Return the blobs on *surface*, which is like `TimeSurface.render`'s.

        It has shape (2, H, W), or `ValueError` is raised, and is not modified.
        """
        shape = (2, self._size.height, self._size.width)
        if surface.shape != shape:
            raise ValueError(f"the surface has shape {surface.shape}, not {shape}")
        self._fresh[1:-1, 1:-1] = surface.max(axis=0) >= self.settings.level_min
        return self._found()

    def _found(self) -> list[Box]:
        """Return the blobs of fresh pixels."""
        _count_company(self._fresh, self.settings.cell_px, self._cells)
        busy = (self._cells >= self.settings.cell_pixels_min).astype(np.uint8)
        boxes = _merge(self._components(busy), self.settings.merge_px)
        boxes.sort(key=lambda box: box.area, reverse=True)
        return boxes[: self.settings.boxes_max]

    def _components(self, busy: NDArray[np.uint8]) -> list[Box]:
        """Return a box for each component of *busy* cells that is large and full."""
        margin = self.settings.gap_cells
        # Without a margin, closing would not reach the border.
        padded = cv2.copyMakeBorder(
            busy, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0
        )
        closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, self._gap)
        rows, columns = busy.shape
        closed = closed[margin : margin + rows, margin : margin + columns]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            np.ascontiguousarray(closed), connectivity=8
        )
        owners: NDArray[np.intp] = labels[busy > 0].astype(np.intp, copy=False)
        cells = np.bincount(owners, minlength=count)
        boxes = []
        for label in range(1, count):
            column, row, wide, high = (int(side) for side in stats[label, :4])
            fill = int(cells[label]) / (wide * high)
            if (
                min(wide, high) >= self.settings.side_cells_min
                and cells[label] >= self.settings.cells_min
                and fill >= self.settings.fill_min
            ):
                boxes.append(self._box((column, row, wide, high), fill))
        return boxes

    def _box(self, cells: tuple[int, int, int, int], fill: float) -> Box:
        """Turn column, row, width and height in cells into pixels of the sensor."""
        px = self.settings.cell_px
        x, y = cells[0] * px, cells[1] * px
        width = min(cells[2] * px, self._size.width - x)
        height = min(cells[3] * px, self._size.height - y)
        return Box(x, y, width, height, score=min(1.0, fill))


@compiled
def _count_company(
    fresh: NDArray[np.uint8], cell_px: int, cells: NDArray[np.int32]
) -> None:
    """Count, per cell, the fresh pixels that have a fresh neighbour."""
    rows, columns = cells.shape
    height, width = fresh.shape[0] - 2, fresh.shape[1] - 2
    sums = np.empty(columns * cell_px, np.int16)
    for row in range(rows):
        sums[:] = 0
        for y in range(row * cell_px, min((row + 1) * cell_px, height)):
            above, here, below = fresh[y], fresh[y + 1], fresh[y + 2]
            for x in range(width):
                around = above[x] | above[x + 1] | above[x + 2] | here[x]
                around |= here[x + 2] | below[x] | below[x + 1] | below[x + 2]
                sums[x] += here[x + 1] & around
        for column in range(columns):
            count = 0
            for x in range(column * cell_px, (column + 1) * cell_px):
                count += sums[x]
            cells[row, column] = count


def _merge(boxes: list[Box], gap_px: float) -> list[Box]:
    """Join boxes whose gap is below *gap_px*, until none are left to join."""
    merged: list[Box] = []
    waiting = list(boxes)
    while waiting:
        box = waiting.pop()
        near = next((other for other in merged if _near(box, other, gap_px)), None)
        if near is None:
            merged.append(box)
        else:
            merged.remove(near)
            waiting.append(_around(box, near))
    return merged


def _near(a: Box, b: Box, gap_px: float) -> bool:
    gap_x = max(a.x, b.x) - min(a.x + a.width, b.x + b.width)
    gap_y = max(a.y, b.y) - min(a.y + a.height, b.y + b.height)
    return max(gap_x, gap_y) < gap_px


def _around(a: Box, b: Box) -> Box:
    """Return the box around both; its score weighs theirs by area."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    width = max(a.x + a.width, b.x + b.width) - x
    height = max(a.y + a.height, b.y + b.height) - y
    score = (a.score * a.area + b.score * b.area) / (width * height)
    return Box(x, y, width, height, score=min(1.0, score))

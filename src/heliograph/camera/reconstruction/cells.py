"""The coarse grid over a part of the sensor that a picture is reckoned on.

The part is made so small that its longer side has `SIDE` cells, and never larger. There
is more of the scene around it, cut off again afterwards: a network makes things up at
a border. Sides are whole multiples of `STEP`, for networks that halve them four times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.types import EVENT, Box, Packet, Size

SIDE = 160
BORDER = 8
STEP = 16


@dataclass(frozen=True, slots=True)
class Cells:
    """`part` of the cells lies at `left`, `top` of a `frame`, `scale` of them a pixel.

    `x`, `y` are the sensor's pixels at the frame's corner.
    """

    part: Size
    frame: Size
    left: int
    top: int
    scale: float
    x: float
    y: float

    def cut(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the part of an *image* of the frame, shape (H, W)."""
        rows = slice(self.top, self.top + self.part.height)
        return image[rows, self.left : self.left + self.part.width]


def cells_over(box: Box) -> Cells:
    """Return the cells over *box*, which is at least a pixel wide and high."""
    scale = min(1.0, SIDE / max(box.width, box.height))
    part = Size(max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    frame = Size(_framed(part.width), _framed(part.height))
    left, top = (frame.width - part.width) // 2, (frame.height - part.height) // 2
    return Cells(
        part, frame, left, top, scale, box.x - left / scale, box.y - top / scale
    )


def gather(
    packets: Sequence[Packet], cells: Cells, window_us: tuple[int, int]
) -> Packet:
    """Return the events of *packets* within *cells* and *window_us*, half-open.

    Their `x` and `y` are cells of the frame. No packet is changed.
    """
    place = (cells.x, cells.y, cells.scale)
    sides = (cells.frame.width, cells.frame.height)
    found = [np.empty(0, EVENT)]
    for packet in packets:
        out = np.empty(len(packet), EVENT)
        n = _gather(packet, window_us, place, sides, out)
        found.append(out[:n].copy())
    return np.concatenate(found)


def _framed(cells: int) -> int:
    return -(-(cells + 2 * BORDER) // STEP) * STEP


@compiled
def _gather(
    packet: Packet,
    window_us: tuple[int, int],
    place: tuple[float, float, float],
    sides: tuple[int, int],
    out: Packet,
) -> int:
    """Copy what lies within to *out*; return how many events."""
    begin_us, end_us = window_us
    x, y, scale = place
    width, height = sides
    n = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.t < begin_us or e.t >= end_us:
            continue
        column, row = (e.x + 0.5 - x) * scale, (e.y + 0.5 - y) * scale
        if column < 0.0 or row < 0.0 or column >= width or row >= height:
            continue
        out[n] = e
        out[n].x = np.uint16(column)
        out[n].y = np.uint16(row)
        n += 1
    return n

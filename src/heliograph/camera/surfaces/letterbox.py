"""A sensor's pixels on a network's smaller input: which cell each of them falls into.

The sensor keeps its shape and stands in the middle; what is left over stays empty
("letterbox"). A smaller sensor is not enlarged: it has nothing more to show.
"""

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box, Size


class Letterbox:
    """Where pixels of a sensor of *size* lie on an input of *cells*.

    `columns` and `rows` hold the cell of each pixel column and row. `share` is one
    over the number of pixels in a cell, shape (H, W) of the input, and 0 where there
    are none.
    """

    def __init__(self, size: Size, cells: Size) -> None:
        scale = min(1.0, cells.width / size.width, cells.height / size.height)
        self.size, self.scale = size, scale
        self.left = (cells.width - round(size.width * scale)) // 2
        self.top = (cells.height - round(size.height * scale)) // 2
        self.columns = _cells_of(size.width, scale, self.left, cells.width)
        self.rows = _cells_of(size.height, scale, self.top, cells.height)
        pixels = np.outer(
            np.bincount(self.rows, minlength=cells.height),
            np.bincount(self.columns, minlength=cells.width),
        )
        share = np.divide(1.0, pixels, where=pixels > 0, out=np.zeros(pixels.shape))
        self.share: NDArray[np.float32] = share.astype(np.float32)

    def to_input(self, box: Box) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a sensor's box on the input."""
        left, top = box.x * self.scale + self.left, box.y * self.scale + self.top
        return (
            left,
            top,
            left + box.width * self.scale,
            top + box.height * self.scale,
        )

    def to_sensor(self, edges: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, 4) edges on the input as edges on the sensor, cut at its border.

        Columns are left, top, right and bottom.
        """
        offset = np.array([self.left, self.top] * 2, np.float32)
        limits = np.array([self.size.width, self.size.height] * 2, np.float32)
        found = (edges - offset) / np.float32(self.scale)
        cut: NDArray[np.float32] = np.clip(found, 0.0, limits)
        return cut


def _cells_of(pixels: int, scale: float, offset: int, cells: int) -> NDArray[np.int32]:
    at = np.floor((np.arange(pixels) + 0.5) * scale).astype(np.int32) + offset
    within: NDArray[np.int32] = np.minimum(at, cells - 1)
    return within

"""How good a view of a track is: larger, busier and sharper is better.

A score compares two views of one track. It means nothing between two sensors.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box

FRESH_LEVEL = 128
MID_GREY = 128
GREY_MIN = 4.0
"""Mean distance from grey below which a picture is flat and its sharpness noise."""


def score_view(
    surface: NDArray[np.uint8], picture: NDArray[np.uint8], box: Box
) -> float:
    """Return area x event density x sharpness of what is in *box*; 0 where it is empty.

    *surface* has shape (2, H, W) as `TimeSurface.render` returns it, *picture* (H, W)
    as `Picture.render` does. Density is the share of pixels that fired lately;
    sharpness the picture's mean Laplacian over its mean distance from grey, after a
    small blur that takes single noisy pixels out of it.
    """
    rows, columns = _inside(box, picture.shape)
    grey = picture[rows, columns]
    if grey.size == 0:
        return 0.0
    newest = cv2.max(surface[0, rows, columns], surface[1, rows, columns])
    fresh = int(np.count_nonzero(newest >= FRESH_LEVEL))
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    edges = float(np.abs(cv2.Laplacian(soft, cv2.CV_32F)).mean())
    contrast = float(np.abs(soft.astype(np.float32) - MID_GREY).mean())
    return fresh * edges / max(contrast, GREY_MIN)


def _inside(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return *box* as rows and columns of an array of *shape*."""
    height, width = shape
    top, left = max(0, int(box.y)), max(0, int(box.x))
    bottom = min(height, round(box.y + box.height))
    right = min(width, round(box.x + box.width))
    return slice(top, max(top, bottom)), slice(left, max(left, right))

"""Masks as pictures: what is black is left out, all else is kept.

A mask is a PNG of the sensor's size, so that any program shows it, and one can be
drawn over a snapshot. `heliograph hot-pixels` writes such pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config import SettingError
from heliograph.camera.types import Size

WHITE = 255
MASK_ENDING = ".png"


def read_masks(paths: Sequence[Path], size: Size) -> NDArray[np.bool_]:
    """Return which pixels all masks at *paths* keep, shape (H, W).

    Raises `SettingError` for what is no picture, or one of another size.
    """
    kept = np.ones((size.height, size.width), np.bool_)
    for path in paths:
        kept &= _read(path, size)
    return kept


def write_mask(path: Path, kept: NDArray[np.bool_]) -> None:
    """Write *kept*, shape (H, W), to *path* as a PNG. Raises `OSError`."""
    _, png = cv2.imencode(".png", kept.astype(np.uint8) * WHITE)
    path.write_bytes(bytes(png))


def _read(path: Path, size: Size) -> NDArray[np.bool_]:
    try:
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot read the mask {path}: {why}") from error
    picture = None
    if data:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SettingError(
            f"the mask {path} is no picture that can be read: write it as PNG, black "
            "where events are to be left out"
        )
    height, width = picture.shape
    if (width, height) != (size.width, size.height):
        raise SettingError(
            f"the mask {path} has {width}x{height} pixels and the recording "
            f"{size.width}x{size.height}: make it of the recording's size"
        )
    kept: NDArray[np.bool_] = picture > 0
    return kept

"""The picture a model is shown: the track up close, and where it is in the scene.

Two panels of one size, so that either half can be told from the other by its width
alone. Mid-grey is where nothing changes, and fills what a panel has left over.

All is grey but the frame, so the PNG has a palette: a third of the bytes and of the
time that three channels cost.
"""

import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box

PANEL_WIDTH = 512
PANEL_HEIGHT = 384
MID_GREY = 128
MARGIN = 0.25
"""Of the box's longer side, all around it: what is carried sticks out of a box."""
CROP_PX_MIN = 48
SCALE_MAX = 6.0
"""Beyond it a crop shows only how large its pixels are."""
FRAME_RGB = (255, 220, 0)
FRAME_INDEX = 255
"""The one palette entry that is no grey; white gives way to it by one level."""
PALETTE = bytes(level for grey in range(255) for level in (grey,) * 3) + bytes(
    FRAME_RGB
)


def montage(picture: NDArray[np.uint8], box: Box) -> bytes:
    """Return a PNG of 1024 x 384: *box* up close, and all of *picture* with it drawn.

    *picture* is grey of shape (H, W) and is not modified. Raises `ValueError` for
    another shape or depth.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8:  # noqa: PLR2004 - rows, columns
        raise ValueError(
            f"a picture is uint8 of shape (H, W), not {picture.dtype} {picture.shape}"
        )
    left, _ = _panel(_crop(picture, box))
    right, scale = _panel(picture)
    whole = np.minimum(np.hstack([left, right]), FRAME_INDEX - 1)
    _draw(whole[:, PANEL_WIDTH:], box, scale, picture.shape)
    _, png = cv2.imencode(".png", whole)
    return _with_palette(bytes(png))


def _with_palette(png: bytes) -> bytes:
    """Return an 8-bit grey PNG with its levels read as entries of `PALETTE`.

    Both kinds have the same rows, so only the header changes and one chunk is added.
    PNG specification, https://www.w3.org/TR/png-3/#11IHDR and #11PLTE
    """
    indexed = 3
    size_and_depth, rest = png[16:25], png[26:29]
    header = _chunk(b"IHDR", size_and_depth + bytes([indexed]) + rest)
    return png[:8] + header + _chunk(b"PLTE", PALETTE) + png[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    length = struct.pack(">I", len(data))
    return length + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _crop(picture: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cut *box* and a margin out of *picture*, as far as the picture goes."""
    height, width = picture.shape
    margin = MARGIN * max(box.width, box.height)
    half_x = max(box.width / 2 + margin, CROP_PX_MIN / 2)
    half_y = max(box.height / 2 + margin, CROP_PX_MIN / 2)
    middle_x, middle_y = box.x + box.width / 2, box.y + box.height / 2
    left, right = _span(middle_x, half_x, width)
    top, bottom = _span(middle_y, half_y, height)
    return picture[top:bottom, left:right]


def _span(middle: float, half: float, end: int) -> tuple[int, int]:
    """Return *middle* +- *half* within 0 to *end*, never empty."""
    first = min(max(round(middle - half), 0), end - 1)
    return first, min(max(round(middle + half), first + 1), end)


def _panel(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Scale *picture* into the middle of a grey panel; return it and its scale."""
    height, width = picture.shape
    scale = min(PANEL_WIDTH / width, PANEL_HEIGHT / height, SCALE_MAX)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    panel = np.full((PANEL_HEIGHT, PANEL_WIDTH), MID_GREY, np.uint8)
    left, top = (PANEL_WIDTH - wide) // 2, (PANEL_HEIGHT - high) // 2
    panel[top : top + high, left : left + wide] = cv2.resize(
        picture, (wide, high), interpolation=how
    )
    return panel, scale


def _draw(
    panel: NDArray[np.uint8], box: Box, scale: float, shape: tuple[int, ...]
) -> None:
    """Draw *box* on the scene's *panel*."""
    offset_x = (PANEL_WIDTH - shape[1] * scale) / 2
    offset_y = (PANEL_HEIGHT - shape[0] * scale) / 2
    first = (round(offset_x + box.x * scale), round(offset_y + box.y * scale))
    last = (
        round(offset_x + (box.x + box.width) * scale) - 1,
        round(offset_y + (box.y + box.height) * scale) - 1,
    )
    cv2.rectangle(panel, first, last, (FRAME_INDEX,), 2)

"""What is kept of one look at a track until it is known whether a model shall see it.

The close-ups are cut out and the scene is made small at once: a whole picture for every
view of every track would be half a gigabyte on a large sensor.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Box

Grey = NDArray[np.uint8]

SCENE_WIDTH = 512
SCENE_HEIGHT = 384
MID_GREY = 128
MARGIN = 0.25
"""Of the box's longer side, all around it: what is carried sticks out of a box."""
CROP_PX_MIN = 48
WIDE = 4 / 3
"""From this width to height on two close-ups are larger one above the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All of a picture, scaled by `scale` to fit into 512 x 384."""

    grey: Grey
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A track up close, as picture and as signed events, and its `box` in the scene.

    `part` is what the close-ups show of the sensor, in whole pixels.
    """

    close: Grey
    events: Grey | None
    scene: Scene
    box: Box
    part: Box

    @property
    def is_wide(self) -> bool:
        """Whether two close-ups lie better one above the other."""
        height, width = self.close.shape
        return bool(width >= WIDE * height)


def whole(picture: Grey) -> Scene:
    """Return *picture*, grey of shape (H, W), as small as a montage shows it.

    It is not modified. Raises `ValueError` for another shape or depth.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8:  # noqa: PLR2004 - rows, columns
        raise ValueError(
            f"a picture is uint8 of shape (H, W), not {picture.dtype} {picture.shape}"
        )
    height, width = picture.shape
    scale = min(SCENE_WIDTH / width, SCENE_HEIGHT / height)
    return Scene(scaled(picture, scale), scale)


def see(picture: Grey, box: Box, scene: Scene, *, events: Grey | None = None) -> Sight:
    """Cut *box* and a margin out of *picture* and of *events*, which has its shape."""
    height, width = picture.shape
    margin = MARGIN * max(box.width, box.height)
    half_x = max(box.width / 2 + margin, CROP_PX_MIN / 2)
    half_y = max(box.height / 2 + margin, CROP_PX_MIN / 2)
    rows = _span(box.y + box.height / 2, half_y, height)
    columns = _span(box.x + box.width / 2, half_x, width)
    close = picture[rows, columns].copy()
    signed = None if events is None else events[rows, columns].copy()
    part = Box(columns.start, rows.start, close.shape[1], close.shape[0])
    return Sight(close, signed, scene, box, part)


def scaled(picture: Grey, scale: float) -> Grey:
    """Return *picture* larger or smaller by *scale*, at least a pixel of it."""
    height, width = picture.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def signed_events(surface: Grey) -> Grey:
    """Return what fired lately: white where it got brighter, black where darker.

    *surface* has shape (2, H, W), darker and brighter, as `TimeSurface.render` returns
    it. Shape (H, W), mid-grey where nothing fired.
    """
    darker, brighter = surface
    signed = cv2.addWeighted(brighter, 0.5, darker, -0.5, MID_GREY)
    return np.asarray(signed, np.uint8)


def _span(middle: float, half: float, end: int) -> slice:
    """Return *middle* +- *half* within 0 to *end*, never empty."""
    first = min(max(round(middle - half), 0), end - 1)
    return slice(first, min(max(round(middle + half), first + 1), end))

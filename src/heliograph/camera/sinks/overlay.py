"""A frame that people read: the picture, its tracks, and what was said of them.

Below the picture stands a band with the time and the event rate, so that nothing of
the picture is hidden by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import wrap

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from heliograph.camera.types import Size, Track, TrackState

SIDE_PX_MIN = 640
"""A smaller sensor is shown in larger pixels."""
BAND_PX = 28
FONT_PX = 14
PADDING_PX = 5
CAPTION_CHARS = 38
CAPTION_LINES = 3
RGB = tuple[int, int, int]
BAND: RGB = (24, 26, 30)
INK: RGB = (232, 232, 232)
FAINT: RGB = (150, 154, 160)
COLOURS: Mapping[TrackState, RGB] = {
    "confirmed": (255, 205, 60),
    "tentative": (150, 154, 160),
    "coasting": (110, 170, 235),
    "stationary": (120, 210, 150),
}
GREYS = 128
COLOURS_USED = bytes(
    [level for grey in range(GREYS) for level in (2 * grey,) * 3]
    + [
        round(shade * ink + (1 - shade) * band)
        for colour in (INK, BAND, *COLOURS.values())
        for shade in (1.0, 0.75, 0.5, 0.25)
        for ink, band in zip(colour, BAND, strict=True)
    ]
)
"""What a picture of few colours needs, three bytes each: greys, and all that is drawn
with its softened edges."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: *picture*, grey of shape (H, W), as it was at `now_us`.

    `at_s` counts from the recording's begin, `events_per_s` since the last frame.
    `said` are captions by track id.
    """

    picture: NDArray[np.uint8]
    tracks: Sequence[Track]
    at_s: float
    events_per_s: float
    said: Mapping[int, str]


class Overlay:
    """Draws scenes of a sensor of *size*; *name* stands in the band."""

    def __init__(self, size: Size, name: str) -> None:
        self.scale = max(1, ceil(SIDE_PX_MIN / max(size.width, size.height)))
        self.name = name
        self.width = size.width * self.scale
        self.height = size.height * self.scale
        # Film codecs want whole blocks of colour, two pixels each way.
        self.shape = (
            self.height + self.height % 2 + BAND_PX,
            self.width + self.width % 2,
            3,
        )
        self._font = ImageFont.load_default(FONT_PX)

    def draw(self, scene: Scene) -> NDArray[np.uint8]:
        """Return *scene* as RGB of shape `self.shape`; nothing of it is modified."""
        frame = np.empty(self.shape, np.uint8)
        frame[:] = BAND
        grey = scene.picture
        if self.scale > 1:
            size = (self.width, self.height)
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST).astype(
                np.uint8, copy=False
            )
        frame[: self.height, : self.width] = grey[:, :, None]
        for track in scene.tracks:
            self._outline(frame, track)
        image = Image.fromarray(frame)
        canvas = ImageDraw.Draw(image)
        for track in scene.tracks:
            self._name(canvas, track, scene.said.get(track.id, ""))
        self._band(canvas, scene)
        return np.asarray(image)

    def _outline(self, frame: NDArray[np.uint8], track: Track) -> None:
        left, top, right, bottom = self._corners(track)
        line_px = 1 if track.state == "tentative" else 2
        colour = COLOURS[track.state]
        cv2.rectangle(frame, (left, top), (right, bottom), colour, line_px)

    def _name(self, canvas: ImageDraw.ImageDraw, track: Track, said: str) -> None:
        """Write who it is on a chip at its box, where the picture has room for it."""
        if track.state == "tentative":
            return
        lines = [f"{track.id}  {track.box.label}"]
        lines += wrap(said, CAPTION_CHARS, max_lines=CAPTION_LINES, placeholder=" …")
        text = "\n".join(lines)
        _, _, wide, high = canvas.multiline_textbbox((0, 0), text, font=self._font)
        wide, high = ceil(wide) + 2 * PADDING_PX, ceil(high) + 2 * PADDING_PX
        left, top, _, bottom = self._corners(track)
        left = min(max(left, 0), max(0, self.width - wide))
        above, below = top - high - 2, bottom + 3
        top = above if above >= 0 else min(below, max(0, self.height - high))
        canvas.rectangle((left, top, left + wide, top + high), fill=BAND)
        colour = COLOURS[track.state]
        canvas.line((left, top, left, top + high), fill=colour, width=3)
        at = (left + PADDING_PX + 2, top + PADDING_PX)
        canvas.multiline_text(at, text, fill=INK, font=self._font)

    def _band(self, canvas: ImageDraw.ImageDraw, scene: Scene) -> None:
        middle = self.shape[0] - BAND_PX // 2
        told = f"{scene.at_s:.2f} s   {scene.events_per_s / 1e6:.2f} Mev/s"
        canvas.text((10, middle), told, fill=INK, font=self._font, anchor="lm")
        end = self.shape[1] - 10
        room = end - 20 - canvas.textlength(told, font=self._font)
        if canvas.textlength(self.name, font=self._font) < room:
            at = (end, middle)
            canvas.text(at, self.name, fill=FAINT, font=self._font, anchor="rm")

    def _corners(self, track: Track) -> tuple[int, int, int, int]:
        box, scale = track.box, self.scale
        return (
            round(box.x * scale),
            round(box.y * scale),
            round((box.x + box.width) * scale),
            round((box.y + box.height) * scale),
        )

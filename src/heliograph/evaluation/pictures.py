"""What was found as pictures with boxes, by the overlay that films are drawn with.

Found boxes are yellow with class and score, thin and grey where a watch would not count
them; labelled ones are green, and blue where they are not judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.camera.sinks.overlay import Overlay, Scene
from heliograph.camera.types import Box, Size, Track

GREEN = (90, 220, 120)
BLUE = (110, 170, 235)
COLUMNS = 3
SHOWN_FROM = 0.15
"""Of the boxes that a watch would not count those below are too many to look at."""
SHEET_PX_MAX = 1920
"""A sheet is not wider."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A picture, grey of shape (H, W), and the boxes that belong to it."""

    name: str
    size: Size
    picture: NDArray[np.uint8]
    at_s: float
    events_per_s: float
    found: tuple[Box, ...]
    truths: tuple[Box, ...] = ()
    ignored: tuple[Box, ...] = ()


def draw(moment: Moment) -> NDArray[np.uint8]:
    """Return *moment* as RGB, of the shape that an `Overlay` draws."""
    overlay = Overlay(moment.size, moment.name)
    tracks = [
        Track(
            id=number,
            box=box,
            state="tentative" if box.is_weak else "confirmed",
            first_us=0,
            last_seen_us=0,
            hits=1,
        )
        for number, box in enumerate(moment.found, 1)
        if not box.is_weak or box.score >= SHOWN_FROM
    ]
    said = {track.id: f"{track.box.score:.2f}" for track in tracks}
    scene = Scene(moment.picture, tracks, moment.at_s, moment.events_per_s, said)
    frame = overlay.draw(scene).copy()
    for boxes, colour in ((moment.ignored, BLUE), (moment.truths, GREEN)):
        for box in boxes:
            near = (round(box.x * overlay.scale), round(box.y * overlay.scale))
            far = (
                round((box.x + box.width) * overlay.scale) - 1,
                round((box.y + box.height) * overlay.scale) - 1,
            )
            cv2.rectangle(frame, near, far, colour, 2)
    return frame


def write_sheet(path: Path, moments: Sequence[Moment]) -> Path | None:
    """Write *moments* side by side as a PNG; return its path, None for no moment."""
    frames = [draw(moment) for moment in moments]
    if not frames:
        return None
    high = max(frame.shape[0] for frame in frames)
    wide = max(frame.shape[1] for frame in frames)
    columns = min(COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sheet = np.zeros((rows * high, columns * wide, 3), np.uint8)
    for number, frame in enumerate(frames):
        top, left = number // columns * high, number % columns * wide
        sheet[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    if sheet.shape[1] > SHEET_PX_MAX:
        share = SHEET_PX_MAX / sheet.shape[1]
        to = (SHEET_PX_MAX, round(sheet.shape[0] * share))
        sheet = cv2.resize(sheet, to, interpolation=cv2.INTER_AREA).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet[:, :, ::-1]):
        raise OSError(f"cannot write {path}")
    return path

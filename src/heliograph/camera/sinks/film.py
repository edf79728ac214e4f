"""Frames as a film: MP4 (VP9, which browsers play) or GIF, by the file's ending.

A film is written beside its place and moved there when it is whole: what was there
before stays until then, and a render that is broken off leaves nothing behind.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from heliograph.camera.sinks.jsonl import SinkError

Frames = Iterable[NDArray[np.uint8]]
GIF_PAUSE_MS_MIN = 20
"""Browsers show a GIF with shorter pauses slowly."""


def write_film(path: Path, frames: Frames, *, fps: float, colours: bytes) -> int:
    """Write RGB *frames*, all of one shape (H, W, 3), to *path*; return how many.

    *colours* are what a GIF may have: at most 256, three bytes each. Raises
    `SinkError` for another ending, for no frame at all, and where the disk does not
    take it.
    """
    write = KINDS.get(path.suffix.lower())
    if write is None:
        known = " or ".join(ENDINGS)
        raise SinkError(f"cannot write {path}: a film's name ends in {known}")
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix.lower()}")
    counted = _Counted(frames)
    try:
        write(beside, iter(counted), fps, colours)
        if not counted.number:
            raise SinkError(f"cannot write {path}: there is no frame to write")
        if frames_in(beside) != counted.number:
            raise SinkError(f"cannot write {path}: is the disk full?")
        beside.replace(path)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SinkError(f"cannot write {path}: {why}") from error
    finally:
        beside.unlink(missing_ok=True)
    return counted.number


def frames_in(path: Path) -> int:
    """Count the frames of a film: an encoder does not say what the disk refused."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            return int(getattr(image, "n_frames", 1))
    film = cv2.VideoCapture(str(path))
    try:
        return int(film.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        film.release()


class _Counted:
    """Passes frames on and counts them."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.number = 0

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for frame in self.frames:
            self.number += 1
            yield frame


def _write_mp4(
    path: Path, frames: Iterator[NDArray[np.uint8]], fps: float, colours: bytes
) -> None:
    """Write VP9; other codecs are missing from OpenCV's wheels, or from browsers."""
    del colours
    # The library says nothing of a place that it cannot write to: this does.
    path.touch()
    first = next(frames, None)
    if first is None:
        return
    height, width = first.shape[:2]
    codec = cv2.VideoWriter.fourcc(*"vp09")
    film = cv2.VideoWriter(str(path), codec, fps, (width, height))
    if not film.isOpened():
        raise SinkError(f"cannot write {path}: this OpenCV has no VP9 encoder")
    try:
        for frame in chain([first], frames):
            film.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    finally:
        film.release()


def _write_gif(
    path: Path, frames: Iterator[NDArray[np.uint8]], fps: float, colours: bytes
) -> None:
    """Write a GIF that plays for ever; its pauses are whole hundredths of a second."""
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    pictures = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    )
    first = next(pictures, None)
    if first is None:
        return
    first.save(
        path,
        save_all=True,
        append_images=pictures,
        duration=max(GIF_PAUSE_MS_MIN, round(100 / fps) * 10),
        loop=0,
    )


KINDS: Mapping[
    str, Callable[[Path, Iterator[NDArray[np.uint8]], float, bytes], None]
] = {
    ".mp4": _write_mp4,
    ".gif": _write_gif,
}
ENDINGS = tuple(KINDS)

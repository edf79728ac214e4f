"""Captions as JSON lines, one object a caption, on disk as soon as it is there.

The file is added to, never cut: an earlier run's captions stay. What a line is about
has an `id`, so that a caption which may be here already can be looked up.
"""

import json
from os import SEEK_END
from pathlib import Path
from typing import Self

from heliograph.camera.types import Caption

LOOK_BACK_BYTES = 1 << 20
"""How much of the end is looked through for what the last process may have written."""


class SinkError(Exception):
    """The sink cannot be written; the message says where and why."""


class JsonLines:
    """Adds to the file at *path*.

    Raises `SinkError` at once where the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("a", encoding="utf-8")
            self._begin = "" if _ends_in_newline(path) else "\n"
        except OSError as error:
            raise SinkError(
                f"cannot write captions to {path}: {_why(error)}"
            ) from error

    def append(
        self, caption: Caption, png: bytes = b"", *, in_doubt: bool = False
    ) -> None:
        """Write one line; where it is *in_doubt*, unless the file's end has it.

        The picture is not in it. Raises `SinkError` where the disk does not take it.
        """
        del png
        if in_doubt and self._has(caption):
            return
        line = json.dumps(to_json(caption), ensure_ascii=False)
        try:
            self._file.write(f"{self._begin}{line}\n")
            self._file.flush()
            self._begin = ""
        except OSError as error:
            raise SinkError(
                f"cannot write captions to {self._path}: {_why(error)}"
            ) from error

    def _has(self, caption: Caption) -> bool:
        try:
            lines = _tail(self._path).splitlines()
        except OSError as error:
            raise SinkError(
                f"cannot read captions from {self._path}: {_why(error)}"
            ) from error
        return any(_tells(line, caption) for line in lines)

    def close(self) -> None:
        """Close the file. Twice does no harm."""
        try:
            self._file.close()
        except OSError as error:
            raise SinkError(
                f"cannot write captions to {self._path}: {_why(error)}"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def to_json(caption: Caption) -> dict[str, object]:
    """Return *caption* as the object of its line; docs/guide/camera.md explains it."""
    box, clip = caption.box, caption.clip
    return {
        "id": caption.id,
        "rung": caption.rung,
        "recording": caption.recording,
        "t": caption.t_us,
        "at_s": round(caption.at_s, 6),
        "track": caption.track_id,
        "box": [round(side, 1) for side in (box.x, box.y, box.width, box.height)],
        "label": box.label,
        "zones": list(caption.zones),
        "reason": caption.reason,
        "text": caption.text,
        "actions": list(caption.actions),
        "carried": list(caption.carried),
        "confidence": caption.confidence,
        "provider": caption.provider,
        "model": caption.model,
        "attempts": caption.attempts,
        "fallback": caption.fallback,
        "latency_ms": round(caption.latency_ms, 1),
        "cost_usd": caption.cost_usd,
        "age_s": round(caption.age_s, 3),
        "error": caption.error,
        "clip": None
        if clip is None
        else {
            "file": clip.file,
            "from_s": round(clip.from_s, 6),
            "to_s": round(clip.to_s, 6),
            "short": clip.short,
        },
    }


def _ends_in_newline(path: Path) -> bool:
    """Say whether what comes next begins a line; a full disk may have cut the last."""
    if not path.is_file():
        return True  # a pipe or a device
    with path.open("rb") as file:
        if not file.seek(0, SEEK_END):
            return True
        file.seek(-1, SEEK_END)
        return file.read(1) == b"\n"


def _tail(path: Path) -> bytes:
    """Return the end of a file, nothing of a pipe or a device."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, SEEK_END) - LOOK_BACK_BYTES))
        return file.read()


def _tells(line: bytes, caption: Caption) -> bool:
    """Say whether *line* is that of *caption*."""
    if caption.id.encode() not in line:
        return False
    try:
        told = json.loads(line)
    except ValueError:
        return False  # cut by a full disk, or by where the tail begins
    return isinstance(told, dict) and (told.get("id"), told.get("rung")) == (
        caption.id,
        caption.rung,
    )


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

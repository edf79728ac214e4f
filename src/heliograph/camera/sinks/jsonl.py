"""Captions as JSON lines, one object a caption, on disk as soon as it is there.

The file is added to, never cut: an earlier run's captions stay.
"""

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from heliograph.camera.types import Caption


class SinkError(Exception):
    """The sink cannot be written; the message says where and why."""


class JsonLines:
    """Writes to *path*; times are also given relative to *begin_us*.

    Raises `SinkError` at once where the file cannot be opened for writing.
    """

    def __init__(self, path: Path, *, recording: str, begin_us: int) -> None:
        self._path = path
        self._recording = recording
        self._begin_us = begin_us
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise SinkError(
                f"cannot write captions to {path}: {_why(error)}"
            ) from error

    def append(self, caption: Caption) -> None:
        """Write one line. Raises `SinkError` where the disk does not take it."""
        line = json.dumps(
            to_json(caption, recording=self._recording, begin_us=self._begin_us),
            ensure_ascii=False,
        )
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise SinkError(
                f"cannot write captions to {self._path}: {_why(error)}"
            ) from error

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def to_json(caption: Caption, *, recording: str, begin_us: int) -> dict[str, object]:
    """Return *caption* as the object of its line; docs/guide/camera.md explains it."""
    box = caption.box
    return {
        "recording": recording,
        "t": caption.t_us,
        "at_s": round((caption.t_us - begin_us) / 1e6, 6),
        "track": caption.track_id,
        "box": [round(side, 1) for side in (box.x, box.y, box.width, box.height)],
        "label": box.label,
        "reason": caption.reason,
        "text": caption.text,
        "provider": caption.provider,
        "model": caption.model,
        "attempts": caption.attempts,
        "fallback": caption.fallback,
        "latency_ms": round(caption.latency_ms, 1),
        "cost_usd": caption.cost_usd,
        "error": caption.error,
    }


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

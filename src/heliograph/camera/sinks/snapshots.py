"""The picture of each caption as `ID.png`, in a folder that does not grow for ever."""

import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from heliograph.camera.config.snapshots import SnapshotSettings
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import Caption

OURS = re.compile(r".+-[0-9a-f]{8}-\d+-\d+\.png")
"""What an alert's picture is called; nothing else in the folder is ever touched."""


@dataclass(frozen=True, slots=True)
class SnapshotCounters:
    """Pictures so far: written, given up for room, and those the disk did not take."""

    written: int
    removed: int
    failed: int


class Snapshots:
    """Keeps pictures where *settings* say.

    Raises `SinkError` at once where the folder cannot be made. A disk that fails later
    ends nothing: the captions are the record, the pictures are not.
    """

    def __init__(self, settings: SnapshotSettings) -> None:
        self._folder = settings.folder
        self._bytes_max = settings.bytes_max
        self._written = self._removed = self._failed = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            found = [
                (each.stat(), each.name)
                for each in self._folder.iterdir()
                if OURS.fullmatch(each.name)
            ]
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            raise SinkError(
                f"cannot keep snapshots in {self._folder}: {why}"
            ) from error
        found.sort(key=lambda each: each[0].st_mtime_ns)
        self._kept = deque((name, facts.st_size) for facts, name in found)
        self._bytes = sum(size for _, size in self._kept)

    @property
    def counters(self) -> SnapshotCounters:
        """What was written, removed and failed."""
        return SnapshotCounters(self._written, self._removed, self._failed)

    def append(
        self, caption: Caption, png: bytes = b"", *, in_doubt: bool = False
    ) -> None:
        """Keep the picture of *caption*; a template's and a model's have the same."""
        del in_doubt  # written twice it is the same file
        path = self._folder / f"{caption.id}.png"
        part = path.with_suffix(".part")
        try:
            if not png or path.exists():
                return
            part.write_bytes(png)
            part.replace(path)
        except OSError:
            self._failed += 1
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return
        self._written += 1
        self._kept.append((path.name, len(png)))
        self._bytes += len(png)
        self._make_room()

    def _make_room(self) -> None:
        """Remove the oldest until the rest is within the bound."""
        while self._bytes > self._bytes_max and len(self._kept) > 1:
            name, size = self._kept.popleft()
            self._bytes -= size
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError:
                self._failed += 1
            else:
                self._removed += 1

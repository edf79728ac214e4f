"""Files of ours in a folder that does not grow for ever: the oldest give way.

Only files whose name is one that an alert's file has are counted and removed.
"""

import re
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from heliograph.camera.sinks.jsonl import SinkError

ALERT = r".+-[0-9a-f]{8}-\d+-\d+"
"""What the file of an alert is called, but for its ending."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a folder may hold: `bytes_max`, for `keep_s` at most (None is for ever).

    At least `free_bytes_min` are to be free on its disk.
    """

    bytes_max: int
    keep_s: float | None = None
    free_bytes_min: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    size: int
    at_s: float


class KeptFiles:
    """The files `ID.ending` in *folder*, *what* people call them.

    Raises `SinkError` at once where the folder cannot be made. Not for two threads.
    """

    def __init__(self, folder: Path, ending: str, bounds: Bounds, *, what: str) -> None:
        self._folder = folder
        self._bounds = bounds
        self.removed = self.failed = 0
        ours = re.compile(ALERT + re.escape(f".{ending}"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = [
                (each.stat(), each.name)
                for each in folder.iterdir()
                if ours.fullmatch(each.name)
            ]
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            raise SinkError(f"cannot keep {what} in {folder}: {why}") from error
        found.sort(key=lambda each: each[0].st_mtime_ns)
        self._kept = deque(
            _Kept(name, facts.st_size, facts.st_mtime) for facts, name in found
        )
        self._bytes = sum(one.size for one in self._kept)

    def add(self, name: str, size: int, *, now_s: float) -> None:
        """Note that *name* is there, and let the oldest give way to it."""
        self._kept.append(_Kept(name, size, now_s))
        self._bytes += size
        self.tidy(now_s)

    def tidy(self, now_s: float) -> None:
        """Remove the oldest until the rest is within its bounds, but not the newest."""
        while self._bytes > self._bounds.bytes_max and len(self._kept) > 1:
            self._remove()
        keep_s = self._bounds.keep_s
        while keep_s is not None and self._kept and self._kept[0].at_s < now_s - keep_s:
            self._remove()

    def has_room(self) -> bool:
        """Say whether the disk has room, once the oldest have given way to that.

        Raises `OSError` where it cannot be told.
        """
        while shutil.disk_usage(self._folder).free < self._bounds.free_bytes_min:
            if not self._kept:
                return False
            self._remove()
        return True

    def _remove(self) -> None:
        oldest = self._kept.popleft()
        self._bytes -= oldest.size
        try:
            (self._folder / oldest.name).unlink(missing_ok=True)
        except OSError:
            self.failed += 1
        else:
            self.removed += 1

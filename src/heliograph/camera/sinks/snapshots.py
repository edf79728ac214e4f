"""The picture of each caption as `ID.png`, in a folder that does not grow for ever."""

from contextlib import suppress
from dataclasses import dataclass

from heliograph.camera.config.snapshots import SnapshotSettings
from heliograph.camera.sinks.kept_files import Bounds, KeptFiles
from heliograph.camera.types import Caption
from heliograph.clock import Clock


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

    def __init__(self, settings: SnapshotSettings, *, clock: Clock) -> None:
        self._folder = settings.folder
        self._clock = clock
        self._written = self._failed = 0
        bounds = Bounds(settings.bytes_max)
        self._kept = KeptFiles(self._folder, "png", bounds, what="snapshots")

    @property
    def counters(self) -> SnapshotCounters:
        """What was written, removed and failed."""
        kept = self._kept
        failed = self._failed + kept.failed
        return SnapshotCounters(self._written, kept.removed, failed)

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
        self._kept.add(path.name, len(png), now_s=self._clock.wall_s())

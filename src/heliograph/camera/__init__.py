"""From events to captions; reaches the gateway over HTTP only."""

from heliograph.camera.reading.errors import (
    BrokenRecordingError,
    ForeignFileError,
    MissingPackageError,
    RecordingError,
)
from heliograph.camera.reading.formats import open  # noqa: A004 - used as `camera.open`
from heliograph.camera.reading.recording import Counters, Recording

__all__ = [
    "BrokenRecordingError",
    "Counters",
    "ForeignFileError",
    "MissingPackageError",
    "Recording",
    "RecordingError",
    "open",
]

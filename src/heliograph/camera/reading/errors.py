"""What can be wrong with a recording. Each message says what, where and the fix.

RecordingError
├── ForeignFileError      not a RAW file, or one whose events we cannot read
└── BrokenRecordingError  a RAW file that ends or goes wrong at a known byte
"""


class RecordingError(Exception):
    """A recording that cannot be read, or not any further."""


class ForeignFileError(RecordingError):
    """The file is something else, or its header lacks what reading needs."""


class BrokenRecordingError(RecordingError):
    """The payload goes wrong at `byte`; the windows yielded before it stand."""

    def __init__(self, message: str, *, byte: int) -> None:
        super().__init__(message)
        self.byte = byte

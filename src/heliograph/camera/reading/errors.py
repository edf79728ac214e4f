"""What can be wrong with a recording. Each message says what, where and the fix.

RecordingError
├── ForeignFileError      none of our formats, or its header lacks what reading needs
│   └── UnknownSizeError  a recording whose geometry somebody must say
├── MissingPackageError   the format is read with a package that is not installed
└── BrokenRecordingError  a recording that ends or goes wrong at a known place
"""


class RecordingError(Exception):
    """A recording that cannot be read, or not any further."""


class ForeignFileError(RecordingError):
    """The file is something else, or its header lacks what reading needs."""


class UnknownSizeError(ForeignFileError):
    """A recording that does not tell its geometry, and nobody said it."""


class MissingPackageError(RecordingError):
    """The format needs a package that an extra of ours brings."""


class BrokenRecordingError(RecordingError):
    """The payload goes wrong at `byte`; the windows yielded before it stand.

    In NumPy and HDF5 files, whose columns lie apart, `byte` is the event's number;
    in an archive it counts what was unpacked.
    """

    def __init__(self, message: str, *, byte: int) -> None:
        super().__init__(message)
        self.byte = byte


def broken(
    name: str, what: str, *, at: int, unit: str = "byte"
) -> BrokenRecordingError:
    """Say that the file *name* goes wrong at byte, or event, number *at*."""
    return BrokenRecordingError(
        f"{name}: at {unit} {at}: {what}. What was read before it stands", byte=at
    )

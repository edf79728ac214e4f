"""NPZ files: a ZIP of arrays, either one for each column or one with all of them.

The arrays are unpacked side by side as they are read, so that neither the file nor
what a small one unpacks to is ever in memory.
"""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.columns import Names, Times, as_records, names_among
from heliograph.camera.reading.errors import ForeignFileError, broken
from heliograph.camera.reading.npy import (
    Rows,
    Splitter,
    by_rows_please,
    opened_records,
)
from heliograph.camera.reading.npy_header import read_header
from heliograph.camera.reading.recording import Opened
from heliograph.camera.reading.records import Reader
from heliograph.camera.reading.sources import Source

ENDING = ".npy"
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError),
    # Places before the file's begin, where bytes are missing; names that are no text.
    *(OSError, ValueError),
)
"""What unpacking raises for a damaged member, or one that it does not know how to."""


def open_npz(source: Source) -> Opened:
    """Read the table of contents; raises `ForeignFileError` for no events."""
    if not source.is_whole:
        raise ForeignFileError(
            f"{source.name}: an NPZ file is not read in one go, as a pipe or a file "
            "that grows must be: save it to a file"
        )
    stream: Any = source.from_start()
    try:
        archive = source.owned.enter_context(zipfile.ZipFile(stream))
    except ZIP_ERRORS as error:
        raise ForeignFileError(f"{source.name}: is a damaged ZIP archive") from error
    arrays = {
        name.removesuffix(ENDING): name
        for name in archive.namelist()
        if name.endswith(ENDING)
    }
    names = names_among(arrays)
    members = _Members(archive, source.name)
    if names is not None:
        side_by_side = Names(*(arrays[name] for name in names))
        return opened_records("NPZ", members.reader(side_by_side), seekable=True)
    if len(arrays) != 1:
        held = ", ".join(sorted(arrays)) or "no arrays"
        raise ForeignFileError(f"{source.name}: has no x, y, t, p but {held}")
    (whole,) = arrays.values()
    return opened_records("NPZ", members.table_reader(whole), seekable=True)


class _Members:
    """The arrays in an archive, opened anew for each way through them."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name

    def reader(self, members: Names) -> Reader:
        """Return a reader of four arrays of one column each."""
        times = Times()
        columns = [self._rows(member, 0) for member in members]
        if not all(column.is_plain for column in columns):
            raise ForeignFileError(f"{self._name}: its x, y, t, p are no columns")
        if len({column.count for column in columns}) > 1:
            raise ForeignFileError(f"{self._name}: its columns are not equally long")

        def read(place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
            columns = [self._rows(member, place) for member in members]
            for pieces in zip(*columns, strict=True):
                yield columns[0].read, as_records(pieces, times)

        return read

    def table_reader(self, member: str) -> Reader:
        """Return a reader of an array that holds all columns."""
        header = read_header(self._opened(member), self._called(member))
        splitter = Splitter(header, self._name)

        def read(place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
            return splitter.pieces(self._rows(member, place))

        return read

    def _rows(self, member: str, place: int) -> Rows:
        """Open an array and pass by its first *place* rows."""
        stream = self._opened(member)
        header = read_header(stream, self._called(member))
        if header.fortran_order and len(header.shape) > 1:
            raise by_rows_please(self._called(member))
        if header.dtype is None:
            raise ForeignFileError(
                f"{self._called(member)}: holds Python objects, which are not read"
            )
        rows = Rows(stream, header, self._name)
        rows.pass_by(place)
        return rows

    def _opened(self, member: str) -> "_Unpacked":
        return _Unpacked(self._archive, member, self._called(member))

    def _called(self, member: str) -> str:
        return f"{self._name}: {member}"


class _Unpacked:
    """One array of an archive, unpacked as it is read."""

    def __init__(self, archive: zipfile.ZipFile, member: str, name: str) -> None:
        self._name = name
        self._read = 0
        try:
            self._stream = archive.open(member)
        except ZIP_ERRORS as error:
            raise ForeignFileError(f"{name}: cannot be unpacked") from error

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes; raises `BrokenRecordingError` for damage."""
        try:
            data = self._stream.read(size)
        except ZIP_ERRORS as error:
            what = "the archive is damaged"
            raise broken(self._name, what, at=self._read) from error
        self._read += len(data)
        return data

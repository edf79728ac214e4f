"""NPY files: structured arrays, tables of four columns, and pickled dicts of columns.

They are read row by row, so that memory does not grow with the file; a pickled dict is
the exception, and is never unpickled (`plain_pickle.py`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.columns import (
    Names,
    Times,
    as_records,
    names_among,
    table_order,
)
from heliograph.camera.reading.errors import (
    BrokenRecordingError,
    ForeignFileError,
    broken,
)
from heliograph.camera.reading.npy_header import NpyHeader, read_header
from heliograph.camera.reading.plain_pickle import read_columns
from heliograph.camera.reading.recording import Opened
from heliograph.camera.reading.records import RECORDS_AT_ONCE, Reader, Records, decode
from heliograph.camera.reading.sources import Readable, Source, read_exactly

TABLE_COLUMNS = 4
PICKLE_BYTES_MAX = 1 << 30
PASSED_BYTES = 1 << 20


class Rows:
    """The rows of one array, in order: structures, or a table's rows of numbers."""

    def __init__(self, stream: Readable, header: NpyHeader, name: str) -> None:
        self.count = header.shape[0] if header.shape else 0
        self.read = 0
        self._stream = stream
        self._width = header.shape[1] if len(header.shape) > 1 else 1
        self._is_table = len(header.shape) > 1
        self._dtype: np.dtype[Any] = header.dtype or np.dtype("O")
        self._row_bytes = self._width * self._dtype.itemsize
        self._name = name

    @property
    def is_plain(self) -> bool:
        """Whether a row is a single number."""
        return not self._is_table and self._dtype.names is None

    def pass_by(self, count: int) -> None:
        """Read the next *count* rows and drop them."""
        self.read += count
        left = count * self._row_bytes
        while left and (dropped := self._stream.read(min(left, PASSED_BYTES))):
            left -= len(dropped)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield pieces of at most `RECORDS_AT_ONCE` rows."""
        row_bytes = self._row_bytes
        while self.read < self.count:
            wanted = min(RECORDS_AT_ONCE, self.count - self.read)
            data = read_exactly(self._stream, wanted * row_bytes)
            whole = len(data) // row_bytes
            self.read += whole
            values = np.frombuffer(data, self._dtype, whole * self._width)
            if whole:
                yield values.reshape(whole, self._width) if self._is_table else values
            if whole < wanted:
                raise cut(self._name, self.read, self.count)


class ByColumn:
    """A table whose columns lie one behind the other: `numpy.stack(columns).T`."""

    def __init__(
        self, source: Source, header: NpyHeader, payload_at: int, place: int
    ) -> None:
        self.count, self._width = header.shape
        self.read = place
        self._source = source
        self._payload_at = payload_at
        self._dtype: np.dtype[Any] = header.dtype or np.dtype("O")

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield pieces of at most `RECORDS_AT_ONCE` rows."""
        stream, size = self._source.stream, self._dtype.itemsize
        while self.read < self.count:
            wanted = min(RECORDS_AT_ONCE, self.count - self.read)
            columns = []
            for column in range(self._width):
                stream.seek(self._payload_at + (column * self.count + self.read) * size)
                data = read_exactly(stream, wanted * size)
                columns.append(np.frombuffer(data, self._dtype, len(data) // size))
            whole = min(map(len, columns))
            self.read += whole
            if whole:
                yield np.stack([column[:whole] for column in columns], axis=1)
            if whole < wanted:
                raise cut(self._source.name, self.read, self.count)


def cut(name: str, at: int, count: int) -> BrokenRecordingError:
    """Say that an array ends before all its events."""
    return broken(
        name,
        f"the file ends within event {at} of {count}: it is cut",
        at=at,
        unit="event",
    )


def by_rows_please(name: str) -> ForeignFileError:
    """Say what to do with a table that cannot be read in one go."""
    return ForeignFileError(
        f"{name}: its columns lie one behind the other, which is read from an NPY file "
        "only; save it by rows: numpy.save(path, numpy.ascontiguousarray(table))"
    )


def open_npy(source: Source) -> Opened:
    """Read the header of an NPY file; raises `ForeignFileError` for no events."""
    stream = source.from_start()
    header = read_header(stream, source.name)
    if header.dtype is None:
        data = read_exactly(stream, PICKLE_BYTES_MAX)
        columns = read_columns(data, source.name)
        return opened_records("NPY", column_reader(columns, source.name), seekable=True)
    split = Splitter(header, source.name)
    if header.fortran_order and source.origin is None:
        raise by_rows_please(source.name)
    if source.origin is None:
        # A pipe is read once, from where it stands.
        rows = Rows(stream, header, source.name)
        return opened_records("NPY", lambda _: split.pieces(rows), seekable=False)
    origin, row_bytes = source.origin, split.row_bytes

    def read(place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
        at = origin + header.payload_at
        if header.fortran_order and len(header.shape) > 1:
            return split.pieces(ByColumn(source, header, at, place))
        source.stream.seek(at + place * row_bytes)
        rows = Rows(source.stream, header, source.name)
        rows.read = place
        return split.pieces(rows)

    return opened_records("NPY", read, seekable=True)


def opened_records(format_name: str, reader: Reader, *, seekable: bool) -> Opened:
    """Return what a reader of events with whole times is to a recording."""
    return Opened(
        format=format_name,
        pieces=Records(reader, unit="event", seekable=seekable),
        decode=decode,
        size=None,
        ask=f"a file of the format {format_name} tells no geometry",
        nothing="no event in it: the recording is empty",
    )


class Splitter:
    """Splits the rows of one array into columns, and puts those together as records."""

    def __init__(self, header: NpyHeader, name: str) -> None:
        self._name = name
        self._times = Times()
        self._order: str | None = None
        self._names: Names | None = None
        dtype = header.dtype
        if dtype is None:
            raise ForeignFileError(f"{name}: holds Python objects, which are not read")
        if dtype.names is not None and len(header.shape) == 1:
            self._names = names_among(dtype.names)
            if self._names is None:
                fields = ", ".join(dtype.names)
                raise ForeignFileError(f"{name}: has no x, y, t, p but {fields}")
        elif dtype.names is not None or header.shape[1:] != (TABLE_COLUMNS,):
            raise ForeignFileError(
                f"{name}: is an array of shape {header.shape}; supported are arrays of "
                "structures with x, y, t, p, and tables of four columns"
            )
        self.row_bytes = dtype.itemsize * (
            header.shape[1] if self._names is None else 1
        )

    def pieces(self, rows: Rows | ByColumn) -> Iterator[tuple[int, NDArray[np.void]]]:
        """Yield records with the number of the row behind them."""
        for piece in rows:
            yield rows.read, as_records(self._columns(piece), self._times)

    def _columns(self, piece: NDArray[Any]) -> list[NDArray[Any]]:
        if self._names is not None:
            return [piece[name] for name in self._names]
        if self._order is None:
            self._order = table_order(piece, self._name)
        return [piece[:, self._order.index(column)] for column in Names._fields]


def column_reader(columns: dict[str, NDArray[Any]], name: str) -> Reader:
    """Return a reader of columns that are in memory; places are numbers of events."""
    names = names_among(columns)
    if names is None:
        raise ForeignFileError(
            f"{name}: has no x, y, t, p but {', '.join(columns) or 'nothing'}"
        )
    chosen = [columns[column] for column in names]
    if len({len(column) for column in chosen}) > 1:
        raise ForeignFileError(f"{name}: its columns are not equally long")
    times = Times()

    def read(place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
        for at in range(place, len(chosen[0]), RECORDS_AT_ONCE):
            piece = [column[at : at + RECORDS_AT_ONCE] for column in chosen]
            yield at + len(piece[0]), as_records(piece, times)

    return read

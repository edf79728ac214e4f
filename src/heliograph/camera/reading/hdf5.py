"""HDF5: Metavision's layout, that of RVT and DSEC, and whatever else has four columns.

Metavision: `/CD/events` of x, y, p, t and `/EXT_TRIGGER/events`, with `geometry` as an
attribute. RVT and DSEC: `/events/x`, `/events/y`, … with `t_offset` beside them, which
is added. Files are read chunk by chunk.

Sources: metavision_core/event_io/h5_io.py of openeb; https://dsec.ifi.uzh.ch/data-format
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading import ecf, raw_header
from heliograph.camera.reading.columns import Names, Times, as_records, names_among
from heliograph.camera.reading.errors import (
    ForeignFileError,
    MissingPackageError,
    broken,
)
from heliograph.camera.reading.recording import Opened
from heliograph.camera.reading.records import (
    EVENT_ID,
    RECORD,
    RECORDS_AT_ONCE,
    Records,
    TriggerMerge,
    decode,
)
from heliograph.camera.reading.sources import Source
from heliograph.camera.types import TRIGGER, Size

PLACES = ("CD/events", "events", "/")
TRIGGERS = "EXT_TRIGGER/events"
CHUNK_BYTES_MAX = 1 << 26
CHUNK_EVENTS_MAX = 1 << 22
NUMBER_KINDS = "uifb"
READ_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError)
"""What h5py raises for a file that is damaged in one place or another."""


def open_hdf5(source: Source) -> Opened:
    """Find the events; raises `ForeignFileError` for a file without any."""
    h5py = _h5py(source.name)
    if not source.is_whole:
        raise ForeignFileError(
            f"{source.name}: an HDF5 file is not read in one go, as a pipe or a file "
            "that grows must be: save it to a file"
        )
    try:
        file = source.owned.enter_context(h5py.File(source.stream, "r"))
        table = _find(h5py, file, source.name)
        size = _size(file, source.name)
        triggers = file.get(TRIGGERS)
        if triggers is not None:
            check(h5py, triggers, file, source.name)
        reader = _Reader(table, triggers, _time_offset(file), source.name)
    except READ_ERRORS as error:
        raise ForeignFileError(f"{source.name}: is a damaged HDF5 file") from error
    return Opened(
        format="HDF5",
        pieces=Records(reader.read, unit="event", seekable=True),
        decode=decode,
        size=size,
        ask="this HDF5 file tells no geometry",
        nothing="no event in it: the recording is empty",
    )


def _h5py(name: str) -> ModuleType:
    try:
        import h5py  # noqa: PLC0415 - an extra
        import hdf5plugin  # noqa: F401, PLC0415 - the same; h5py knows its filters now
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{name}: reading HDF5 needs {error.name}: pip install 'heliograph[hdf5]'"
        ) from error
    module: ModuleType = h5py
    return module


def _find(h5py: ModuleType, file: Any, name: str) -> "_Table":  # noqa: ANN401 - h5py has no types
    """Find the events in *file*, at the first of `PLACES` that holds four columns."""
    for place in PLACES:
        held = file.get(place)
        if isinstance(held, h5py.Dataset) and held.dtype.names is not None:
            names = names_among(held.dtype.names)
            datasets = [held]
        elif isinstance(held, h5py.Group):
            names = names_among(held)
            datasets = [held[column] for column in names or ()]
        else:
            continue
        if names is not None:
            for dataset in datasets:
                check(h5py, dataset, file, name)
            return _Table(datasets, names, name)
    raise ForeignFileError(
        f"{name}: this HDF5 file has no x, y, t, p in {', '.join(PLACES)}, but "
        f"{', '.join(sorted(map(str, file))) or 'nothing'}"
    )


def check(h5py: ModuleType, dataset: Any, file: Any, name: str) -> None:  # noqa: ANN401 - the same
    """See that *dataset* is a list of numbers, all in *file*, that can be unpacked."""
    if not isinstance(dataset, h5py.Dataset) or len(dataset.shape) != 1:
        raise ForeignFileError(f"{name}: {dataset.name} is no list")
    if dataset.file != file or dataset.external or dataset.is_virtual:
        raise ForeignFileError(f"{name}: {dataset.name} lies in another file")
    dtype = dataset.dtype
    kinds = [dtype[field] for field in dtype.names or ()] or [dtype]
    if any(kind.kind not in NUMBER_KINDS for kind in kinds):
        raise ForeignFileError(f"{name}: {dataset.name} holds no numbers")
    told = dataset.id.get_create_plist()
    for code, _, _, called in map(told.get_filter, range(told.get_nfilters())):
        if code == ecf.FILTER_ID and told.get_nfilters() == 1:
            continue
        if not h5py.h5z.filter_avail(code):
            raise ForeignFileError(
                f"{name}: {dataset.name} is packed with the HDF5 filter {code} "
                f"({bytes(called).decode(errors='replace') or 'no name'}), which is "
                "not installed: save the file with another compression (h5repack -f "
                "GZIP=1), or use the RAW file it was made of"
            )
    _check_stored(dataset, name)


def _check_stored(dataset: Any, name: str) -> None:  # noqa: ANN401 - the same
    """See that what *dataset* says it holds is there; HDF5 makes up what is not."""
    if dataset.chunks is None:
        stored = dataset.id.get_storage_size() == dataset.size * dataset.dtype.itemsize
    else:
        (chunk,) = dataset.chunks
        row_bytes = dataset.dtype.itemsize
        if chunk > min(CHUNK_EVENTS_MAX, CHUNK_BYTES_MAX // row_bytes):
            raise ForeignFileError(
                f"{name}: {dataset.name} is in chunks of {chunk} events, too large to "
                "unpack; save it in smaller ones"
            )
        stored = dataset.id.get_num_chunks() >= -(-dataset.size // chunk)
    if not stored:
        raise ForeignFileError(f"{name}: {dataset.name} is not all there")


def _size(file: Any, name: str) -> Size | None:  # noqa: ANN401 - the same
    """Read the geometry where Metavision writes it, or RVT."""
    if "geometry" in file.attrs:
        width, _, height = _text(file.attrs["geometry"]).partition("x")
        return raw_header.checked_size(width, height, name)
    for holder in (file, file.get("events"), file.attrs):
        if holder is not None and "width" in holder and "height" in holder:
            sides = [_text(_single(holder[side])) for side in ("width", "height")]
            return raw_header.checked_size(sides[0], sides[1], name)
    return None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _time_offset(file: Any) -> int:  # noqa: ANN401 - the same
    """Read what DSEC wants to be added to each time, in us."""
    held = file.get("t_offset")
    return 0 if held is None else int(_single(held))


def _single(held: Any) -> Any:  # noqa: ANN401 - the same
    """Return the one number in *held*; raises `ValueError` where there are others."""
    if getattr(held, "size", 1) != 1:
        raise ValueError("no single number")
    return np.asarray(held).item()


class _Table:
    """The events: one dataset of structures, or four datasets side by side."""

    def __init__(self, datasets: list[Any], names: Names, name: str) -> None:
        self.length = len(datasets[0])
        if len({len(dataset) for dataset in datasets}) > 1:
            raise ForeignFileError(f"{name}: its columns are not equally long")
        chunk = max((dataset.chunks or (1,))[0] for dataset in datasets)
        # Whole chunks, for HDF5 unpacks one anew for each part of it.
        self.step = -(-RECORDS_AT_ONCE // chunk) * chunk
        told = datasets[0].id.get_create_plist()
        filters = [told.get_filter(i)[0] for i in range(told.get_nfilters())]
        self._is_ecf = len(datasets) == 1 and filters == [ecf.FILTER_ID]
        if self._is_ecf and chunk > ecf.EVENTS_MAX:
            raise ForeignFileError(
                f"{name}: a chunk of ECF cannot be of {chunk} events"
            )
        self._datasets = datasets
        self._names = names

    def records(self, at: int, times: Times) -> NDArray[np.void]:
        """Read the `step` events from *at* on, a multiple of it."""
        if self._is_ecf:
            return self._unpacked(at)
        end = min(at + self.step, self.length)
        if len(self._datasets) == 1:
            rows = self._datasets[0][at:end]
            columns = [rows[name] for name in self._names]
        else:
            columns = [dataset[at:end] for dataset in self._datasets]
        return as_records(columns, times)

    def _unpacked(self, at: int) -> NDArray[np.void]:
        """Unpack the chunks from *at* on; raises `ValueError` for a damaged one."""
        (dataset,) = self._datasets
        (chunk,) = dataset.chunks
        end = min(at + self.step, self.length)
        out = np.zeros(-(-(end - at) // chunk) * chunk, RECORD)
        out["id"] = EVENT_ID
        for begin in range(at, end, chunk):
            _, data = dataset.id.read_direct_chunk((begin,))
            packed = np.frombuffer(data, np.uint8)
            count = ecf.decode(packed, out[begin - at : begin - at + chunk])
            if count < min(chunk, self.length - begin):
                raise ValueError("damaged")
        return out[: end - at]


class _Reader:
    """Reads a table from any of its events on, the triggers between them."""

    def __init__(self, table: _Table, triggers: Any, offset_us: int, name: str) -> None:  # noqa: ANN401 - the same
        self._table = table
        self._triggers = triggers
        self._offset_us = offset_us
        self._name = name
        self._times = Times()

    def read(self, place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
        """Yield records from event *place* on, which `read` gave before."""
        merge = TriggerMerge()
        passed, at = 0, place
        step = self._table.step
        try:
            if place:
                passed, _ = self._due(0, self._events(place - step))
            for at in range(place, self._table.length, step):
                events = self._events(at)
                passed, triggers = self._due(passed, events)
                merge.hold(triggers)
                yield min(at + step, self._table.length), merge.merged(events)
            if self._triggers is not None and self._table.length:
                merge.hold(self._held(passed, len(self._triggers)))
                yield self._table.length, merge.rest()
        except READ_ERRORS as error:
            raise broken(
                self._name, "the file is damaged", at=at, unit="event"
            ) from error

    def _events(self, at: int) -> NDArray[np.void]:
        events = self._table.records(at, self._times)
        events["t"] += self._offset_us
        return events

    def _due(
        self, passed: int, events: NDArray[np.void]
    ) -> tuple[int, NDArray[np.void]]:
        """Return how many triggers are due by the last of *events*, and the new."""
        first, last_us = passed, events["t"].max()
        while self._triggers is not None and passed < len(self._triggers):
            more = self._held(passed, passed + RECORDS_AT_ONCE)
            due = int(np.searchsorted(more["t"], last_us, side="right"))
            passed += due
            if due < len(more):
                break
        return passed, self._held(first, passed)

    def _held(self, first: int, end: int) -> NDArray[np.void]:
        """Read triggers as they are handed on."""
        triggers = np.zeros(0, TRIGGER)
        if self._triggers is not None and end > first:
            rows = self._triggers[first:end]
            triggers = np.zeros(len(rows), TRIGGER)
            for name in TRIGGER.names or ():
                triggers[name] = rows[name]
        return triggers

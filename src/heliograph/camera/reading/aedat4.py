"""AEDAT4, iniVation's format: a header, then packets that are packed each by itself.

A header names streams; the first one of events is read, with the triggers beside it.
Frames and IMU samples are passed by. A trigger's `id` is its kind in DV (1 to 3: a
signal from outside that rises, falls, or is a pulse; 6 to 9: a frame's times), `p` is
1 where something begins.

Source: https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-4.0.html
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from operator import itemgetter
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading import raw_header
from heliograph.camera.reading.errors import (
    ForeignFileError,
    MissingPackageError,
    broken,
)
from heliograph.camera.reading.flat_tables import FlatTable
from heliograph.camera.reading.recording import Opened
from heliograph.camera.reading.records import (
    HELD_MAX,
    RECORD,
    Records,
    TriggerMerge,
    columns_as_records,
    decode,
)
from heliograph.camera.reading.sources import Readable, Source, read_exactly
from heliograph.camera.types import TRIGGER, Size

VERSION_BYTES = 14
SIZE_BYTES = 4
HEADER_BYTES_MAX = 1 << 20
PACKET_BYTES_MAX = 1 << 26
UNPACKED_BYTES_MAX = 1 << 26
TRIGGERS_MAX = 1 << 17
"""Of one packet; each is a table of its own."""
PLACES_APART_BYTES = 1 << 20
PLACES_MAX = 1024
EVENT_4 = np.dtype(
    {
        "names": ["t", "x", "y", "on"],
        "formats": ["<i8", "<i2", "<i2", "u1"],
        "offsets": [0, 8, 10, 12],
        "itemsize": 16,
    }
)
BEGINS = frozenset({1, 3, 4, 6, 8})
PLAIN, LZ4, LZ4_HIGH, ZSTD, ZSTD_HIGH = range(5)
TOKEN = re.compile(
    # No part goes on beyond the next tag, so that each byte is looked at few times.
    r'<node name="([^"]*)"[^<>]*>|(</node>)|<attr key="([^"]*)"[^<>]*>([^<]*)</attr>'
)
Unpack = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header says: which streams there are and where the packets are."""

    unpack: Unpack
    events: int
    triggers: frozenset[int]
    size: Size | None
    first_at: int
    end_at: int | None


def open_aedat4(source: Source) -> Opened:
    """Read the header; raises `ForeignFileError` for one without events."""
    stream = source.from_start()
    head = read_exactly(stream, VERSION_BYTES + SIZE_BYTES)
    length = int.from_bytes(head[VERSION_BYTES:], "little")
    data = read_exactly(stream, length) if length <= HEADER_BYTES_MAX else b""
    if len(data) < length or not length:
        raise ForeignFileError(f"{source.name}: its AEDAT4 header is cut, or too long")
    try:
        table = FlatTable.root(data, b"IOHE")
        compression = table.number(0, 4, PLAIN)
        end_at = table.number(1, 8, -1)
        streams = _streams(table.text(2))
    except (ValueError, IndexError) as error:
        raise ForeignFileError(
            f"{source.name}: its AEDAT4 header cannot be read"
        ) from error
    events = [i for i, told in streams.items() if told.get("typeIdentifier") == "EVTS"]
    if not events:
        raise ForeignFileError(f"{source.name}: has no stream of events")
    told = streams[events[0]]
    header = _Header(
        unpack=_unpacker(compression, source.name),
        events=events[0],
        triggers=frozenset(
            i for i, told in streams.items() if told.get("typeIdentifier") == "TRIG"
        ),
        size=raw_header.checked_size(told["sizeX"], told["sizeY"], source.name)
        if "sizeX" in told and "sizeY" in told
        else None,
        first_at=VERSION_BYTES + SIZE_BYTES + length,
        end_at=end_at if end_at > 0 else None,
    )
    reader = _Reader(source, stream, header)
    return Opened(
        format="AEDAT4",
        pieces=Records(
            reader.read,
            unit="byte",
            begin=header.first_at,
            seekable=source.origin is not None,
        ),
        decode=decode,
        size=header.size,
        ask="the header of this AEDAT4 file tells no sizeX and sizeY",
        nothing="no event in the {bytes} bytes after the header: it is empty",
    )


def _streams(text: str) -> dict[int, dict[str, str]]:
    """Read the attributes of each stream, those of the nodes in it among them."""
    streams: dict[int, dict[str, str]] = {}
    path: list[str] = []
    for name, end, key, value in TOKEN.findall(text):
        if end:
            path.pop()
        elif not key:
            path.append(name)
        elif len(path) > 1 and path[0] == "outInfo" and path[1].isdecimal():
            streams.setdefault(int(path[1]), {})[key] = value
    return streams


def _unpacker(compression: int, name: str) -> Unpack:
    """Return what unpacks a packet; it raises `ValueError` or `RuntimeError`."""
    if compression == PLAIN:
        return bytes
    try:
        if compression in (LZ4, LZ4_HIGH):
            import lz4.frame  # noqa: PLC0415 - an extra

            return lambda data: _whole(lz4.frame.LZ4FrameDecompressor(), data)
        if compression in (ZSTD, ZSTD_HIGH):
            import zstandard  # noqa: PLC0415 - the same

            return partial(_unzstd, zstandard)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{name}: reading AEDAT4 needs {error.name}: "
            "pip install 'heliograph[aedat4]'"
        ) from error
    raise ForeignFileError(
        f"{name}: is packed in way {compression}; known are LZ4 and Zstandard"
    )


def _whole(unpacker: Any, data: bytes) -> bytes:  # noqa: ANN401 - lz4 has no types
    unpacked: bytes = unpacker.decompress(data, max_length=UNPACKED_BYTES_MAX)
    if not unpacker.eof:
        raise ValueError("cut, or too long")
    return unpacked


def _unzstd(zstandard: ModuleType, data: bytes) -> bytes:
    unpacker = zstandard.ZstdDecompressor(max_window_size=PACKET_BYTES_MAX)
    try:
        unpacked = read_exactly(
            unpacker.stream_reader(BytesIO(data)), UNPACKED_BYTES_MAX + 1
        )
    except zstandard.ZstdError as error:
        raise ValueError("damaged") from error
    if len(unpacked) > UNPACKED_BYTES_MAX:
        raise ValueError("too long")
    return unpacked


class _Reader:
    """Reads packets from a byte on, triggers between the events they belong to."""

    def __init__(self, source: Source, stream: Readable, header: _Header) -> None:
        self._source = source
        self._stream = stream
        self._header = header
        # Triggers come before the events they lie between, so some wait at a place.
        self._waiting = [(header.first_at, TriggerMerge())]
        self._apart = PLACES_APART_BYTES

    def read(self, place: int) -> Iterator[tuple[int, NDArray[np.void]]]:
        """Yield records from byte *place* on, with the byte behind their packet."""
        name, header = self._source.name, self._header
        known = bisect_right(self._waiting, place, key=itemgetter(0)) - 1
        at, merge = self._waiting[known][0], self._waiting[known][1].copy()
        if self._source.origin is not None:
            self._source.stream.seek(self._source.origin + at)
        while header.end_at is None or at < header.end_at:
            head = read_exactly(self._stream, 2 * SIZE_BYTES)
            if not head and header.end_at is None:
                break
            number, size = np.frombuffer(head.ljust(8, b"\0"), "<i4").tolist()
            if not 0 <= size <= PACKET_BYTES_MAX:
                raise broken(name, f"a packet of {size} bytes cannot be", at=at)
            packed = read_exactly(self._stream, size)
            if len(head) + len(packed) < 2 * SIZE_BYTES + size:
                raise broken(name, "the file ends within a packet: it is cut", at=at)
            try:
                records = self._records(number, packed, merge)
            except (ValueError, RuntimeError) as error:
                raise broken(name, "a packet is damaged", at=at) from error
            at += 2 * SIZE_BYTES + size
            self._remember(at, merge)
            # What lies before the place is read for its triggers alone.
            if at > place:
                yield at, records
        yield at, merge.rest()

    def _remember(self, at: int, merge: TriggerMerge) -> None:
        """Keep what waits at *at*, unless a place near it or beyond it is known."""
        if self._source.origin is None or at < self._waiting[-1][0] + self._apart:
            return
        self._waiting.append((at, merge.copy()))
        if len(self._waiting) > PLACES_MAX:
            self._apart *= 2
            del self._waiting[1::2]

    def _records(
        self, number: int, packed: bytes, merge: TriggerMerge
    ) -> NDArray[np.void]:
        """Return what a packet of stream *number* adds; triggers are put to *merge*."""
        if number == self._header.events:
            table = FlatTable.root(self._header.unpack(packed)[SIZE_BYTES:], b"EVTS")
            events = table.structures(0, EVENT_4)
            columns = (events["x"], events["y"], events["on"], events["t"])
            return merge.merged(columns_as_records(*columns))
        if number in self._header.triggers:
            table = FlatTable.root(self._header.unpack(packed)[SIZE_BYTES:], b"TRIG")
            merge.hold(_triggers(table))
            if merge.waiting > HELD_MAX:
                raise ValueError("too many triggers ahead of their events")
        return np.empty(0, RECORD)


def _triggers(table: FlatTable) -> NDArray[np.void]:
    kinds = [
        (each.number(0, 8, 0), each.number(1, 1, 0))
        for each in table.tables(0, count_max=TRIGGERS_MAX)
    ]
    return np.array([(kind in BEGINS, t, kind) for t, kind in kinds], TRIGGER)

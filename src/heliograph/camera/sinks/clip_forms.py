"""How windows become a file, by what they are read from.

Of a RAW stream the sensor's own words are copied and nothing is written anew: from the
file, where there is one, by their place, so that nothing is held in memory, else from
what was read. Any other format has its events written as EVT3.
"""

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import numpy as np

from heliograph.camera.reading.evt3_part import LATE_US, Evt3Part
from heliograph.camera.reading.raw_form import Passage, RawForm
from heliograph.camera.reading.recording import Recording
from heliograph.camera.sinks.window_ring import Held
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

COPY_BYTES = 1 << 20


class ClipFile(Protocol):
    """A clip being written; a context manager."""

    def put(self, windows: Sequence[Held]) -> None:
        """Add *windows*, which follow those before."""

    def finish(self) -> None:
        """Write what is left."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""


class ClipForm(Protocol):
    """What is held of windows of one recording, and how it is written."""

    def hold(self, recording: Recording, packet: Packet) -> Held:
        """Return what is to be held of the window that was just read."""

    def begin(self, path: Path, first: Held) -> ClipFile:
        """Begin a file at *path* whose first window is *first*."""

    def close(self) -> None:
        """Let go of the recording."""


class _Closed:
    """What all files have in common: somebody closes them."""

    _file: BinaryIO

    def finish(self) -> None:
        """Write what is left, which is nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _begun(path: Path, raw: RawForm, size: Size, passage: Passage) -> BinaryIO:
    """Open *path* and write what comes before the words of *passage*."""
    file = path.open("wb")
    try:
        file.write(raw.header(size) + raw.lead(passage.state))
    except BaseException:
        file.close()
        raise
    return file


class FileForm:
    """Words of the RAW file at *path*, copied by their place in it."""

    def __init__(self, raw: RawForm, size: Size, path: Path) -> None:
        self._raw = raw
        self._size = size
        self._source = path.open("rb", buffering=0)

    def hold(self, recording: Recording, packet: Packet) -> Held:
        """Return where the window's words are."""
        del packet
        begin_us = recording.now_us - recording.delta_t_us
        return Held(begin_us, recording.now_us, recording.passage, 0)

    def begin(self, path: Path, first: Held) -> "_Copy":
        """Begin a file at *path* whose first window is *first*."""
        file = _begun(path, self._raw, self._size, first.content)
        return _Copy(file, self._source.fileno())

    def close(self) -> None:
        """Close the recording's file."""
        self._source.close()


class _Copy(_Closed):
    """Copies bytes from the file *source*, a descriptor."""

    def __init__(self, file: BinaryIO, source: int) -> None:
        self._file = file
        self._source = source

    def put(self, windows: Sequence[Held]) -> None:
        """Add the words of *windows*, which stand behind each other."""
        at, end = windows[0].content.begin, windows[-1].content.end
        while at < end:
            data = os.pread(self._source, min(COPY_BYTES, end - at), at)
            if not data:
                raise OSError(f"the recording ends at byte {at}, which it did not")
            self._file.write(data)
            at += len(data)


class StreamForm:
    """Words of a RAW stream that cannot be read twice: a pipe, or a sensor."""

    def __init__(self, raw: RawForm, size: Size) -> None:
        self._raw = raw
        self._size = size
        raw.words.take_kept()

    def hold(self, recording: Recording, packet: Packet) -> Held:
        """Return the window's words, as they were read."""
        del packet
        words = self._raw.words.take_kept()
        size = sum(part.nbytes for part in words)
        begin_us = recording.now_us - recording.delta_t_us
        return Held(begin_us, recording.now_us, (recording.passage, words), size)

    def begin(self, path: Path, first: Held) -> "_Words":
        """Begin a file at *path* whose first window is *first*."""
        return _Words(_begun(path, self._raw, self._size, first.content[0]))

    def close(self) -> None:
        """Do nothing: what is held is nobody's file."""


class _Words(_Closed):
    """Writes words from memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def put(self, windows: Sequence[Held]) -> None:
        """Add the words of *windows*."""
        for window in windows:
            for part in window.content[1]:
                self._file.write(part.data)


class EventForm:
    """Events of a recording that holds no words, written as EVT3."""

    def __init__(self, size: Size) -> None:
        self._size = size
        # Compiles the writer before a clock counts the windows.
        with Evt3Part(BytesIO(), size, begin_us=0, end_us=1) as part:
            part.put(np.zeros(1, EVENT), np.empty(0, TRIGGER), until_us=1)

    def hold(self, recording: Recording, packet: Packet) -> Held:
        """Return the window's events and triggers."""
        triggers = recording.triggers
        begin_us = recording.now_us - recording.delta_t_us
        size = packet.nbytes + triggers.nbytes
        # A watch is lent its packets: the next window is decoded over this one.
        own = packet.view(np.uint8).copy().view(packet.dtype)
        return Held(begin_us, recording.now_us, (own, triggers), size)

    def begin(self, path: Path, first: Held) -> "_Events":
        """Begin a file at *path* whose first window is *first*."""
        return _Events(path, self._size, first.begin_us)

    def close(self) -> None:
        """Do nothing: what is held is nobody's file."""


class _Events:
    """Writes events as EVT3, a little behind, so that each is in its place."""

    def __init__(self, path: Path, size: Size, begin_us: int) -> None:
        self._part = Evt3Part(path, size, begin_us=begin_us, end_us=float("inf"))
        self._end_us = begin_us

    def put(self, windows: Sequence[Held]) -> None:
        """Add the events of *windows*."""
        for window in windows:
            packet, triggers = window.content
            self._end_us = window.end_us
            self._part.put(packet, triggers, until_us=window.end_us - LATE_US)

    def finish(self) -> None:
        """Write what was waited with."""
        self._part.finish(self._end_us)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._part.close()


def form_of(recording: Recording, path: Path | None) -> ClipForm:
    """Return how clips of *recording* are made; *path* is its file, if it is one.

    Raises `OSError` where that cannot be opened, and `ValueError` for a geometry that
    EVT3 cannot tell, where events are to be written so.
    """
    if recording.raw is None:
        return EventForm(recording.size)
    if path is None:
        return StreamForm(recording.raw, recording.size)
    return FileForm(recording.raw, recording.size, path)

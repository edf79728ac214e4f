"""A recording read in every way there is, which must not matter."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from case import pieces_of

from heliograph import camera
from heliograph.camera.reading.recording import Counters
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

SIZE = Size(1280, 720)
WHOLE_US = 1 << 50
APART_US = 600_000_000
"""Windows that are few, whatever a few kB say of the time."""
WINDOWS_MAX = 20_000
HERE_AND_THERE = (b"PK\x03\x04", b"\x89HDF")
"""What no pipe can give, and what may unpack to a thousand times its size."""
BY_COLUMN = "its columns lie one behind the other"
"""What a pipe cannot give."""


@dataclass
class Read:
    """What came of a recording: how it failed, if so, or why it could not be opened."""

    events: Packet
    triggers: list[tuple[int, int, int]]
    error: str | None
    counters: Counters | None
    begin_us: int = 0


class Pipe:
    """Gives a file in pieces, and never goes back."""

    name = "the stream"

    def __init__(self, data: bytes, seed: int) -> None:
        self._pieces = pieces_of(data, seed)

    def read(self, size: int, /) -> bytes:
        """Return the next piece, or what of it is wanted."""
        if not self._pieces:
            return b""
        piece = self._pieces[0]
        self._pieces[:1] = [piece[size:]] if len(piece) > size else []
        return piece[:size]

    def seekable(self) -> bool:
        """Say no."""
        return False


def read(source: object, delta_t_us: int, size: Size | None = SIZE) -> Read:
    """Read all of *source*; only errors that say what is wrong may come of it."""
    packets, triggers = [np.empty(0, EVENT)], list[tuple[int, int, int]]()
    try:
        recording = camera.open(source, delta_t_us, size=size)  # type: ignore[arg-type]  # a stream of ours
    except camera.RecordingError as error:
        said = f"{type(error).__name__}: {error}"
        return Read(packets[0], triggers, said, None)
    error_told, byte = None, 0
    try:
        for packet in windows(recording):
            packets.append(packet)
            triggers += recording.triggers.tolist()
    except camera.BrokenRecordingError as error:
        error_told, byte = str(error), error.byte
    assert byte >= 0
    events, counters = np.concatenate(packets), recording.counters
    assert counters.events == len(events)
    assert counters.triggers == len(triggers)
    assert (events["x"] < recording.size.width).all()
    assert (events["y"] < recording.size.height).all()
    assert np.isin(events["p"], (0, 1)).all()
    return Read(events, triggers, error_told, counters, recording.begin_us)


def windows(recording: camera.Recording) -> Iterator[Packet]:
    """Yield the windows of *recording*, each checked, as many as there may be."""
    for count, packet in enumerate(recording):
        assert count < WINDOWS_MAX
        assert packet.dtype == EVENT
        assert recording.triggers.dtype == TRIGGER
        assert (packet["t"] < recording.now_us).all()
        yield packet


def judge_recording(data: bytes, seed: int, *, pipe: bool = True) -> Read:
    """Judge the recording *data*; return what it says."""
    pipe = pipe and not data.startswith(HERE_AND_THERE)
    whole = read(BytesIO(data), WHOLE_US)
    assert len(whole.events) <= 32 * max(len(data), 1) or not pipe
    same(whole, read(BytesIO(data), APART_US))
    if pipe:
        piped = read(Pipe(data, seed or 1), APART_US)
        if BY_COLUMN not in (piped.error or ""):
            same(whole, piped)
    if whole.counters is not None and len(whole.events):
        judge_seek(data, whole)
    return whole


def same(one: Read, other: Read) -> None:
    """See that two ways tell the same."""
    assert np.array_equal(one.events, other.events)
    assert one.triggers == other.triggers
    assert one.error == other.error, (one.error, other.error)
    assert one.counters == other.counters


def judge_seek(data: bytes, whole: Read) -> None:
    """See that going there and back leaves what is due from there on."""
    middle_us = max(whole.begin_us, int(whole.events["t"][len(whole.events) // 2]))
    recording = camera.open(BytesIO(data), WHOLE_US, size=SIZE)
    recording.seek(max(middle_us, int(whole.events["t"].max()) + 1))
    recording.seek(middle_us)
    packets = [np.empty(0, EVENT)]
    told = None
    try:
        packets.extend(windows(recording))
    except camera.BrokenRecordingError as error:
        told = str(error)
    assert told == whole.error
    reached = np.flatnonzero(np.maximum.accumulate(whole.events["t"]) >= middle_us)
    # A time word may reach the middle before the first event that does.
    behind = whole.events[reached[0] :] if len(reached) else whole.events[:0]
    events = np.concatenate(packets)
    assert len(events) >= len(behind)
    assert np.array_equal(events[len(events) - len(behind) :], behind)

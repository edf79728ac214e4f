"""DAT: its header, its events, and its time, which has 32 bits."""

import io
import struct
from typing import BinaryIO, cast

import pytest

from event_words import DAT_HEADER, all_events, dat, opened, outcome, tuples
from heliograph import camera
from heliograph.camera.reading.dat import OLD_EVENTS
from heliograph.camera.types import Size

EVENTS = ((1, 2, 1, 5), (639, 479, 0, 9_000), (7, 8, 1, 31_000))
HOUR_US = 3_600_000_000


def test_events_come_in_windows_of_the_first_one_s_time() -> None:
    recording = opened(dat(*EVENTS))
    assert (recording.format, recording.size) == ("DAT", Size(640, 480))
    assert recording.begin_us == 5
    assert [tuples(packet) for packet in recording] == [
        list(EVENTS[:2]),
        [],
        [],
        list(EVENTS[2:]),
    ]


def test_time_wraps_after_71_minutes_for_many_hours() -> None:
    # An event every 50 minutes for 50 hours.
    times = [i * 50 * 60_000_000 for i in range(60)]
    recording = opened(dat(*((3, 4, 1, t) for t in times)), delta_t_us=HOUR_US)
    assert [t for *_, t in tuples(all_events(recording))] == times
    assert recording.counters.wraps == times[-1] >> 32


def test_a_step_back_across_the_wrap_undoes_it() -> None:
    wrapped = 1 << 32
    times = [wrapped - 9, wrapped + 1, wrapped - 3, wrapped + 2]
    recording = opened(dat(*((1, 1, 1, t) for t in times)))
    assert [t for *_, t in tuples(all_events(recording))] == times
    assert (recording.counters.wraps, recording.counters.time_steps_back) == (1, 1)


def test_events_outside_the_sensor_are_counted() -> None:
    recording = opened(dat((640, 0, 1, 1), (0, 480, 1, 2), (1, 1, 1, 3)))
    assert len(all_events(recording)) == 1
    assert recording.counters.out_of_bounds == 2


@pytest.mark.parametrize("t_us", [100_000, 3_600_200_001])
def test_a_time_that_cannot_be_meant_is_an_error_at_its_byte(t_us: int) -> None:
    what = "goes back from 200000 us, or on by more than an hour: sort"
    data = dat((1, 1, 1, 0), (1, 1, 1, 200_000), (1, 1, 1, t_us))
    recording = opened(data, delta_t_us=300_000)
    assert len(next(recording)) == 2
    with pytest.raises(camera.BrokenRecordingError, match=what) as error:
        next(recording)
    assert error.value.byte == len(data) - 8


def test_the_size_is_asked_for_where_the_header_has_none() -> None:
    data = dat(*EVENTS, header=b"% Data file containing Event2D events.\n% Version 2\n")
    with pytest.raises(camera.ForeignFileError, match="say it as --size WIDTHxHEIGHT"):
        opened(data)
    assert len(all_events(opened(data, size=Size(640, 480)))) == 3


@pytest.mark.parametrize(("kind", "size"), [(14, 18), (40, 28), (12, 9), (0, 0)])
def test_a_dat_file_of_anything_but_events_is_refused(kind: int, size: int) -> None:
    with pytest.raises(camera.ForeignFileError, match=f"type {kind} in {size} bytes"):
        opened(DAT_HEADER + bytes((kind, size)) + bytes(64))


def test_a_dat_file_without_events_says_so() -> None:
    with pytest.raises(camera.BrokenRecordingError, match="no event in the 0 bytes"):
        opened(dat())


def test_a_file_cut_at_any_byte_ends_clearly() -> None:
    data = dat(*EVENTS)
    payload_at = len(DAT_HEADER) + 2
    for cut in range(len(data)):
        events, error = outcome(data[:cut])
        at_event = cut > payload_at and (cut - payload_at) % 8 == 0
        assert (error is None) == at_event
        assert events == list(EVENTS[: len(events)])


def test_many_small_steps_back_are_a_large_one() -> None:
    times = range(100_000, 0, -1000)
    events, error = outcome(dat(*((1, 1, 1, t) for t in times)))
    assert [t for *_, t in events] == [100_000, 99_000, 98_000, 97_000, 96_000]
    assert "goes back from 100000 us" in str(error)


NO_VERSION = b"% Data file containing TD events.\n% Height 480\n% Width 640\n"


def test_a_header_without_a_version_is_one_of_version_2() -> None:
    events = [(x, x % 16, 1, x) for x in range(20)]
    assert tuples(all_events(opened(dat(*events, header=NO_VERSION)))) == events


class Trickle(io.RawIOBase):
    """A pipe that brings a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1, /) -> bytes:
        data, self._rest = self._rest[: min(size, 50)], self._rest[min(size, 50) :]
        return data


def old_events(number: int) -> bytes:
    """In an old event x has 9 bits, y the next 8, and the polarity the one above."""
    pairs = [
        half
        for i in range(number)
        for half in (i, i % 304 | i % 240 << 9 | (i & 1) << 17)
    ]
    return NO_VERSION + bytes((0, 8)) + struct.pack(f"<{2 * number}I", *pairs)


@pytest.mark.parametrize("number", [OLD_EVENTS, 9 * OLD_EVENTS])
@pytest.mark.parametrize("way", [io.BytesIO, Trickle])
def test_a_header_without_a_version_before_old_events_is_refused(
    number: int, way: type[io.BytesIO | Trickle]
) -> None:
    stream = cast("BinaryIO", way(old_events(number)))
    with pytest.raises(camera.ForeignFileError, match="a DAT file of an old version"):
        camera.open(stream)


@pytest.mark.parametrize("way", [io.BytesIO, Trickle])
def test_too_few_events_to_be_taken_for_old_are_read_the_same_through_a_pipe(
    way: type[io.BytesIO | Trickle],
) -> None:
    stream = cast("BinaryIO", way(old_events(OLD_EVENTS - 1)))
    with camera.open(stream) as recording:
        number = len(all_events(recording)) + recording.counters.out_of_bounds
    assert number == OLD_EVENTS - 1


def test_events_of_the_old_layout_are_refused() -> None:
    data = dat(*EVENTS, header=b"% Data file containing TD events.\n% Version 1\n")
    with pytest.raises(camera.ForeignFileError, match="a DAT file of version 1"):
        opened(data)

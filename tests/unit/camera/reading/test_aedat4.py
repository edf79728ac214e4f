"""AEDAT4: packets of each compression, triggers in their windows, damage told."""

import importlib
import os
import struct
import sys
from itertools import chain

import pytest

from aedat4_files import FRAMES, INFO, SIZE, aedat4, events_of, sized, triggers_of
from event_words import all_events, opened, outcome, packet_of, tuples
from heliograph import camera
from heliograph.camera.reading import aedat4 as aedat4_reading
from heliograph.camera.reading.records import Records
from heliograph.camera.types import Size

FIRST = packet_of((1, 2, 1, 1000), (639, 479, 0, 9_000))
SECOND = packet_of((7, 8, 1, 31_000))
EVENTS = tuples(FIRST) + tuples(SECOND)
PACKETS = ((FRAMES, b"a picture"), events_of(FIRST), events_of(SECOND))
every_compression = pytest.mark.parametrize("compression", [0, 1, 3])


@every_compression
@pytest.mark.parametrize("end", [False, True])
def test_packets_are_read_to_the_end(compression: int, end: bool) -> None:  # noqa: FBT001 - parametrized
    recording = opened(aedat4(*PACKETS, compression=compression, end=end))
    assert (recording.format, recording.size) == ("AEDAT4", Size(640, 480))
    windows = [tuples(packet) for packet in recording]
    assert windows == [EVENTS[:2], [], [], EVENTS[2:]]


def test_a_trigger_that_comes_before_its_events_is_put_between_them() -> None:
    triggers = triggers_of((8_000, 1), (30_000, 2), (40_000, 6))
    recording = opened(aedat4(triggers, events_of(FIRST), events_of(SECOND)))
    seen = [(len(packet), recording.triggers.tolist()) for packet in recording]
    assert seen == [
        (2, [(1, 8_000, 1)]),
        (0, []),
        (0, [(0, 30_000, 2)]),
        (1, [(1, 40_000, 6)]),
    ]
    assert recording.counters.triggers == 3


def test_a_trigger_that_waited_is_there_again_after_going_back() -> None:
    triggers = triggers_of((8_000, 1), (30_000, 2), (31_500, 3))
    again = opened(aedat4(triggers, events_of(FIRST), events_of(SECOND)), 100)
    again._checkpoints._apart = 1
    again.seek(31_000)
    again.seek(29_900)
    found = [again.triggers.tolist() for _ in range(17) if next(again) is not None]
    assert len(again._checkpoints._places) == 3
    assert [*chain(*found)] == [(0, 30_000, 2), (1, 31_500, 3)]


def test_a_pipe_that_never_goes_back_remembers_no_triggers() -> None:
    triggers = [triggers_of((100_000 + i, 1)) for i in range(50)]
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(aedat4(events_of(FIRST), *triggers))
    with os.fdopen(reader, "rb", buffering=0) as stream:
        recording = camera.open(stream)
        assert sum(len(recording.triggers) for _ in recording) == 50
    places = recording._pieces
    assert isinstance(places, Records)
    assert len(places._reader.__self__._waiting) == 1  # type: ignore[attr-defined]  # a method


def test_what_waits_is_remembered_at_few_places_and_found_from_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aedat4_reading, "PLACES_APART_BYTES", 200)
    monkeypatch.setattr(aedat4_reading, "PLACES_MAX", 10)
    packets = [
        packet
        for t_us in range(0, 300_000, 1000)
        for packet in (
            triggers_of((t_us + 20_500, 1)),
            events_of(packet_of((1, 2, 1, t_us))),
        )
    ]
    data = aedat4(*packets)
    recording = opened(data, 1000)
    recording._checkpoints._apart = 1
    straight = [
        (tuples(next(recording)), recording.triggers.tolist()) for _ in range(299)
    ]
    reader = recording._pieces._reader.__self__  # type: ignore[attr-defined]  # a method
    assert len(recording._checkpoints._places) > 200
    assert len(reader._waiting) <= 10
    for at in (290, 3, 150, 151):
        recording.seek(1000 * at)
        packet = next(recording)
        assert (tuples(packet), recording.triggers.tolist()) == straight[at]


def test_a_packet_of_too_many_triggers_is_damaged() -> None:
    number, data = triggers_of((8_000, 1))
    count = 1 << 18
    # Each place is that of a table without fields, made of zeros.
    vector = struct.pack("<I", count) + struct.pack("<I", 1 << 20) * count
    many = sized(b"TRIG", vector + bytes(1 << 21))
    assert data[4:12] == many[4:12]
    recording = opened(aedat4(events_of(FIRST), (number, many), compression=3))
    with pytest.raises(camera.BrokenRecordingError, match="a packet is damaged"):
        list(recording)


def test_triggers_that_lie_ahead_of_all_events_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aedat4_reading, "HELD_MAX", 3)
    ahead = triggers_of((90_000, 1), (91_000, 2))
    assert outcome(aedat4(events_of(FIRST), ahead))[1] is None
    error = outcome(aedat4(events_of(FIRST), ahead, ahead))[1]
    assert "a packet is damaged" in str(error)


def test_a_header_of_open_tags_takes_no_time_of_its_square() -> None:
    info = INFO + '<attr key="a"' * 70_000
    assert outcome(aedat4(events_of(FIRST), info=info)) == (EVENTS[:2], None)


@every_compression
def test_a_file_cut_at_any_byte_ends_clearly(compression: int) -> None:
    data = aedat4(*PACKETS, compression=compression, end=True)
    packets_end = len(data) - len(b"a table of contents")
    for cut in range(len(data)):
        events, error = outcome(data[:cut])
        assert events == EVENTS[: len(events)]
        assert (error is None) == (cut >= packets_end)
        assert error is None or str(error).startswith("the stream: ")


def test_a_recording_that_broke_off_between_packets_is_whole() -> None:
    data = aedat4(*PACKETS)
    assert outcome(data)[1] is None
    error = outcome(data[:-1])[1]
    assert isinstance(error, camera.BrokenRecordingError)
    assert error.byte == len(aedat4(*PACKETS[:-1]))


@every_compression
def test_a_packet_with_any_byte_turned_is_told_or_read(compression: int) -> None:
    data = aedat4(events_of(FIRST), events_of(SECOND), compression=compression)
    for at in range(len(data)):
        turned = bytearray(data)
        turned[at] ^= 0xFF
        events, error = outcome(bytes(turned), delta_t_us=1 << 40)
        assert error is None or str(error).startswith("the stream: ")
        assert len(events) <= 3


@pytest.mark.parametrize("size", [-1, (1 << 26) + 1])
def test_a_packet_of_a_size_that_cannot_be_is_not_waited_for(size: int) -> None:
    data = aedat4(events_of(FIRST)) + struct.pack("<2i", 1, size)
    recording = opened(data)
    assert len(next(recording)) == 2
    with pytest.raises(camera.BrokenRecordingError, match=f"packet of {size} bytes"):
        next(recording)


def test_a_packet_that_unpacks_to_more_than_any_holds_is_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = importlib.import_module("heliograph.camera.reading.aedat4")
    monkeypatch.setattr(module, "UNPACKED_BYTES_MAX", 60)
    for compression in (1, 3):
        with pytest.raises(camera.BrokenRecordingError, match="a packet is damaged"):
            opened(aedat4(events_of(FIRST), compression=compression))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (aedat4(*PACKETS, compression=9), "packed in way 9"),
        (aedat4(*PACKETS, info=INFO.replace("EVTS", "IMUS")), "no stream of events"),
        (
            aedat4(*PACKETS, info=INFO.replace(SIZE, "")),
            "no sizeX and sizeY; say it as",
        ),
        (aedat4(*PACKETS, info="</node>" * 9), "header cannot be read"),
        (aedat4(*PACKETS, info=INFO.replace("640", "99999")), "geometry of '99999'"),
        (b"#!AER-DAT4.0\r\n" + bytes(64), "header is cut, or too long"),
        (b"#!AER-DAT4.0\r\n\xff\xff\xff\x7f" + bytes(64), "header is cut, or too long"),
    ],
)
def test_a_header_that_is_not_enough_says_why(data: bytes, what: str) -> None:
    with pytest.raises(camera.ForeignFileError, match=what):
        opened(data)


def test_a_file_without_events_is_empty() -> None:
    with pytest.raises(camera.BrokenRecordingError, match="it is empty"):
        opened(aedat4(PACKETS[0]))


def test_it_is_read_from_a_pipe_as_it_comes() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(aedat4(*PACKETS))
    with os.fdopen(reader, "rb", buffering=0) as stream:
        assert tuples(all_events(camera.open(stream))) == EVENTS


@pytest.mark.parametrize(
    ("compression", "package"), [(1, "lz4.frame"), (3, "zstandard")]
)
def test_without_the_package_the_extra_is_named(
    compression: int, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        camera.MissingPackageError, match=r"install 'heliograph\[aedat4"
    ):
        opened(aedat4(*PACKETS, compression=compression))

"""Seeking: what follows is what a straight read from there on would have given."""

import os
from io import BytesIO

import numpy as np
import pytest

from event_words import (
    SMALL_EVT3,
    all_events,
    column,
    dat,
    event2,
    evt2,
    evt3,
    evt21,
    high,
    high2,
    low,
    npy,
    opened,
    packet_of,
    row,
    tuples,
)
from heliograph import camera
from heliograph.camera.reading import checkpoints
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Size

SIZE = Size(640, 480)


def long_evt3(seconds: int) -> bytes:
    """Write an event every 100 us, and time that wraps."""
    file = BytesIO()
    packet = np.zeros(seconds * 10_000, EVENT)
    packet["t"] = np.arange(len(packet)) * 100
    packet["x"] = np.arange(len(packet)) % 640
    with Evt3Writer(file, SIZE) as writer:
        writer.append(packet)
    return file.getvalue()


@pytest.fixture(scope="module")
def forty_seconds() -> bytes:
    return long_evt3(40)


@pytest.mark.parametrize("t_us", [0, 1, 4096, 16_777_216, 20_000_000, 39_999_900])
def test_a_seek_there_and_back_gives_what_a_straight_read_gives(
    forty_seconds: bytes, t_us: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "APART_BYTES", 1 << 16)
    straight = opened(forty_seconds, 1_000_000)
    every = all_events(straight)
    assert straight.counters.wraps == 2
    recording = opened(forty_seconds, 1_000_000)
    recording.seek(30_000_000)
    recording.seek(t_us)
    assert recording.now_us == t_us
    behind = np.concatenate(list(recording))
    assert np.array_equal(behind, every[every["t"] >= t_us])
    assert recording.counters == straight.counters


def test_going_back_starts_from_a_place_near_by(forty_seconds: bytes) -> None:
    recording = opened(forty_seconds, 1_000_000)
    recording._checkpoints._apart = 1 << 14
    recording.seek(30_000_000)
    # What was read for the header is one piece, the rest are pieces of a MB.
    assert len(recording._checkpoints._places) == 3
    recording.seek(10_000_000)
    assert next(recording)["t"][0] == 10_000_000


def test_checkpoints_are_few_however_long_the_recording() -> None:
    kept = checkpoints.Checkpoints()
    state = np.zeros(1, [("t_us", "<i8")])
    for step in range(20_000):
        state["t_us"] = step * 1_000_000
        kept.pass_by(step * checkpoints.APART_BYTES, state)
    assert len(kept._places) <= checkpoints.COUNT_MAX
    place, found = kept.before(15_000 * 1_000_000)
    assert 0 < place <= 15_000 * checkpoints.APART_BYTES
    assert found["t_us"][0] == place // checkpoints.APART_BYTES * 1_000_000
    assert 15_000 * 1_000_000 - found["t_us"][0] < 64 * 1_000_000


WORDS2 = (high2(0), event2(9, 1, 1), high2(400), event2(1, 2, 2), event2(2, 3, 3))
FILES = {
    "EVT2": evt2(*WORDS2),
    "EVT21": evt21(*((word, 1) for word in WORDS2)),
    "EVT3": evt3(high(0), low(9), row(1), column(1), high(6), low(1025), column(2))
    + evt3(low(1026), column(3))[42:],
    "DAT": dat((1, 1, 1, 9), (2, 2, 1, 25_601), (3, 3, 1, 25_602)),
    "NPY": npy(packet_of((1, 1, 1, 9), (2, 2, 1, 25_601), (3, 3, 1, 25_602))),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_every_format_seeks_in_both_directions(data: bytes) -> None:
    recording = opened(data, 100, size=Size(1280, 720))
    recording.seek(25_602)
    assert [x for x, *_ in tuples(next(recording))] == [3]
    recording.seek(25_590)
    assert [x for x, *_ in tuples(next(recording))] == [2, 3]
    recording.seek(20_000)
    assert [len(next(recording)) for _ in range(57)] == [0] * 56 + [1 + 1]
    recording.seek(recording.begin_us)
    assert [x for x, *_ in tuples(next(recording))] == [1]


def test_a_seek_behind_the_end_yields_nothing_and_one_before_the_begin_is_refused() -> (
    None
):
    recording = opened(SMALL_EVT3)
    with pytest.raises(ValueError, match="begins at 8192 us, so there is no 8191 us"):
        recording.seek(8191)
    recording.seek(10_000_000)
    assert list(recording) == []
    with pytest.raises(ValueError, match="is closed; open it again"):
        recording.seek(8192)


def test_a_recording_that_came_to_its_last_window_can_go_back() -> None:
    recording = opened(SMALL_EVT3)
    assert [len(next(recording)) for _ in range(2)] == [21, 2]
    recording.seek(8192)
    assert [len(packet) for packet in recording] == [21, 2]


def test_a_stream_that_does_not_begin_the_file_goes_back_to_its_own_begin() -> None:
    stream = BytesIO(b"something else" + SMALL_EVT3)
    stream.seek(14)
    recording = camera.open(stream)
    next(recording)
    recording.seek(recording.begin_us)
    assert len(all_events(recording)) == 23


def test_a_pipe_goes_forward_only() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(SMALL_EVT3)
    with os.fdopen(reader, "rb", buffering=0) as stream:
        recording = camera.open(stream)
        recording.seek(20_000)
        assert len(next(recording)) == 2
        with pytest.raises(ValueError, match="does not go back to 9000 us"):
            recording.seek(9_000)


def test_a_file_that_goes_wrong_on_the_way_says_so_after_the_seek() -> None:
    recording = opened(evt3(high(1), row(1), column(1), high(200), high(100)))
    recording.seek(5_000_000)
    with pytest.raises(camera.BrokenRecordingError, match="goes back"):
        next(recording)

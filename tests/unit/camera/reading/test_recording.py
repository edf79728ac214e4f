"""Windows, counters and ends of a recording, whatever its format."""

import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_words import (
    EVT3_HEADER,
    SMALL_EVT3,
    all_events,
    column,
    event2,
    evt2,
    evt3,
    high,
    high2,
    low,
    opened,
    outcome,
    row,
    tuples,
)
from heliograph import camera
from heliograph.camera.reading.errors import BrokenRecordingError
from heliograph.camera.types import EVENT, TRIGGER, Size

SMALL_EVT2 = evt2(high2(1), event2(3, 4, 5), high2(400), 0xA0000101, event2(9, 6, 7))


def test_windows_follow_each_other_and_the_empty_ones_are_there() -> None:
    # One event at 4,096 us, one in the fourth window, silence between them.
    recording = opened(evt3(high(1), row(1), column(1), high(10), low(0), column(2)))
    counts, ends = [], []
    for packet in recording:
        assert packet.dtype == EVENT
        assert recording.triggers.dtype == TRIGGER
        counts.append(len(packet))
        ends.append(recording.now_us)
    assert counts == [1, 0, 0, 1]
    assert ends == [14_096, 24_096, 34_096, 44_096]


def test_windows_begin_with_the_first_time_high() -> None:
    recording = opened(evt3(high(3), low(100), row(1), column(1)))
    assert recording.begin_us == recording.now_us == 3 * 4096


def test_an_event_on_the_edge_belongs_to_the_window_it_opens() -> None:
    recording = opened(evt2(high2(0), event2(9, 1, 1), event2(10, 2, 2)), delta_t_us=10)
    assert [tuples(packet) for packet in recording] == [
        [(1, 1, 1, 9)],
        [(2, 2, 1, 10)],
    ]


def test_an_event_stepping_back_over_an_edge_is_neither_lost_nor_doubled() -> None:
    words = [high(1), low(0), row(1), column(1), low(101), column(2)]
    words += [low(95), column(3), low(102), column(4)]
    windows = [
        [x for x, *_ in tuples(packet)]
        for packet in opened(evt3(*words), delta_t_us=100)
    ]
    assert windows == [[1], [2, 3, 4]]


@given(
    steps=st.lists(st.integers(-11, 60), min_size=1, max_size=40),
    delta_t_us=st.integers(1, 300),
)
@settings(deadline=None, max_examples=60)
def test_windows_put_together_are_the_file_in_its_order(
    steps: list[int], delta_t_us: int
) -> None:
    times = np.clip(500 + np.cumsum(steps), 0, 4095)
    words = [word for t in times for word in (low(int(t)), column(int(t) % 1280))]
    data = evt3(high(1), row(1), *words)
    recording = opened(data, delta_t_us)
    windows = []
    for packet in recording:
        # Nothing comes early, and nothing later than time steps back.
        assert (packet["t"] < recording.now_us).all()
        windows.append(packet)
    assert np.array_equal(np.concatenate(windows)["t"], times + 4096)


def test_a_packet_stays_as_it_was_when_the_next_is_read() -> None:
    recording = opened(evt3(high(0), row(1), column(1), high(3), column(2)))
    first = next(recording)
    before = first.copy()
    next(recording)
    assert np.array_equal(first, before)


def test_counters_account_for_every_word_and_byte() -> None:
    recording = opened(SMALL_EVT3)
    events = all_events(recording)
    counters = recording.counters
    assert counters.events == len(events) == 1 + 12 + 8 + 2
    assert (counters.words, counters.triggers, counters.other) == (16, 1, 2)
    assert counters.bytes_read == len(SMALL_EVT3)


def test_counters_know_what_was_read_before_time_went_wrong() -> None:
    files = (
        evt3(high(9), row(1), column(1), 0xA301, high(5)),
        evt2(high2(9), event2(1, 1, 1), 0xA0000101, high2(2)),
    )
    for data in files:
        recording = opened(data, delta_t_us=1_000_000)
        assert len(next(recording)) == 1
        with pytest.raises(BrokenRecordingError, match="goes back"):
            next(recording)
        assert (recording.counters.events, recording.counters.triggers) == (1, 1)


def test_a_recording_can_be_read_once() -> None:
    recording = opened(SMALL_EVT3)
    assert len(all_events(recording)) > 0
    assert list(recording) == []


def test_closing_ends_the_iteration_and_only_closes_what_open_opened(
    tmp_path: Path,
) -> None:
    stream = BytesIO(SMALL_EVT3)
    with camera.open(stream) as recording:
        next(recording)
    assert list(recording) == []
    assert not stream.closed
    path = tmp_path / "a.raw"
    path.write_bytes(SMALL_EVT3)
    with camera.open(path) as recording:
        next(recording)
        assert held_open(path)
    assert not held_open(path)
    recording.close()


def held_open(path: Path) -> bool:
    return path in [link.resolve() for link in Path("/proc/self/fd").iterdir()]


@pytest.mark.parametrize(
    ("data", "word_bytes"), [(SMALL_EVT3, 2), (SMALL_EVT2, 4)], ids=["EVT3", "EVT2"]
)
def test_a_file_cut_at_any_byte_ends_clearly(data: bytes, word_bytes: int) -> None:
    whole = tuples(all_events(opened(data)))
    payload_at = data.index(b"% end\n") + 6
    for cut in range(len(data)):
        events, error = outcome(data[:cut])
        at_word = (
            cut >= payload_at + word_bytes and (cut - payload_at) % word_bytes == 0
        )
        assert (error is None) == at_word
        assert error is None or str(error).startswith("the stream: ")
        assert events == whole[: len(events)]


def test_a_cut_word_is_named_with_its_byte_after_its_windows_were_given() -> None:
    recording = opened(SMALL_EVT3 + b"\x07")
    assert [len(next(recording)) for _ in range(2)] == [21, 2]
    with pytest.raises(BrokenRecordingError, match="ends within a word") as error:
        next(recording)
    assert error.value.byte == len(SMALL_EVT3)
    assert recording.counters.bytes_read == len(SMALL_EVT3) + 1


def test_a_payload_without_a_time_word_is_an_error_on_opening() -> None:
    with pytest.raises(BrokenRecordingError, match="no EVT3 time word in the 4 bytes"):
        opened(evt3(row(1), column(1)))
    with pytest.raises(BrokenRecordingError, match="in the 0 bytes after the header"):
        opened(evt3())


def test_words_cut_by_the_pieces_of_a_pipe_are_put_together() -> None:
    # Longer than what opening reads for the header.
    data = evt3(high(1), row(1), *(column(x % 1280) for x in range(60_000)))
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as pipe, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(_write_in_threes, writer, data)
        events = all_events(camera.open(pipe))
        writing.result(timeout=10)
    assert np.array_equal(events, all_events(opened(data)))


def _write_in_threes(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb", buffering=0) as pipe:
        for at in range(0, len(data), 3):
            pipe.write(data[at : at + 3])


mutations = st.lists(
    st.tuples(st.integers(0, 399), st.integers(0, 255)), min_size=1, max_size=12
)


@given(mutations=mutations, is_evt3=st.booleans())
@settings(deadline=None, max_examples=300)
def test_mutated_files_never_crash_and_never_leave_the_sensor(
    mutations: list[tuple[int, int]], *, is_evt3: bool
) -> None:
    data = bytearray(SMALL_EVT3 if is_evt3 else SMALL_EVT2)
    payload_at = data.index(b"% end\n") + 6
    data += data[payload_at:] * 4
    for at, value in mutations:
        data[payload_at + at % (len(data) - payload_at)] = value
    events, error = outcome(bytes(data), delta_t_us=1_000_000)
    assert error is None or "the stream" in str(error)
    width, height = (1280, 720) if is_evt3 else (640, 480)
    assert all(x < width and y < height and p in (0, 1) for x, y, p, _ in events)


@given(payload=st.binary(min_size=2, max_size=4000))
@settings(deadline=None, max_examples=150)
def test_random_payloads_never_crash_and_never_leave_the_sensor(
    payload: bytes,
) -> None:
    events, error = outcome(EVT3_HEADER + payload, delta_t_us=1_000_000)
    assert error is None or "the stream" in str(error)
    assert all(x < 1280 and y < 720 and p in (0, 1) for x, y, p, _ in events)


def test_the_size_given_stands_in_for_the_header(tmp_path: Path) -> None:
    path = tmp_path / "unknown.raw"
    path.write_bytes(b"% evt 3.0\n% plugin_name new_one\n" + SMALL_EVT3[42:])
    with pytest.raises(camera.ForeignFileError, match=r"new_one.*in Python as size="):
        camera.open(path)
    with camera.open(path, size=Size(320, 240)) as recording:
        assert recording.size == Size(320, 240)


def test_a_window_shorter_than_a_microsecond_is_refused() -> None:
    with pytest.raises(ValueError, match="delta_t_us must be at least 1, not 0"):
        opened(SMALL_EVT3, delta_t_us=0)

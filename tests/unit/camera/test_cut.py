"""A part of a recording as RAW EVT3: what is in it, and what the times become."""

import os
from pathlib import Path

import numpy as np
import pytest

from aedat4_files import aedat4, events_of, triggers_of
from event_words import (
    SMALL_EVT3,
    column,
    event2,
    evt2,
    evt3,
    high,
    high2,
    low,
    npy,
    packet_of,
    row,
    tuples,
)
from heliograph import camera
from heliograph.camera.cut import cut, run_cut
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import EVENT, Packet, Size

HOUR_US = 3_600_000_000


def saved(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "in"
    path.write_bytes(data)
    return path


def read(path: Path) -> tuple[Packet, list[tuple[int, int, int]], camera.Recording]:
    triggers: list[tuple[int, int, int]] = []
    with camera.open(path) as recording:
        packets = []
        for packet in recording:
            packets.append(packet)
            triggers += recording.triggers.tolist()
    return np.concatenate(packets), triggers, recording


def test_a_part_is_half_open_and_begins_and_ends_where_it_was_asked_to(
    tmp_path: Path,
) -> None:
    packet = np.zeros(1000, EVENT)
    packet["t"] = np.arange(1000) * 1000 + 500
    packet["x"] = np.arange(1000) % 640
    source, out = saved(tmp_path, npy(packet)), tmp_path / "out.raw"
    facts = cut(source, out, from_s=0.2, to_s=0.3, size=Size(640, 480))
    events, _, recording = read(out)
    assert np.array_equal(events, packet[200:300])
    assert recording.size == Size(640, 480)
    assert (facts.events, facts.begin_us, facts.end_us) == (100, 200_500, 300_500)
    # The begin is told to 4 ms, by the first time word.
    assert recording.begin_us == 200_500 >> 12 << 12
    assert facts.size_bytes == out.stat().st_size


def test_the_whole_of_a_recording_comes_back_from_its_cut(tmp_path: Path) -> None:
    source, out = saved(tmp_path, SMALL_EVT3), tmp_path / "out.raw"
    facts = cut(source, out)
    assert (facts.events, facts.triggers, facts.shift_us) == (23, 1, 0)
    assert tuples(read(out)[0]) == tuples(read(source)[0])
    assert read(out)[1] == read(source)[1] == [(1, 8202, 3)]


def test_times_of_hours_keep_their_place_in_the_period(tmp_path: Path) -> None:
    high_at = 5 * HOUR_US >> 6
    wrapped = high_at % (1 << 28)
    data = evt2(high2(wrapped), event2(1, 5, 6), high2(wrapped + 9), event2(2, 7, 8))
    out = tmp_path / "out.raw"
    facts = cut(saved(tmp_path, data), out)
    begin_us = wrapped << 6
    assert facts.shift_us == begin_us >> 24 << 24
    shifted = [t + facts.shift_us for *_, t in tuples(read(out)[0])]
    assert shifted == [begin_us + 1, begin_us + 578]


def test_events_that_came_late_are_put_in_their_place(tmp_path: Path) -> None:
    words = [high(4), low(3615), row(1), column(1), low(3617), column(2)]
    words += [low(3610), column(3), low(3620), column(4)]
    out = tmp_path / "out.raw"
    # The first window ends at 20,000 us, and the clock steps back over it.
    cut(saved(tmp_path, evt3(high(0), row(0), column(0), *words)), out)
    assert [x for x, *_ in tuples(read(out)[0])] == [0, 3, 1, 2, 4]


def test_triggers_on_channels_that_evt3_cannot_tell_are_counted(tmp_path: Path) -> None:
    edges = [0xA << 28 | n << 22 | channel << 8 | 1 for n, channel in ((1, 3), (2, 31))]
    out = tmp_path / "out.raw"
    facts = cut(saved(tmp_path, evt2(high2(0), *edges, event2(9, 1, 1))), out)
    assert (facts.triggers, facts.triggers_dropped) == (1, 1)
    assert read(out)[1] == [(1, 1, 3)]


def test_triggers_that_come_a_window_late_are_counted(tmp_path: Path) -> None:
    events = [events_of(packet_of((1, 2, 1, t))) for t in range(0, 100_000, 5_000)]
    late = triggers_of((20_000, 1), (90_000, 1))
    source = saved(tmp_path, aedat4(*events[:16], late, *events[16:]))
    facts = cut(source, tmp_path / "out.raw")
    assert (facts.events, facts.triggers, facts.triggers_dropped) == (20, 1, 1)
    assert read(tmp_path / "out.raw")[1] == [(1, 90_000, 1)]


def test_an_event_that_steps_back_before_the_first_one_is_a_part(
    tmp_path: Path,
) -> None:
    events = ((1, 1, 1, 5_000), (2, 2, 0, 4_990), (3, 3, 1, 5_010))
    source, out = saved(tmp_path, npy(packet_of(*events))), tmp_path / "out.raw"
    assert cut(source, out, size=Size(640, 480)).events == 3
    assert [t for *_, t in tuples(read(out)[0])] == [4_990, 5_000, 5_010]
    # What lies before a part that begins later is none of it.
    assert cut(source, out, from_s=0.000_001, size=Size(640, 480)).events == 1


@pytest.mark.parametrize("begin_us", [8_195, (1 << 24) + 3, 5 * HOUR_US >> 24 << 24])
def test_a_first_step_back_over_what_a_time_word_tells_is_a_part(
    begin_us: int, tmp_path: Path
) -> None:
    """Those of 4 ms, and the period of the file."""
    times = [begin_us, begin_us - 5, begin_us - 4_000, begin_us + 60_000]
    events = [(i, i, 1, t) for i, t in enumerate(times)]
    source, out = saved(tmp_path, npy(packet_of(*events))), tmp_path / "out.raw"
    facts = cut(source, out, size=Size(640, 480))
    assert (facts.events, facts.begin_us) == (4, begin_us)
    read_us = [t + facts.shift_us for *_, t in tuples(read(out)[0])]
    assert read_us == sorted(times)


def test_a_first_step_back_over_a_time_high_of_evt3_is_a_part(tmp_path: Path) -> None:
    words = [high(2), row(1), low(1), column(1), high(1), low(4094), column(2)]
    out = tmp_path / "out.raw"
    assert cut(saved(tmp_path, evt3(*words, high(3))), out).events == 2
    assert [t for *_, t in tuples(read(out)[0])] == [8190, 8193]


def test_a_recording_that_breaks_off_leaves_what_was_read(tmp_path: Path) -> None:
    out = tmp_path / "out.raw"
    with pytest.raises(camera.BrokenRecordingError, match="ends within a word"):
        cut(saved(tmp_path, SMALL_EVT3 + b"\x01"), out)
    assert len(read(out)[0]) == 23
    cut(saved(tmp_path, SMALL_EVT3 + b"\x01"), out, to_s=0.001)
    assert len(read(out)[0]) == 21


@pytest.mark.parametrize(
    ("from_s", "to_s", "what"),
    [(2.0, 1.0, "a part from 2 s to 1 s is none"), (7.0, 9.0, "ends before the part")],
)
def test_a_part_that_is_none_writes_nothing(
    from_s: float, to_s: float, what: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.raw"
    with pytest.raises(ValueError, match=what):
        cut(saved(tmp_path, SMALL_EVT3), out, from_s=from_s, to_s=to_s)
    assert [path.name for path in tmp_path.iterdir()] in (["in"], [])


def test_a_sensor_that_evt3_cannot_tell_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, npy(packet_of((1, 1, 1, 1))))
    with pytest.raises(ValueError, match="carries 1 to 2048 pixels a side, not 4000x9"):
        cut(source, tmp_path / "out.raw", size=Size(4000, 9))


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    source = saved(tmp_path, SMALL_EVT3)
    with pytest.raises(SinkError, match="cannot write"):
        cut(source, tmp_path / "nowhere" / "out.raw")
    (tmp_path / "taken").mkdir()
    with pytest.raises(SinkError, match="is a directory"):
        cut(source, tmp_path / "taken")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "taken"]


def test_a_file_that_is_there_stays_unless_force_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = saved(tmp_path, SMALL_EVT3), tmp_path / "out.raw"
    out.write_bytes(b"real")
    assert run_cut(source, out) == 1
    assert "out.raw is already there; --force" in capsys.readouterr().err
    assert out.read_bytes() == b"real"
    assert run_cut(source, out, force=True) == 0
    assert "23 events and 1 triggers in 0.02 s" in capsys.readouterr().out


def test_a_device_or_a_pipe_stays_one_with_force_too(tmp_path: Path) -> None:
    source, out = saved(tmp_path, SMALL_EVT3), tmp_path / "out.raw"
    os.mkfifo(out)
    with pytest.raises(SinkError, match="is a device or a pipe, and no file"):
        cut(source, out)
    assert out.is_fifo()


def test_a_recording_with_the_name_of_a_part_stays_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "door.raw.part"
    source.write_bytes(SMALL_EVT3)
    assert cut(source, tmp_path / "door.raw").events == 23
    assert source.read_bytes() == SMALL_EVT3


def test_a_part_from_beyond_all_times_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = saved(tmp_path, SMALL_EVT3), tmp_path / "out.raw"
    assert run_cut(source, out, from_s=1e300) == 1
    assert "ends before the part begins, at 1e+300 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"text", "looks like a text file"),
        (None, "cannot read"),
        (SMALL_EVT3[:-1], "cut"),
    ],
)
def test_what_goes_wrong_is_one_line(
    data: bytes | None,
    what: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "in" if data is None else saved(tmp_path, data)
    assert run_cut(source, tmp_path / "out.raw") == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert what in said
    assert said.count("\n") == 1

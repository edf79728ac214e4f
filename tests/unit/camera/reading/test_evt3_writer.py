"""What the writer writes, our reader and a decoder nobody here wrote read back."""

import io
from itertools import pairwise
from pathlib import Path

import evt3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph import camera
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

VGA = Size(640, 480)
HEADER_END = b"% end\n"


def packet(*events: tuple[int, int, int, int]) -> Packet:
    """Make a packet of (x, y, p, t)."""
    return np.array(list(events), EVENT)


def written(*packets: Packet, size: Size = VGA, until_us: int = 0) -> bytes:
    out = io.BytesIO()
    with Evt3Writer(out, size) as writer:
        for part in packets:
            writer.append(part)
        if until_us:
            writer.advance(until_us)
    return out.getvalue()


def ours(data: bytes) -> Packet:
    return np.concatenate(list(camera.open(io.BytesIO(data))))


def theirs(data: bytes) -> Packet:
    found = evt3.decode_bytes(data)
    events = np.empty(len(found), EVENT)
    events["x"], events["y"] = found.x, found.y
    events["p"], events["t"] = found.polarity, found.timestamp
    return events


def words(data: bytes) -> list[int]:
    payload = data[data.index(HEADER_END) + len(HEADER_END) :]
    return [int(word) for word in np.frombuffer(payload, "<u2")]


def assert_round_trip(*packets: Packet, size: Size = VGA) -> None:
    data = written(*packets, size=size)
    sent = np.concatenate(packets)
    assert ours(data).tolist() == sent.tolist()
    assert theirs(data).tolist() == sent.tolist()


def test_the_header_names_format_and_geometry_and_ends() -> None:
    lines = written(size=Size(320, 240)).split(HEADER_END)[0].decode().splitlines()
    assert lines[0].startswith("% date 20")
    assert lines[1:] == [
        "% evt 3.0",
        "% format EVT3;height=240;width=320",
        "% geometry 320x240",
        "% integrator_name Heliograph",
    ]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_sorted_packets_come_back_in_their_order(data: st.DataObject) -> None:
    size = Size(*data.draw(st.sampled_from([(640, 480), (33, 7), (31, 5), (2048, 2)])))
    seed = data.draw(st.integers(0, 2**32 - 1))
    span_us = data.draw(st.sampled_from([1, 40, 5_000, 1 << 14]))
    count = data.draw(st.integers(1, 400))
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events["x"] = rng.integers(0, size.width, count)
    events["y"] = rng.integers(0, min(size.height, 3), count)
    events["p"] = rng.integers(0, 2, count)
    events["t"] = np.sort(rng.integers(0, span_us, count))
    if data.draw(st.booleans()):
        # The order of a sensor's readout, where vectors pay.
        keys = [events[name] for name in ("x", "p", "y", "t")]
        events = events[np.lexsort(keys)]
    cut = data.draw(st.integers(0, count))
    assert_round_trip(events[:cut], events[cut:], size=size)


def test_time_goes_on_through_two_wraps() -> None:
    times = [
        0,
        (1 << 24) - 1,
        1 << 24,
        (1 << 24) + 1,
        33_554_431,
        33_554_432,
        40_000_000,
    ]
    assert_round_trip(packet(*((i, i, i % 2, t) for i, t in enumerate(times))))


def test_events_at_the_edges_of_windows_stay_in_their_window() -> None:
    data = written(packet((1, 1, 1, 9_999), (2, 1, 1, 10_000), (3, 1, 0, 20_000)))
    windows = [window["t"].tolist() for window in camera.open(io.BytesIO(data))]
    assert windows == [[9_999], [10_000], [20_000]]


def test_a_reader_sees_silence_pass() -> None:
    data = written(packet((5, 5, 1, 100)), until_us=20_000_000)
    windows = [len(window) for window in camera.open(io.BytesIO(data))]
    assert windows[0] == 1
    assert not any(windows[1:])
    # The last TIME word says 20 s sharp, which opens one window more.
    assert len(windows) in (2_000, 2_001)


def test_time_high_counts_up_one_by_one() -> None:
    highs = [w & 0xFFF for w in words(written(until_us=17_000_000)) if w >> 12 == 8]
    assert highs[0] == 0
    assert {(b - a) % 4096 for a, b in pairwise(highs)} == {1}
    assert len(highs) == (17_000_000 >> 12) + 1


def test_a_full_row_costs_a_tenth_of_single_words() -> None:
    row = packet(*((x, 7, 1, 50) for x in range(640)))
    assert len(words(written(row))) == 1 + 1 + 1 + 1 + 3 * 640 // 32
    assert_round_trip(row)


@pytest.mark.parametrize("width", [32, 33, 63, 65, 100, 640])
def test_vectors_are_whole_groups_that_stay_on_the_sensor(width: int) -> None:
    """What openeb's validators ask for; it drops a group that breaks the rule."""
    rng = np.random.default_rng(width)
    rows = [np.flatnonzero(rng.random(width) < 0.4) for _ in range(20)]
    events = packet(*((x, y, 1, 9) for y, row in enumerate(rows) for x in row.tolist()))
    size = Size(width, 20)
    found = words(written(events, size=size))
    base, groups, i = -1, 0, 0
    while i < len(found):
        kind = found[i] >> 12
        if kind == 3:
            base = found[i] & 0x7FF
        if kind in (4, 5):
            assert [w >> 12 for w in found[i : i + 3]] == [4, 4, 5]
            assert 0 <= base <= width - 32
            base += 32
            groups += 1
            i += 2
        i += 1
    assert groups >= 20
    assert_round_trip(events, size=size)


def test_a_repeated_or_falling_x_is_written_as_it_came() -> None:
    falling = [(x, 3, 1, 5) for x in range(40, 20, -1)]
    assert_round_trip(packet(*falling, *falling, (20, 3, 1, 5), (20, 3, 1, 5)))


def test_triggers_stand_between_the_events_of_their_time() -> None:
    events = packet((1, 1, 1, 10), (2, 1, 1, 30))
    edges = np.array([(1, 5, 0), (0, 30, 6), (1, 9_000, 15)], TRIGGER)
    out = io.BytesIO()
    with Evt3Writer(out, VGA) as writer:
        writer.append(events, triggers=edges)
    recording = camera.open(io.BytesIO(out.getvalue()))
    window = next(recording)
    assert window.tolist() == events.tolist()
    assert recording.triggers.tolist() == edges.tolist()


def test_a_path_is_written_and_closed_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    with Evt3Writer(path, VGA) as writer:
        writer.append(packet((1, 2, 1, 3)))
        writer.append(packet())
    assert writer.events == 1
    assert writer.clock_us == 3
    assert path.stat().st_size == writer.bytes_written
    with pytest.raises(ValueError, match="closed"):
        writer.append(packet((1, 2, 1, 4)))


def test_a_file_given_stays_open() -> None:
    out = io.BytesIO()
    with Evt3Writer(out, VGA):
        pass
    assert not out.closed


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (packet((1, 1, 1, 50), (1, 1, 1, 49)), "event 1 is at 49 us, before 50 us"),
        (packet((1, 1, 1, 5)), "event 0 is at 5 us, but 10 us is already written"),
        (packet((640, 1, 1, 50)), "x of element 0 is 640, outside 0..639"),
        (packet((1, 1, 1, 50), (1, 480, 1, 50)), "y of element 1 is 480"),
        (packet((1, 1, 2, 50)), "p of element 0 is 2"),
        (packet((1, 1, -1, 50)), "p of element 0 is -1"),
        (packet((1, 1, 1, 10**12)), "more than an hour after 10 us: subtract"),
        (np.zeros(3, np.int64), "packet must be one-dimensional with dtype"),
        (np.zeros((1, 3), EVENT), "not 2-dimensional"),
    ],
)
def test_what_cannot_be_written_is_refused_before_a_word(
    bad: Packet, said: str
) -> None:
    out = io.BytesIO()
    with Evt3Writer(out, VGA) as writer:
        writer.append(packet((0, 0, 0, 10)))
        before = out.getvalue()
        with pytest.raises(ValueError, match=said):
            writer.append(bad)
        assert out.getvalue() == before
        writer.append(packet((3, 3, 1, 11)))
    assert ours(out.getvalue()).tolist() == [(0, 0, 0, 10), (3, 3, 1, 11)]


def test_a_trigger_channel_has_four_bits() -> None:
    edges = np.array([(1, 5, 16)], TRIGGER)
    with (
        Evt3Writer(io.BytesIO(), VGA) as writer,
        pytest.raises(ValueError, match="trigger id of element 0 is 16"),
    ):
        writer.append(packet(), triggers=edges)


def test_time_cannot_be_let_pass_backwards() -> None:
    with Evt3Writer(io.BytesIO(), VGA) as writer:
        writer.advance(5_000)
        with pytest.raises(ValueError, match="5000 us is already written"):
            writer.advance(4_999)


@pytest.mark.parametrize("size", [Size(0, 10), Size(10, 0), Size(2049, 10)])
def test_a_size_that_eleven_bits_cannot_carry_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="1 to 2048 pixels a side"):
        Evt3Writer(io.BytesIO(), size)

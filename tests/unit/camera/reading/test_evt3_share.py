"""A share of a stream: the rest is counted, and nothing else is lost."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph import camera
from heliograph.camera.reading import evt3, evt3_share
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.reading.state import fresh_state
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

VGA = Size(640, 480)
WINDOW_US = 10_000
WINDOWS = 6
TRIGGERS = [(1, 3_000, 0), (0, 17_000, 0), (1, 41_500, 2)]
KEPT = ("high", "epoch_us", "t_us", "y", "base_x", "base_p", "wraps", "triggers")


def crowded(seed: int, count: int) -> Packet:
    """Return a window of rows that are partly vectors, partly lone columns."""
    seeded = np.random.default_rng(seed)
    made = np.zeros(count, EVENT)
    made["y"] = seeded.integers(0, 60, count)
    made["x"] = seeded.integers(0, 300, count)
    made["p"] = made["y"] % 2
    made["t"] = np.sort(seeded.integers(0, WINDOW_US // 20, count)) * 20
    made = made[np.lexsort((made["x"], made["y"], made["t"]))]
    made["t"] += seed * WINDOW_US
    return made


@pytest.fixture(scope="module")
def stream() -> bytes:
    out = io.BytesIO()
    with Evt3Writer(out, VGA) as writer:
        for number in range(WINDOWS):
            due = [one for one in TRIGGERS if one[1] // WINDOW_US == number]
            writer.append(crowded(number, 30_000), triggers=np.array(due, TRIGGER))
        writer.advance(WINDOWS * WINDOW_US)
    return out.getvalue()


def decoded(
    stream: bytes, one_of: int | None
) -> tuple[Packet, NDArray[np.void], NDArray[np.void]]:
    """Return the events, triggers and the state at the end."""
    words = np.frombuffer(stream[stream.index(b"% end\n") + 6 :], "<u2")
    assert {evt3.VECT_12, evt3.ADDR_X} <= set(words >> 12)
    state = fresh_state(VGA.width, VGA.height)
    events, triggers = np.empty(1 << 18, EVENT), np.empty(64, TRIGGER)
    if one_of is None:
        taken, n, k = evt3.decode(words, state, 1 << 40, events, triggers)
    else:
        taken, n, k = evt3_share.decode_share(
            words, state, 1 << 40, events, triggers, one_of
        )
    assert taken == len(words)
    return events[:n], triggers[:k], state


@pytest.mark.parametrize("one_of", [2, 4, 16])
def test_what_is_passed_by_is_counted_and_all_else_stays(
    stream: bytes, one_of: int
) -> None:
    events, triggers, state = decoded(stream, None)
    some, same, told = decoded(stream, one_of)
    assert len(events) == len(some) + int(told["thinned"][0])
    assert len(some) < len(events) * 2 / one_of
    assert np.array_equal(same, triggers)
    assert len(triggers) == len(TRIGGERS)
    for name in KEPT:
        assert told[name] == state[name], name
    # What was decoded has its own row, column and time, as it stands in the whole.
    assert np.isin(some, events).all()
    assert (np.diff(some["t"]) >= 0).all()


def test_one_of_one_is_all(stream: bytes) -> None:
    whole, all_of_it = decoded(stream, None), decoded(stream, 1)
    assert all(map(np.array_equal, whole, all_of_it))


def test_a_recording_tells_window_by_window_what_was_not_read(stream: bytes) -> None:
    with camera.open(io.BytesIO(stream), WINDOW_US) as recording:
        whole = [(len(each), recording.now_us) for each in recording]
    with camera.open(io.BytesIO(stream), WINDOW_US) as recording:
        recording.warm_up()
        told, triggers = [], 0
        for packet in recording:
            told.append((len(packet) + recording.unread, recording.now_us))
            triggers += len(recording.triggers)
            # The first window is read wholly, then one group of four.
            assert (recording.unread > 20_000) == (len(told) > 1)
            recording.one_of = 4
        counters = recording.counters
    assert told == whole
    assert triggers == len(TRIGGERS)
    assert counters.events + counters.thinned == sum(count for count, _ in whole)


def test_a_seek_reads_all(stream: bytes) -> None:
    with camera.open(io.BytesIO(stream), WINDOW_US) as recording:
        recording.one_of = 4
        recording.seek(recording.begin_us + 2 * WINDOW_US)
        assert recording.counters.thinned == 0
        next(recording)
        assert recording.unread > 0

"""The newest events are kept, and no more of them than were said."""

import numpy as np
import pytest

from heliograph.camera.reconstruction.recent import RecentEvents
from heliograph.camera.types import EVENT, Packet


def packet(begin_us: int, events: int = 10, *, apart_us: int = 100) -> Packet:
    made = np.zeros(events, EVENT)
    made["t"] = begin_us + np.arange(events) * apart_us
    return made


def times(packets: tuple[Packet, ...]) -> list[int]:
    return [int(t) for one in packets for t in one["t"]]


def test_what_is_held_of_a_time_is_what_came_then() -> None:
    recent = RecentEvents()
    for begin_us in range(0, 100_000, 10_000):
        recent.update(packet(begin_us))
    found = recent.between(29_000, 50_000)
    assert [int(one["t"][0]) for one in found] == [30_000, 40_000]
    assert recent.between(95_000, 200_000) == ()
    assert recent.between(-10, 0) == ()


def test_a_lent_packet_is_copied_and_a_held_one_cannot_be_changed() -> None:
    recent, lent = RecentEvents(), packet(0)
    recent.update(lent)
    lent["t"] = 7
    [held] = recent.between(0, 1_000_000)
    assert held["t"][1] == 100
    with pytest.raises(ValueError, match="read-only"):
        held["t"] = 7


def test_what_is_too_old_goes() -> None:
    recent = RecentEvents(keep_us=50_000)
    for begin_us in range(0, 1_000_000, 10_000):
        recent.update(packet(begin_us))
    held = recent.between(0, 1_000_000)
    assert int(held[0]["t"][0]) == 940_000
    assert recent.bytes == sum(one.nbytes for one in held)


def test_memory_is_bounded_whatever_comes() -> None:
    bytes_max = 100 * EVENT.itemsize
    recent = RecentEvents(bytes_max=bytes_max)
    for n, events in enumerate((30, 1, 60, 99, 5, 0, 100, 250, 40)):
        recent.update(packet(n * 1_000, events, apart_us=1))
        held = recent.between(0, 1_000_000)
        assert recent.bytes == sum(one.nbytes for one in held) <= bytes_max
    assert times(held) == [8_000 + n for n in range(40)]
    recent.update(packet(9_000, 250, apart_us=1))
    assert times(recent.between(0, 1_000_000)) == [9_150 + n for n in range(100)]


def test_no_events_are_no_packet_and_another_dtype_is_refused() -> None:
    recent = RecentEvents()
    recent.update(packet(0, 0))
    assert recent.between(0, 1_000_000) == ()
    with pytest.raises(ValueError, match="dtype"):
        recent.update(np.zeros(3, np.int64))

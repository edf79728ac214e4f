"""The newest windows in bounded memory, and which of them are given up."""

import pytest

from heliograph.camera.sinks.window_ring import HELD_BYTES, Held, WindowRing

MS = 1_000


def window(number: int, size: int = 0) -> Held:
    return Held(number * 10 * MS, (number + 1) * 10 * MS, number, size)


def filled(count: int, *, keep_us: int, bytes_max: int = 1 << 30) -> WindowRing:
    ring = WindowRing(keep_us=keep_us, bytes_max=bytes_max)
    for number in range(count):
        ring.push(window(number), needed=ring.end)
    return ring


def contents(ring: WindowRing, number: int, until_us: int = 1 << 40) -> list[int]:
    found = ring.since(number, until_us=until_us, bytes_max=1 << 30)
    return [held.content for held in found]


def test_what_is_older_than_is_kept_goes() -> None:
    ring = filled(100, keep_us=50 * MS)
    assert contents(ring, 0) == [94, 95, 96, 97, 98, 99]
    assert (ring.first, ring.end) == (94, 100)
    assert ring.bytes == 6 * HELD_BYTES


def test_what_is_needed_stays_however_old() -> None:
    ring = WindowRing(keep_us=0, bytes_max=1 << 30)
    for number in range(10):
        ring.push(window(number), needed=3)
    assert contents(ring, 0) == list(range(3, 10))


def test_for_want_of_memory_the_oldest_go_also_if_they_are_needed() -> None:
    ring = WindowRing(keep_us=1 << 40, bytes_max=4 * (1_000 + HELD_BYTES))
    for number in range(10):
        assert ring.is_full_for(window(number, 1_000)) == (number >= 4)
        ring.push(window(number, 1_000), needed=0)
    assert contents(ring, 0) == [6, 7, 8, 9]
    assert ring.bytes == 4 * (1_000 + HELD_BYTES)
    # One that is larger than all of it is here alone.
    ring.push(window(10, 1 << 20), needed=0)
    assert contents(ring, 0) == [10]


def test_windows_are_found_by_time_and_taken_until_a_time_and_a_size() -> None:
    ring = filled(10, keep_us=1 << 40)
    assert ring.number_at(0) == ring.number_at(9_999) == 0
    assert ring.number_at(10 * MS) == 1
    assert ring.number_at(99_999) == 9
    assert ring.number_at(100 * MS) == ring.end == 10
    assert contents(ring, 2, until_us=40 * MS) == [2, 3]
    assert contents(ring, 2, until_us=40 * MS + 1) == [2, 3, 4]
    assert contents(ring, 10) == []
    large = WindowRing(keep_us=1 << 40, bytes_max=1 << 30)
    for number in range(5):
        large.push(window(number, 100), needed=0)
    assert len(large.since(0, until_us=1 << 40, bytes_max=150)) == 2
    assert ring[4].content == 4
    with pytest.raises(IndexError):
        filled(100, keep_us=0)[5]

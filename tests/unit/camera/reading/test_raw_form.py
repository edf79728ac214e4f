"""A part of a RAW stream, its words untouched, decodes to what it is a part of."""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
import pytest

from event_words import (
    base,
    column,
    event2,
    evt2,
    evt3,
    evt21,
    high,
    high2,
    low,
    opened,
    row,
)
from heliograph import camera
from heliograph.camera.types import Packet, Size

WINDOW_US = 10_000


def evt3_stream(rng: np.random.Generator) -> bytes:
    """Return words of all kinds over a wrap, whose time also steps back."""
    words, t_us = [high(0xFFC)], 0xFFC << 12
    words += [row(7), base(40, p=0)]
    for _ in range(600):
        t_us += int(rng.integers(0, 120))
        back_us = int(rng.integers(0, 11)) * (rng.random() < 0.02)
        if (t_us >> 12) & 0xFFF != words_high(words):
            words.append(high((t_us >> 12) & 0xFFF))
        words.append(low(max(0, (t_us & 0xFFF) - back_us)))
        kind = rng.integers(0, 6)
        if kind == 0:
            words.append(row(int(rng.integers(0, 720))))
        elif kind == 1:
            words.append(base(int(rng.integers(0, 1200)), int(rng.integers(0, 2))))
        elif kind == 2:
            words.append(0xA000 | int(rng.integers(0, 16)) << 8 | 1)
        elif kind == 3:
            words.append(column(int(rng.integers(0, 1280)), int(rng.integers(0, 2))))
        # The row and the base of long ago still hold.
        words += [0x4000 | int(rng.integers(1, 4096)), 0x5000 | 0b11]
    return evt3(*words)


def words_high(words: list[int]) -> int:
    """Return the TIME_HIGH that *words* stand at."""
    return next(word & 0xFFF for word in reversed(words) if word >> 12 == 8)


def evt2_words(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return words that cross the wrap of EVT2, each with a mask."""
    steps = rng.integers(0, 80, 600)
    begin_us = ((1 << 28) - 200) << 6
    words = []
    for t_us in accumulate(map(int, steps), initial=begin_us):
        words.append((high2((t_us >> 6) % (1 << 28)), 0))
        place = (int(rng.integers(0, 600)), int(rng.integers(0, 480)))
        words.append((event2(t_us & 63, *place, int(rng.integers(0, 2))), 0b1011))
    return words


def evt2_stream(rng: np.random.Generator) -> bytes:
    return evt2(*(word for word, _ in evt2_words(rng)))


def evt21_stream(rng: np.random.Generator) -> bytes:
    return evt21(*evt2_words(rng))


def legacy_stream(rng: np.random.Generator) -> bytes:
    return evt21(*evt2_words(rng), legacy=True)


def read(recording: camera.Recording) -> tuple[list[Packet], list[Packet]]:
    """Return events and triggers, a packet a window."""
    events, triggers = [], []
    for packet in recording:
        events.append(packet)
        triggers.append(recording.triggers)
    return events, triggers


@pytest.mark.parametrize(
    "stream", [evt3_stream, evt2_stream, evt21_stream, legacy_stream]
)
def test_from_each_window_on_the_same_events_come(
    stream: Callable[[np.random.Generator], bytes],
) -> None:
    data = stream(np.random.default_rng(5))
    events, triggers = read(opened(data, WINDOW_US))
    recording = opened(data, WINDOW_US)
    raw = recording.raw
    assert raw is not None
    checked = 0
    for number, _ in enumerate(recording):
        passage = recording.passage
        header = raw.header(recording.size) + raw.lead(passage.state)
        part = opened(header + data[passage.begin :], WINDOW_US)
        theirs, their_triggers = (np.concatenate(each) for each in read(part))
        ours, our_triggers = (
            np.concatenate(each[number:]) for each in (events, triggers)
        )
        epoch_us = int(passage.state["epoch_us"][0])
        for array in (ours, our_triggers):
            array["t"] -= epoch_us
        assert np.array_equal(theirs, ours)
        assert np.array_equal(their_triggers, our_triggers)
        assert (part.format, part.size) == (recording.format, recording.size)
        checked += len(ours) > 0
    assert recording.counters.wraps == 1
    assert checked >= 2


def test_windows_follow_each_other_without_a_gap_of_bytes() -> None:
    data = evt3_stream(np.random.default_rng(6))
    recording = opened(data, WINDOW_US)
    passages = [recording.passage for _ in recording]
    assert [one.end for one in passages[:-1]] == [one.begin for one in passages[1:]]
    assert passages[-1].end == len(data)


def test_words_of_a_stream_are_kept_from_the_first_call_on() -> None:
    data = evt3_stream(np.random.default_rng(7))
    recording = opened(data, WINDOW_US)
    assert recording.raw is not None
    words = recording.raw.words
    assert words.take_kept() == []
    begin = recording.passage.end
    kept = b""
    for _ in recording:
        kept += b"".join(part.tobytes() for part in words.take_kept())
    assert kept == data[begin:]


def test_a_header_keeps_what_the_sensor_told_but_for_the_geometry() -> None:
    data = (
        b"% date 2020-03-04 10:01:32\n% evt 3.0\n% serial_number 00050a8c\n"
        b"% plugin_name hal_plugin_gen41_evk3\n" + evt3(high(1), low(2), row(3))[42:]
    )
    recording = opened(data, size=Size(640, 480))
    assert recording.raw is not None
    assert recording.raw.header(recording.size).decode().splitlines() == [
        "% date 2020-03-04 10:01:32",
        "% serial_number 00050a8c",
        "% plugin_name hal_plugin_gen41_evk3",
        "% evt 3.0",
        "% format EVT3;height=480;width=640",
        "% geometry 640x480",
        "% end",
    ]
    legacy = opened(legacy_stream(np.random.default_rng(8)))
    assert legacy.raw is not None
    assert b"EVT21;height=480;width=640;endianness=legacy" in legacy.raw.header(
        legacy.size
    )

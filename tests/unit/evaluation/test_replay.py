from dataclasses import replace
from pathlib import Path

import numpy as np

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.types import Box, Packet, Size
from heliograph.evaluation.replay import Replay, slices
from heliograph.labelled import CLASS_MAPS, LabelledWindow, open_labelled
from labelled_files import SIZE, ticks, write_labelled

UNFILTERED = FilterSettings(background_us=0, events_per_s_max=0)


class Listener:
    """A detector that writes down what it is given."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.packets: list[Packet] = []
        self.asked: list[int] = []

    def update(self, packet: Packet) -> None:
        self.packets.append(packet.copy())

    def detect(self, now_us: int) -> list[Box]:
        self.asked.append(now_us)
        return []

    @property
    def times(self) -> list[int]:
        return [int(t) for packet in self.packets for t in packet["t"]]


def listeners(windows: list[LabelledWindow]) -> list[Listener]:
    made: list[Listener] = []

    def make(size: Size) -> Listener:
        made.append(Listener(size))
        return made[-1]

    replay = Replay(make, UNFILTERED)
    for window in windows:
        replay.at(window)
    return made


def labelled(folder: Path, *times: int, history_us: int) -> list[LabelledWindow]:
    path = write_labelled(folder, "walk", [(t, 0, 0, 9, 9, 0, 1.0) for t in times])
    classes = CLASS_MAPS["simulator"]
    return list(open_labelled(path, history_us=history_us, classes=classes))


def test_overlapping_windows_are_one_stream(tmp_path: Path) -> None:
    windows = labelled(tmp_path, 100_000, 150_000, 600_000, history_us=80_000)
    (listener,) = listeners(windows)
    first, gap = range(21_000, 151_000, 1_000), range(521_000, 601_000, 1_000)
    assert listener.times == [*first, *gap]
    # What happened in the label's own microsecond is part of it.
    assert listener.asked == [100_001, 150_001, 600_001]
    assert listener.size == SIZE


def test_another_recording_begins_with_no_memory(tmp_path: Path) -> None:
    windows = labelled(tmp_path, 100_000, history_us=80_000)
    one, other = listeners([windows[0], replace(windows[0], source="other")])
    assert one.times == other.times
    assert len(one.times) == 80


def test_slices_are_those_of_a_watch() -> None:
    events = ticks(3_000, 35_000, 500)
    found = list(slices(events))
    assert [(int(s["t"][0]), int(s["t"][-1])) for s in found] == [
        (3_000, 9_500),
        (10_000, 19_500),
        (20_000, 29_500),
        (30_000, 34_500),
    ]
    assert np.array_equal(np.concatenate(found), events)


def test_empty_slices_are_left_out_and_steps_back_lose_nothing() -> None:
    events = ticks(0, 50_000, 9_000)
    events["t"][3] -= 8_000  # 27,000 steps back to 19,000, behind 18,000
    events["t"][4:] += 500_000
    found = list(slices(events))
    assert len(found) < 10
    assert np.array_equal(np.concatenate(found), events)
    assert list(slices(events[:0])) == []

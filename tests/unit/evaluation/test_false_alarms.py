from pathlib import Path

import pytest

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.types import Box, Packet, Size
from heliograph.evaluation.false_alarms import (
    FalseAlarms,
    Seen,
    Stretch,
    count_false_alarms,
)
from heliograph.evaluation.subject import Subject
from labelled_files import write_ticks


class Seer:
    """A detector that sees something from 200 to 600 ms."""

    def __init__(self, size: Size, *, is_weak: bool) -> None:
        self.box = Box(50, 50, 60, 60, "person", is_weak=is_weak)
        assert size == Size(320, 240)

    def update(self, packet: Packet) -> None:
        assert len(packet) <= 10

    def detect(self, now_us: int) -> list[Box]:
        return [self.box, self.box] if 200_000 < now_us <= 600_000 else []


def counted(
    folder: Path, *empty: Stretch, is_weak: bool = False, seen: list[Seen] | None = None
) -> FalseAlarms:
    def make(size: Size) -> Seer:
        return Seer(size, is_weak=is_weak)

    subject = Subject("seer", make, make, ("person",), parts=True, facts={})
    return count_false_alarms(
        write_ticks(folder / "quiet.raw"),
        subject,
        FilterSettings(),
        empty=empty or (Stretch(),),
        look=None if seen is None else seen.append,
    )


def test_all_that_is_found_where_nothing_is_counts(tmp_path: Path) -> None:
    seen: list[Seen] = []
    alarms = counted(tmp_path, seen=seen)
    assert (alarms.boxes, alarms.windows) == (80, 40)
    assert alarms.tracks >= 1
    assert alarms.seconds == pytest.approx(1.0)
    assert alarms.boxes_per_minute == pytest.approx(4_800)
    assert [len(one.found) for one in seen[19:22]] == [0, 2, 2]
    assert seen[20].at_s == pytest.approx(0.21)


def test_only_empty_stretches_count(tmp_path: Path) -> None:
    alarms = counted(tmp_path, Stretch(0.0, 0.25), Stretch(0.9))
    assert (alarms.boxes, alarms.windows) == (10, 5)
    assert alarms.seconds == pytest.approx(0.35)
    # Confirmed after 200 ms, they wait at rest where they were: they began where
    # nothing is, and are there where nothing is.
    assert alarms.tracks == 2


def test_a_track_of_something_real_is_no_false_alarm_when_it_rests(
    tmp_path: Path,
) -> None:
    assert counted(tmp_path, Stretch(0.55)).tracks == 0


def test_weak_boxes_do_not_count(tmp_path: Path) -> None:
    alarms = counted(tmp_path, is_weak=True)
    assert alarms.boxes == 0


def test_no_time_at_all_has_no_rate(tmp_path: Path) -> None:
    alarms = counted(tmp_path, Stretch(5.0))
    assert (alarms.seconds, alarms.boxes_per_minute) == (0, 0)

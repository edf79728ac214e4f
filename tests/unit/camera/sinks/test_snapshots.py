"""Pictures beside captions: one each, bounded, and never anybody else's file."""

import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from caption_parts import CAPTION
from heliograph.camera.config import SnapshotSettings
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.snapshots import SnapshotCounters, Snapshots
from heliograph.clock import SystemClock

CLOCK = SystemClock()
PNG = b"\x89PNG" + bytes(996)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_an_alert_has_one_picture_whichever_rung_speaks(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    sink = Snapshots(SnapshotSettings(folder), clock=CLOCK)
    sink.append(replace(CAPTION, rung="template"), PNG)
    sink.append(CAPTION, PNG)
    sink.append(replace(CAPTION, id="door-3f2a91c4-9-9"), b"")
    assert names(folder) == [f"{CAPTION.id}.png"]
    assert (folder / f"{CAPTION.id}.png").read_bytes() == PNG
    assert sink.counters == SnapshotCounters(written=1, removed=0, failed=0)


def test_the_oldest_give_way_also_those_of_the_last_watch(tmp_path: Path) -> None:
    (tmp_path / "holiday-2026-01.png").write_bytes(bytes(50_000))
    for number in (1, 2):
        old = tmp_path / f"door-00000000-{number}-1.png"
        old.write_bytes(PNG)
        os.utime(old, (number, number))
    sink = Snapshots(SnapshotSettings(tmp_path, bytes_max=3_500), clock=CLOCK)
    for number in (3, 4):
        sink.append(replace(CAPTION, id=f"door-00000000-{number}-1"), PNG)
    kept = [f"door-00000000-{number}-1.png" for number in (2, 3, 4)]
    assert names(tmp_path) == [*kept, "holiday-2026-01.png"]
    assert sink.counters == SnapshotCounters(written=2, removed=1, failed=0)


def test_a_folder_that_cannot_be_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SinkError, match="cannot keep snapshots in"):
        Snapshots(SnapshotSettings(tmp_path / "file"), clock=CLOCK)


def test_a_folder_that_goes_ends_nothing_and_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    sink = Snapshots(SnapshotSettings(folder), clock=CLOCK)
    folder.rmdir()
    sink.append(CAPTION, PNG)
    assert sink.counters.failed == 1


def test_a_name_that_the_disk_refuses_ends_nothing_and_is_counted(
    tmp_path: Path,
) -> None:
    sink = Snapshots(SnapshotSettings(tmp_path), clock=CLOCK)
    sink.append(replace(CAPTION, id="x" * 300), PNG)
    assert sink.counters.failed == 1


def test_a_disk_that_fills_up_is_left_without_half_a_picture(tmp_path: Path) -> None:
    sink = Snapshots(SnapshotSettings(tmp_path), clock=CLOCK)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        sink.append(CAPTION, PNG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sink.counters.failed == 1
    assert names(tmp_path) == []

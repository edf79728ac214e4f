"""Windows to jobs, without a gateway."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, isinf
from pathlib import Path

import numpy as np
import pytest

from caption_parts import HandClock
from heliograph import camera
from heliograph.camera.captioning.policy_terms import Verdict
from heliograph.camera.config import WatchSettings
from heliograph.camera.config.detector import DetectorKind, DetectorSettings
from heliograph.camera.config.places import Line, Zone
from heliograph.camera.detection.choosing import Chosen, DetectorFacts
from heliograph.camera.render import nobody
from heliograph.camera.stages import Stages, tracker_settings
from heliograph.camera.types import Box, CaptionJob, Packet
from moving_bar import BAR_HEIGHT, BAR_TOP, BAR_WIDTH, BLOBS, write_moving_bar

SETTINGS = WatchSettings(again_us=500_000, detector=BLOBS)


class Nothing:
    """A detector that finds nothing."""

    def __init__(self) -> None:
        self.events = 0
        self.asked_us: list[int] = []

    def update(self, packet: Packet) -> None:
        """Count what it is given."""
        self.events += len(packet)

    def detect(self, now_us: int) -> list[Box]:
        """Return no box."""
        self.asked_us.append(now_us)
        return []


def jobs_of(
    path: Path,
    *,
    deadline_s: float | None = None,
    settings: WatchSettings = SETTINGS,
    explain: Callable[[Verdict], None] | None = None,
) -> list[CaptionJob]:
    jobs: list[CaptionJob] = []
    with camera.open(path) as recording:
        stages = Stages(
            recording.size,
            lambda draft: jobs.append(draft.finished()),
            settings=settings,
            clock=HandClock(),
            deadline_s=deadline_s,
            explain=explain,
        )
        for packet in recording:
            stages.step(packet, recording.now_us)
        stages.finish(recording.now_us)
    return jobs


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=2.0)


def test_a_moving_thing_becomes_jobs_with_its_box_picture_and_prompt(bar: Path) -> None:
    jobs = jobs_of(bar)
    assert [job.reason for job in jobs] == ["first", "again", "again"][: len(jobs)]
    assert len(jobs) >= 2
    for job in jobs:
        box = job.track.box
        assert box.width == pytest.approx(BAR_WIDTH, abs=24)
        assert box.height == pytest.approx(BAR_HEIGHT, abs=24)
        assert box.y == pytest.approx(BAR_TOP, abs=16)
        assert job.png.startswith(b"\x89PNG")
        assert "It moves right." in job.prompt


def test_what_happens_in_a_zone_or_on_a_line_is_a_job_in_the_words_of_the_config(
    bar: Path,
) -> None:
    zone = Zone("dock", "the dock", ((0.2, 0.0), (1.0, 0.0), (1.0, 1.0), (0.2, 1.0)))
    line = Line("gate", "the gate", (0.55, 1), (0.55, 0), forward="drives in by")
    places = replace(SETTINGS, again_us=None, zones=(zone,), lines=(line,))
    told: list[Verdict] = []
    jobs = jobs_of(bar, settings=places, explain=told.append)
    assert [job.reason for job in jobs] == ["enter", "cross"]
    assert "It enters the dock. It is in the dock: name the place so." in jobs[0].prompt
    assert "It drives in by the gate. It is in the dock" in jobs[1].prompt
    asked = [verdict.text for verdict in told if verdict.asked]
    assert [text.partition(",")[0] for text in asked] == [
        "it entered dock",
        "it went over gate",
    ]


def test_a_thing_at_rest_is_waited_for_longer_than_the_longest_dwell() -> None:
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    usual_us = tracker_settings(WatchSettings()).stationary_us
    for dwell_us, least_us in ((None, usual_us), (600_000_000, 600_000_001)):
        zone = Zone("dock", "dock", corners, dwell_us=dwell_us)
        told = tracker_settings(replace(WatchSettings(), zones=(zone,)))
        assert told.stationary_us >= least_us


def test_a_job_is_worth_asking_for_its_deadline_or_for_ever(bar: Path) -> None:
    now_s = HandClock().now_s
    assert {job.deadline_s for job in jobs_of(bar, deadline_s=8.0)} == {now_s + 8.0}
    assert all(isinf(job.deadline_s) for job in jobs_of(bar))


def test_another_detector_takes_the_place_of_the_blobs(bar: Path) -> None:
    jobs: list[CaptionJob] = []
    nothing = Nothing()
    with camera.open(bar) as recording:
        stages = Stages(
            recording.size,
            lambda draft: jobs.append(draft.finished()),
            settings=replace(SETTINGS, look_us=10_000),
            clock=HandClock(),
            deadline_s=inf,
            chosen=Chosen(nothing, DetectorFacts("network")),
        )
        tracks = [stages.step(packet, recording.now_us) for packet in recording]
    assert set(tracks) == {()}
    assert jobs == []
    filtered = stages.filtered
    assert nothing.events == filtered.taken - filtered.removed > 0
    assert stages.passed_over == 0


def looks_us(
    bar: Path,
    kind: DetectorKind,
    *,
    every_us: int | None = None,
    late_from: int | None = None,
) -> list[int]:
    """Return when a detector was asked in the first half second."""
    nothing = Nothing()
    with camera.open(bar) as recording:
        stages = Stages(
            recording.size,
            nobody,
            settings=replace(
                SETTINGS, detector=DetectorSettings(kind, every_us=every_us)
            ),
            clock=HandClock(),
            deadline_s=None,
            chosen=Chosen(nothing, DetectorFacts(kind)),
        )
        nothing.asked_us.clear()
        for n, packet in enumerate(recording):
            late = late_from is not None and n >= late_from
            stages.step(packet, recording.now_us, late=late)
            if n == 49:
                break
    return nothing.asked_us


@pytest.mark.parametrize(
    ("kind", "every_us", "gap_us"),
    [
        ("network", None, 20_000),
        ("blobs", None, 10_000),
        ("network", 10_000, 10_000),
        ("network", 50_000, 50_000),
        ("blobs", 30_000, 30_000),
    ],
)
def test_a_detector_looks_as_often_as_it_is_told_to(
    bar: Path, kind: DetectorKind, every_us: int | None, gap_us: int
) -> None:
    asked_us = looks_us(bar, kind, every_us=every_us)
    assert set(np.diff(asked_us)) == {gap_us}
    assert len(asked_us) == 500_000 // gap_us + bool(500_000 % gap_us)


@pytest.mark.parametrize(("kind", "asked"), [("network", 9), ("blobs", 50)])
def test_a_late_watch_leaves_out_what_costs_much_and_never_for_long(
    bar: Path, kind: DetectorKind, asked: int
) -> None:
    asked_us = looks_us(bar, kind, late_from=10)
    assert len(asked_us) == asked
    assert np.diff(asked_us).max() == (100_000 if kind == "network" else 10_000)

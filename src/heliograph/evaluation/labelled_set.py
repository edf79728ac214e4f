"""A detector on one labelled data set: figures by class and kind, and pictures."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.types import Box, Size
from heliograph.evaluation.average_precision import Figures, figures_of
from heliograph.evaluation.cameras import cameras_of
from heliograph.evaluation.matching import ANY, Judged, intersection_over_union
from heliograph.evaluation.pictures import Moment
from heliograph.evaluation.replay import Feed, Replay
from heliograph.evaluation.subject import Subject
from heliograph.labelled import ClassMap, Judging, LabelledWindow, open_labelled
from heliograph.labelled.boxes import EVERY_LABEL

MOMENTS_MAX = 9
"""How many windows of each kind a data set shows."""
OVERLAP_MIN = 0.5
RESAMPLES = 500
US_PER_S = 1e6

EVERY_SENSOR = "all"

Progress = Callable[[int], None]
"""Told how many windows are done."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """What is to be judged on: labels at *path*, called *name* in the report."""

    name: str
    path: Path
    history_us: int
    every_us: int | None = None
    classes: ClassMap | None = None
    size: Size | None = None
    judging: Judging = EVERY_LABEL


@dataclass(frozen=True, slots=True)
class SetFigures:
    """What was measured on a data set, by sensor: its geometry says which.

    Where there is more than one, `EVERY_SENSOR` stands for all of them. `by_camera` has
    the same by how the camera moved, where an index of the recordings says it.
    *shown* are windows drawn at random, *failed* those with the most boxes missed or
    made up.
    """

    name: str
    by_sensor: dict[str, Figures]
    by_camera: dict[str, Figures]
    windows: int
    sources: int
    shown: tuple[Moment, ...]
    failed: tuple[Moment, ...]


def judge_set(
    given: LabelledSet,
    subject: Subject,
    filters: FilterSettings,
    *,
    resamples: int = RESAMPLES,
    seed: int = 1,
    progress: Progress | None = None,
) -> SetFigures:
    """Run *subject* over all windows of *given* and return what came of it.

    Raises as `open_labelled` does.
    """
    sensors: defaultdict[str, list[Judged]] = defaultdict(list)
    motions: defaultdict[str, list[Judged]] = defaultdict(list)
    cameras = cameras_of(given.path)
    album = _Album(seed)
    replay = Replay(subject.make, filters)
    count = 0
    for window in _windows(given):
        found, feed = replay.at(window)
        judged = Judged(window.source, window.boxes, window.ignored, tuple(found))
        sensors[f"{window.size.width}x{window.size.height}"].append(judged)
        if motion := cameras.get(Path(window.source).name):
            motions[motion].append(judged)
        album.show(window, tuple(found), feed)
        count += 1
        if progress is not None:
            progress(count)

    def figures(groups: dict[str, list[Judged]]) -> dict[str, Figures]:
        labels = (*subject.labels, ANY)
        return {
            group: figures_of(judged, labels, resamples=resamples, seed=seed)
            for group, judged in groups.items()
        }

    return SetFigures(
        given.name,
        figures(_by_sensor(sensors)),
        figures(dict(sorted(motions.items()))),
        count,
        len({one.source for judged in sensors.values() for one in judged}),
        album.shown(),
        album.failed(),
    )


def _by_sensor(windows: dict[str, list[Judged]]) -> dict[str, list[Judged]]:
    """Return the windows of each sensor, and before them those of all sensors."""
    if len(windows) < 2:  # noqa: PLR2004 - one sensor is all of them
        return windows
    together = [one for judged in windows.values() for one in judged]
    return {EVERY_SENSOR: together, **dict(sorted(windows.items()))}


def _windows(given: LabelledSet) -> Iterator[LabelledWindow]:
    return open_labelled(
        given.path,
        history_us=given.history_us,
        every_us=given.every_us,
        classes=given.classes,
        size=given.size,
        judging=given.judging,
    )


def mistakes(window: LabelledWindow, found: tuple[Box, ...]) -> int:
    """Return how many things were missed, and how many were made up."""
    sure = [box for box in found if not box.is_weak]
    there = (*window.boxes, *window.ignored)
    missed = sum(not _meets(box, sure) for box in window.boxes)
    return missed + sum(not _meets(box, there) for box in sure)


def _meets(box: Box, others: tuple[Box, ...] | list[Box]) -> bool:
    return any(intersection_over_union(box, one) >= OVERLAP_MIN for one in others)


class _Album:
    """Keeps some windows at random, the same by seed, and the worst ones."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._seen = 0
        self._shown: dict[int, tuple[int, Moment]] = {}
        self._failed: dict[str, tuple[int, int, Moment]] = {}

    def show(self, window: LabelledWindow, found: tuple[Box, ...], feed: Feed) -> None:
        """Look at one window."""
        self._seen += 1
        place = (
            len(self._shown)
            if len(self._shown) < MOMENTS_MAX
            else int(self._rng.integers(self._seen))
        )
        wrong = mistakes(window, found)
        is_bad = self._is_bad(window.source, wrong)
        if place >= MOMENTS_MAX and not is_bad:
            return
        moment = _moment(window, found, feed)
        if place < MOMENTS_MAX:
            self._shown[place] = (self._seen, moment)
        if is_bad:
            self._failed[window.source] = (wrong, -self._seen, moment)
            if len(self._failed) > MOMENTS_MAX:
                del self._failed[min(self._failed, key=self._wrong)]

    def shown(self) -> tuple[Moment, ...]:
        """Return windows at random, in their order."""
        ordered = sorted(self._shown.values(), key=lambda one: one[0])
        return tuple(moment for _, moment in ordered)

    def failed(self) -> tuple[Moment, ...]:
        """Return the worst window of each of the worst recordings, worst first."""
        ordered = sorted(self._failed, key=self._wrong, reverse=True)
        return tuple(self._failed[source][2] for source in ordered)

    def _is_bad(self, source: str, wrong: int) -> bool:
        """Say whether a window of *source* with so much *wrong* is among the worst."""
        if source in self._failed:
            return wrong > self._failed[source][0]
        if len(self._failed) < MOMENTS_MAX:
            return wrong > 0
        return wrong > min(one[0] for one in self._failed.values())

    def _wrong(self, source: str) -> tuple[int, int]:
        return self._failed[source][:2]


def _moment(window: LabelledWindow, found: tuple[Box, ...], feed: Feed) -> Moment:
    events = window.events
    span_us = int(events["t"][-1] - events["t"][0]) + 1 if len(events) else 1
    return Moment(
        Path(window.source).name,
        window.size,
        feed.picture(window.t_us + 1),
        (window.t_us - feed.begin_us) / US_PER_S,
        len(events) * US_PER_S / span_us,
        found,
        window.boxes,
        window.ignored,
    )

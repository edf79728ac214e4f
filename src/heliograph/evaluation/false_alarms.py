"""What a detector finds where nothing is: boxes and confirmed tracks a minute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from heliograph import camera
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box
from heliograph.evaluation.replay import SLICE_US, Feed
from heliograph.evaluation.subject import Subject

US_PER_S = 1e6
S_PER_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording, in seconds since its begin."""

    begin_s: float = 0.0
    end_s: float = inf


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What was found in *seconds* of a recording in which nothing is.

    *boxes* are counted at every 10 ms; *windows* are those that had at least one.
    *tracks* are those that began there and were confirmed.
    """

    seconds: float
    boxes: int
    windows: int
    tracks: int

    @property
    def boxes_per_minute(self) -> float:
        """How many boxes a minute of nothing has."""
        return self._per_minute(self.boxes)

    @property
    def tracks_per_minute(self) -> float:
        """How many tracks, each of which may be captioned."""
        return self._per_minute(self.tracks)

    def _per_minute(self, count: int) -> float:
        return count * S_PER_MINUTE / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A window that ended at `now_us`, `at_s` after the begin, and what was *found*."""

    now_us: int
    at_s: float
    events: int
    found: Sequence[Box]
    feed: Feed


def count_false_alarms(
    path: Path,
    subject: Subject,
    filters: FilterSettings,
    *,
    empty: Sequence[Stretch] = (Stretch(),),
    look: Callable[[Seen], None] | None = None,
) -> FalseAlarms:
    """Watch the recording at *path* and count what is found in its *empty* stretches.

    All of it is watched, so that what a thing leaves behind is counted too. A box that
    is weak counts only by the track that it keeps. *look* is told of each window.
    Raises as `camera.open` does.
    """
    windows = boxes = alarmed = 0
    tracks: set[int] = set()
    with camera.open(path, SLICE_US) as recording:
        feed = Feed(recording.size, subject.make_sure(recording.size), filters)
        tracker = Tracker(recording.size, TrackerSettings(parts=subject.parts))
        begin_us = recording.begin_us
        for packet in recording:
            now_us = recording.now_us
            feed.step(packet)
            found = feed.found(now_us)
            now = tracker.update(found, now_us)
            if look is not None:
                at_s = (now_us - begin_us) / US_PER_S
                look(Seen(now_us, at_s, len(packet), found, feed))
            if not _within(now_us - SLICE_US - begin_us, empty):
                continue
            sure = [box for box in found if not box.is_weak]
            windows += 1
            boxes += len(sure)
            alarmed += bool(sure)
            tracks.update(
                track.id
                for track in now
                if track.state != "tentative"
                and _within(track.first_us - SLICE_US - begin_us, empty)
            )
    seconds = windows * SLICE_US / US_PER_S
    return FalseAlarms(seconds, boxes, alarmed, len(tracks))


def _within(t_us: int, stretches: Sequence[Stretch]) -> bool:
    return any(one.begin_s <= t_us / US_PER_S < one.end_s for one in stretches)

"""A detector on recordings without labels: what it finds where, counted and shown."""

from dataclasses import dataclass
from pathlib import Path

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.evaluation.false_alarms import (
    FalseAlarms,
    Seen,
    Stretch,
    count_false_alarms,
)
from heliograph.evaluation.pictures import Moment
from heliograph.evaluation.replay import SLICE_US
from heliograph.evaluation.subject import Subject

US_PER_S = 1e6
MOMENTS_MAX = 18
"""At least half as many are kept of a long recording."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """A recording called *name* in the report; in its *empty* parts nothing moves."""

    name: str
    path: Path
    empty: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class SceneryFigures:
    """What was found; *false_alarms* is None where no part is known to be empty."""

    name: str
    empty: tuple[Stretch, ...]
    false_alarms: FalseAlarms | None
    moments: tuple[Moment, ...]


def judge_scenery(
    given: Scenery, subject: Subject, filters: FilterSettings
) -> SceneryFigures:
    """Watch *given* once, and keep moments at even distances to be shown."""
    reel = _Reel(given.path.name)
    alarms = count_false_alarms(
        given.path, subject, filters, empty=given.empty, look=reel.look
    )
    return SceneryFigures(
        given.name,
        given.empty,
        alarms if given.empty else None,
        tuple(reel.moments),
    )


class _Reel:
    """Keeps every so many windows; twice as many where it would become too long."""

    def __init__(self, name: str) -> None:
        self.moments: list[Moment] = []
        self._name = name
        self._every = 1
        self._seen = 0

    def look(self, seen: Seen) -> None:
        """Take in one window."""
        self._seen += 1
        if self._seen % self._every and self._seen > 1:
            return
        if len(self.moments) == MOMENTS_MAX:
            # Every other from the second on: those are at even multiples.
            self.moments = self.moments[1::2]
            self._every *= 2
            if self._seen % self._every:
                return
        self.moments.append(
            Moment(
                self._name,
                seen.feed.size,
                seen.feed.picture(seen.now_us),
                seen.at_s,
                seen.events * US_PER_S / SLICE_US,
                tuple(seen.found),
            )
        )

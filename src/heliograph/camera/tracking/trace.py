"""One track in the making: its filters and its history."""

import math
from dataclasses import replace

from heliograph.camera.tracking.affinity import affinity
from heliograph.camera.tracking.kalman import Axis
from heliograph.camera.tracking.parts import (
    around,
    grown,
    is_in_column,
    shared_shift,
    shift_inside,
)
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.types import Box, TrackState

SEARCH_SHARE = 0.25
"""How far around its place a thing is looked for, in its longer side."""
UNSEEN_WEIGHT = 0.8
"""Who was just seen has the first claim to a box."""


class Trace:
    """A thing first seen as *box* at *now_us*."""

    def __init__(
        self, id_: int, box: Box, now_us: int, settings: TrackerSettings
    ) -> None:
        self.id = id_
        self.first_us = self.last_seen_us = now_us
        self.hits = 1
        self.confirmed = False
        self._settings = settings
        self._width, self._height, self._score = box.width, box.height, box.score
        self._labels = {box.label: box.score}
        self._label = box.label
        self._known_us = now_us
        self._velocity_seen = (0.0, 0.0)
        self._seen = box
        self.beside: dict[int, tuple[float, float]] = {}
        """Where it was found, right and down of each that was there already."""
        self.crossings: dict[int, bool] = {}
        self._joined_us = self._joined_at_us = 0
        self.x = self._axis(box.x + box.width / 2, box.width)
        self.y = self._axis(box.y + box.height / 2, box.height)

    def predict(self, elapsed_us: int, now_us: int) -> None:
        """Move on; what nothing is known of for a while is taken to rest."""
        drifting = now_us - self._known_us <= self._settings.drift_us
        for axis in (self.x, self.y):
            if not drifting:
                axis.rest(velocity_sigma_px_s=self._settings.velocity_sigma_px_s)
            axis.predict(elapsed_us / 1e6)

    def places(self, now_us: int) -> tuple[tuple[Box, float], ...]:
        """Return where it may be, each with how much a box there counts as this one.

        One that is not seen may be where it rests, where it was seen last, or as far
        as its way would have led behind something.
        """
        unseen_us = now_us - self._known_us
        if unseen_us <= self._settings.coast_us:
            return ((self.box(), 1.0),)
        places = [self.box(), grown(self._seen, SEARCH_SHARE)]
        if unseen_us <= self._settings.hidden_us:
            gone_s = (now_us - self.last_seen_us) / 1e6
            ahead = replace(
                self._seen,
                x=self._seen.x + self._velocity_seen[0] * gone_s,
                y=self._seen.y + self._velocity_seen[1] * gone_s,
            )
            places.append(grown(ahead, SEARCH_SHARE))
        return tuple((place, UNSEEN_WEIGHT) for place in places)

    def correct(self, box: Box, now_us: int) -> None:
        """Take in *box* as all that was seen of this track."""
        place = self.box()
        # After a pause only what is seen now is known of its size.
        elapsed_us = min(now_us - self.last_seen_us, self._settings.coast_us)
        if now_us - self._known_us > self._settings.coast_us:
            self._find(box, place)
        else:
            self._measure(*shared_shift(place, box))
        self._fit(box, elapsed_us)
        self._score = box.score
        self._labels[box.label] = self._labels.get(box.label, 0.0) + box.score
        self._label = max(self._labels, key=lambda label: self._labels[label])
        self.hits += 1
        self.crossings.clear()
        self.last_seen_us = self._known_us = now_us
        self._velocity_seen = (self.x.velocity, self.y.velocity)
        self._seen = self.box()
        self.confirmed = self.confirmed or (
            self.hits >= self._settings.hits_min
            and now_us - self.first_us >= self._settings.confirm_us
        )

    def hide(self, box: Box, now_us: int) -> None:
        """Go on within *box*, in which others are too and nobody can be told apart."""
        dx, dy = shift_inside(self.box(), box)
        self.x.position += dx
        self.y.position += dy
        self._known_us = now_us

    def is_kin(self, other: "Trace") -> bool:
        """Say whether this and *other* may be parts of one thing.

        They are above each other, and have gone the same way since both were there.
        """
        younger, older = (self, other) if self.id > other.id else (other, self)
        before = younger.beside.get(older.id)
        if before is None:
            return False
        here, there = younger.box(), older.box()
        wide, high = max(here.width, there.width), max(here.height, there.height)
        return (
            is_in_column(here, there)
            and abs(younger.x.position - older.x.position - before[0]) < wide
            and abs(younger.y.position - older.y.position - before[1]) < high
        )

    def join(self, now_us: int) -> int:
        """Note that one box held this and its kin; return for how long in all."""
        since_us = max(self._joined_at_us, self.last_seen_us)
        self._joined_us += now_us - since_us
        self._joined_at_us = now_us
        return self._joined_us

    def take_in(self, part: "Trace") -> None:
        """Become this and *part* together, under the older one's number.

        The younger one's number is *part*'s then, which ends.
        """
        if part.id < self.id:
            self.id, part.id, self.beside = part.id, self.id, part.beside
        whole = around(self.box(), part.box())
        self.x.position, self._width = whole.x + whole.width / 2, whole.width
        self.y.position, self._height = whole.y + whole.height / 2, whole.height
        self.first_us = min(self.first_us, part.first_us)
        self.confirmed = self.confirmed or part.confirmed

    def box(self) -> Box:
        """Return where it is now, by the filters, with its most frequent label."""
        return Box(
            self.x.position - self._width / 2,
            self.y.position - self._height / 2,
            self._width,
            self._height,
            label=self._label,
            score=self._score,
        )

    def state(self, now_us: int) -> TrackState:
        """Return what this track is to be believed."""
        if not self.confirmed:
            return "tentative"
        if now_us - self.last_seen_us <= self._settings.coast_us:
            return "confirmed"
        rests = now_us - self._known_us > self._settings.rest_us
        return "stationary" if rests and self.was_slow else "coasting"

    @property
    def was_slow(self) -> bool:
        """Whether it was coming to rest when it was last seen."""
        slow_px_s = max(
            self._settings.slow_px_s,
            self._settings.slow_share * max(self._width, self._height),
        )
        return math.hypot(*self._velocity_seen) <= slow_px_s

    def unseen_us(self, now_us: int) -> int:
        """Return for how long nothing has been known of it."""
        return now_us - self._known_us

    def _find(self, box: Box, place: Box) -> None:
        """Begin anew at *box*: where it went in between is not known."""
        velocity = (self.x.velocity, self.y.velocity)
        if affinity(place, box) < self._settings.affinity_min:
            velocity = self._velocity_seen
        dx, dy = shared_shift(place, box)
        self.x = self._axis(self.x.position + dx, place.width)
        self.y = self._axis(self.y.position + dy, place.height)
        self.x.velocity, self.y.velocity = velocity

    def _measure(self, dx: float, dy: float) -> None:
        for axis, shift, side in (
            (self.x, dx, self._width),
            (self.y, dy, self._height),
        ):
            axis.correct(axis.position + shift, position_sigma_px=self._sigma_px(side))

    def _fit(self, box: Box, elapsed_us: int) -> None:
        """Let each side come nearer to that of *box*: growth, and no motion."""
        place = self.box()
        for axis, begin, side, seen_begin, seen_side in (
            (self.x, place.x, place.width, box.x, box.width),
            (self.y, place.y, place.height, box.y, box.height),
        ):
            ends = seen_begin - begin + seen_begin + seen_side - begin - side
            axis.position += self._share(side, seen_side, elapsed_us) * ends / 2
        self._width += self._share(place.width, box.width, elapsed_us) * (
            box.width - place.width
        )
        self._height += self._share(place.height, box.height, elapsed_us) * (
            box.height - place.height
        )

    def _share(self, known: float, seen: float, elapsed_us: int) -> float:
        """Return how much of the way to *seen* a side goes: at once up, slowly down."""
        settings = self._settings
        tau_us = settings.grow_tau_us if seen > known else settings.shrink_tau_us
        return 1 - math.exp(-elapsed_us / tau_us)

    def _axis(self, position: float, side: float) -> Axis:
        return Axis(
            position,
            position_sigma_px=self._sigma_px(side),
            velocity_sigma_px_s=self._settings.velocity_sigma_px_s,
            acceleration_sigma_px_s2=self._settings.acceleration_sigma_px_s2,
        )

    def _sigma_px(self, side: float) -> float:
        """Say how far a measured centre is off: the more, the longer the side."""
        return (
            self._settings.position_sigma_px
            + self._settings.position_sigma_share * side
        )

"""Boxes to tracks: greedy association by overlap with where each is expected.

The idea is SORT's (Bewley et al., 2016, https://arxiv.org/abs/1602.00763) with ages in
sensor time instead of frames, and with a rule of its own for rest: a thing that stops
emits no events, so a track that is no longer seen stays where it was for seconds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from heliograph.camera.tracking.affinity import affinity, covered
from heliograph.camera.tracking.kalman import Axis
from heliograph.camera.types import Box, Size, Track, TrackState


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """When a track is believed, and how long it is kept. Times in sensor time.

    A track is confirmed with `hits_min` boxes over `confirm_us`, coasts when unseen
    for `coast_us`, drifts on for `drift_us`, rests there, and ends after `hold_us`.
    One never confirmed ends after `tentative_us` unseen. A box belongs to a track
    from `affinity_min` on; one that a track covers by `part_min` founds no other, and
    a track unseen for `absorb_us` and so covered was a part and ends too. One last
    seen within `edge_px` of the sensor's edge has left when unseen for `edge_us`.
    At most `tracks_max` live at a time; the surplus of boxes is left out. A measured
    centre is taken to be off by `position_sigma_px` plus a share of the box's side.
    """

    hits_min: int = 8
    confirm_us: int = 200_000
    coast_us: int = 100_000
    drift_us: int = 250_000
    hold_us: int = 4_000_000
    tentative_us: int = 120_000
    absorb_us: int = 1_000_000
    edge_us: int = 1_000_000
    edge_px: float = 8.0
    affinity_min: float = 0.15
    part_min: float = 0.6
    tracks_max: int = 64
    size_tau_us: int = 60_000
    position_sigma_px: float = 8.0
    position_sigma_share: float = 0.2
    velocity_sigma_px_s: float = 200.0
    acceleration_sigma_px_s2: float = 400.0


class Tracker:
    """Tracks on a sensor of *size*. The same boxes give the same tracks and ids.

    `ended` are the tracks that the last `update` ended, confirmed ones only: held too
    long, gone over the edge, or found to be a part of another.
    """

    def __init__(self, size: Size, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self.ended: tuple[Track, ...] = ()
        self._size = size
        self._traces: list[_Trace] = []
        self._now_us: int | None = None
        self._next_id = 1

    def update(self, boxes: Sequence[Box], now_us: int) -> tuple[Track, ...]:
        """Take in the *boxes* of *now_us*; return all tracks, oldest first.

        Raises `ValueError` where *now_us* is before the last one.
        """
        elapsed_us = 0 if self._now_us is None else now_us - self._now_us
        if elapsed_us < 0:
            raise ValueError(f"time went back by {-elapsed_us} us to {now_us} us")
        self._now_us = now_us
        for trace in self._traces:
            trace.predict(elapsed_us, now_us)
        for box in self._associate(boxes, now_us):
            self._found(box, now_us)
        self._end(now_us)
        return tuple(self._track(trace, now_us) for trace in self._traces)

    def _associate(self, boxes: Sequence[Box], now_us: int) -> Iterable[Box]:
        """Give each trace its best box; return the boxes that belong to none."""
        expected = [trace.box() for trace in self._traces]
        pairs = sorted(
            (-likeness, row, column)
            for row, place in enumerate(expected)
            for column, box in enumerate(boxes)
            if (likeness := affinity(place, box)) >= self.settings.affinity_min
        )
        rows: set[int] = set()
        columns: set[int] = set()
        for _, row, column in pairs:
            if row not in rows and column not in columns:
                rows.add(row)
                columns.add(column)
                self._traces[row].correct(boxes[column], now_us)
        return [box for column, box in enumerate(boxes) if column not in columns]

    def _found(self, box: Box, now_us: int) -> None:
        """Begin a trace with *box*, unless it is a part of one that was just seen."""
        if (
            not self._is_part(box, now_us)
            and len(self._traces) < self.settings.tracks_max
        ):
            self._traces.append(_Trace(self._next_id, box, now_us, self.settings))
            self._next_id += 1

    def _is_part(self, box: Box, now_us: int) -> bool:
        """Say whether a track just seen covers *box* and is larger."""
        return any(
            trace.last_seen_us == now_us
            and (place := trace.box()).area > box.area
            and covered(place, box) >= self.settings.part_min
            for trace in self._traces
        )

    def _end(self, now_us: int) -> None:
        over = [trace for trace in self._traces if self._is_over(trace, now_us)]
        self.ended = tuple(
            self._track(trace, now_us) for trace in over if trace.confirmed
        )
        self._traces = [trace for trace in self._traces if trace not in over]

    def _is_over(self, trace: "_Trace", now_us: int) -> bool:
        unseen_us = now_us - trace.last_seen_us
        if not trace.confirmed:
            return unseen_us > self.settings.tentative_us
        box = trace.box()
        return (
            unseen_us > self.settings.hold_us
            or (unseen_us > 0 and self._is_outside(box))
            or (unseen_us > self.settings.edge_us and self._is_at_edge(box))
            or (unseen_us > self.settings.absorb_us and self._is_part(box, now_us))
        )

    def _is_outside(self, box: Box) -> bool:
        """Say whether the centre of *box* is beyond the sensor."""
        x, y = box.x + box.width / 2, box.y + box.height / 2
        return not (0 <= x < self._size.width and 0 <= y < self._size.height)

    def _is_at_edge(self, box: Box) -> bool:
        near = self.settings.edge_px
        return (
            min(box.x, box.y) < near
            or box.x + box.width > self._size.width - near
            or box.y + box.height > self._size.height - near
        )

    def _track(self, trace: "_Trace", now_us: int) -> Track:
        return Track(
            id=trace.id,
            box=_inside(trace.box(), self._size),
            state=trace.state(now_us),
            first_us=trace.first_us,
            last_seen_us=trace.last_seen_us,
            hits=trace.hits,
            velocity_x_px_s=trace.x.velocity,
            velocity_y_px_s=trace.y.velocity,
        )


class _Trace:
    """One track in the making: its filters and its history."""

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
        self.x = self._axis(box.x + box.width / 2, box.width)
        self.y = self._axis(box.y + box.height / 2, box.height)

    def predict(self, elapsed_us: int, now_us: int) -> None:
        """Move on; what was not seen for a while is taken to rest."""
        drifting = now_us - self.last_seen_us <= self._settings.drift_us
        for axis in (self.x, self.y):
            if not drifting:
                axis.rest(velocity_sigma_px_s=self._settings.velocity_sigma_px_s)
            axis.predict(elapsed_us / 1e6)

    def correct(self, box: Box, now_us: int) -> None:
        """Take in *box* as this track's."""
        keep = math.exp((self.last_seen_us - now_us) / self._settings.size_tau_us)
        self._width += (box.width - self._width) * (1 - keep)
        self._height += (box.height - self._height) * (1 - keep)
        self._score = box.score
        self._labels[box.label] = self._labels.get(box.label, 0.0) + box.score
        self.x.correct(
            box.x + box.width / 2, position_sigma_px=self._sigma_px(box.width)
        )
        self.y.correct(
            box.y + box.height / 2, position_sigma_px=self._sigma_px(box.height)
        )
        self.hits += 1
        self.last_seen_us = now_us
        self.confirmed = self.confirmed or (
            self.hits >= self._settings.hits_min
            and now_us - self.first_us >= self._settings.confirm_us
        )

    def box(self) -> Box:
        """Return where it is now, by the filters, with its most frequent label."""
        return Box(
            self.x.position - self._width / 2,
            self.y.position - self._height / 2,
            self._width,
            self._height,
            label=max(self._labels, key=lambda label: self._labels[label]),
            score=self._score,
        )

    def state(self, now_us: int) -> TrackState:
        """Return what this track is to be believed."""
        if not self.confirmed:
            return "tentative"
        coasting = now_us - self.last_seen_us > self._settings.coast_us
        return "coasting" if coasting else "confirmed"

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


def _inside(box: Box, size: Size) -> Box:
    """Cut *box* to the sensor."""
    x, y = min(max(box.x, 0.0), size.width), min(max(box.y, 0.0), size.height)
    right = min(max(box.x + box.width, x), size.width)
    bottom = min(max(box.y + box.height, y), size.height)
    return replace(box, x=x, y=y, width=right - x, height=bottom - y)

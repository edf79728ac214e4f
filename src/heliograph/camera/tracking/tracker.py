"""Boxes to tracks: greedy association by overlap with where each is expected.

The idea is SORT's (Bewley et al., 2016, https://arxiv.org/abs/1602.00763) with ages in
sensor time instead of frames, and with rules of its own for what events do not show: a
thing that stops emits none, so a track that is no longer seen stays where it was; parts
of a thing rest while others move; and two that pass each other are one box for a while.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from heliograph.camera.tracking.affinity import affinity, covered, overlap
from heliograph.camera.tracking.parts import around, is_part
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.trace import Trace
from heliograph.camera.types import Box, Size, Track


class Tracker:
    """Tracks on a sensor of *size*. The same boxes give the same tracks and ids.

    `ended` are the tracks that the last `update` ended, confirmed ones only: held too
    long, gone over the edge, or found to be a part of another.
    """

    def __init__(self, size: Size, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self.ended: tuple[Track, ...] = ()
        self._size = size
        self._traces: list[Trace] = []
        self._over: list[Trace] = []
        self._now_us: int | None = None
        self._next_id = 1

    def update(self, boxes: Sequence[Box], now_us: int) -> tuple[Track, ...]:
        """Take in the *boxes* of *now_us*; return all tracks, oldest first.

        Boxes that are weak go to confirmed tracks that are not lost and have no other
        box, as ByteTrack does it (Zhang et al., ECCV 2022, https://arxiv.org/abs/2110.06864).
        Raises `ValueError` where *now_us* is before the last one.
        """
        elapsed_us = 0 if self._now_us is None else now_us - self._now_us
        if elapsed_us < 0:
            raise ValueError(f"time went back by {-elapsed_us} us to {now_us} us")
        self._now_us = now_us
        for trace in self._traces:
            trace.predict(elapsed_us, now_us)
        sure = [box for box in boxes if not box.is_weak]
        owners = self._owners(self._traces, sure, now_us)
        left = [box for column, box in enumerate(sure) if column not in owners]
        seen = set(map(id, owners.values()))
        others = [trace for trace in self._traces if id(trace) not in seen]
        if len(sure) < len(boxes):
            self._keep([box for box in boxes if box.is_weak], others, now_us)
        for column, owner in owners.items():
            self._saw(owner, sure[column], left, others, now_us)
        for box in left:
            self._found(box, now_us)
        self._end(now_us)
        return tuple(self._track(trace, now_us) for trace in self._traces)

    def _keep(self, weak: Sequence[Box], others: list[Trace], now_us: int) -> None:
        """Give *weak* boxes to confirmed ones of *others* that were seen just now."""
        coast_us = self.settings.coast_us
        unseen = [
            trace
            for trace in others
            if trace.confirmed and trace.unseen_us(now_us) <= coast_us
        ]
        for column, owner in self._owners(unseen, weak, now_us).items():
            owner.correct(weak[column], now_us)
            others.remove(owner)

    def _owners(
        self, traces: Sequence[Trace], boxes: Sequence[Box], now_us: int
    ) -> dict[int, Trace]:
        """Return whose each box is, by its place in *boxes*: the best first."""
        pairs = sorted(
            (-likeness, row, column)
            for row, trace in enumerate(traces)
            for column, likeness in _alike(trace.places(now_us), boxes)
            if likeness >= self.settings.affinity_min
        )
        rows: set[int] = set()
        owners: dict[int, Trace] = {}
        for _, row, column in pairs:
            if row not in rows and column not in owners:
                rows.add(row)
                owners[column] = traces[row]
        return owners

    def _saw(
        self, owner: Trace, box: Box, left: list[Box], others: list[Trace], now_us: int
    ) -> None:
        """Give *box* to its *owner*, and what is *left* and a part of it.

        Where it holds one of *others* that goes another way, both are only somewhere
        in it.
        """
        within = [trace for trace in others if self._is_within(trace, box)]
        if not self.settings.parts:
            within = [one for one in within if self._may_share(one, box, now_us)]
        crossing = [trace for trace in within if self._is_crossing(trace, owner)]
        if crossing:
            for trace in (owner, *crossing):
                trace.hide(box, now_us)
            return
        if not self.settings.parts:
            owner.correct(box, now_us)
            return
        for trace in within:
            if trace.is_kin(owner) and trace.join(now_us) >= self.settings.join_us:
                self._absorb(trace, owner)
                # A thing is a part of one other, or two would bear its number.
                others.remove(trace)
        place = owner.box()
        for other in [one for one in left if self._is_part(place, box, one)]:
            left.remove(other)
            box = around(box, other)
        owner.correct(box, now_us)

    def _is_part(self, place: Box, box: Box, other: Box) -> bool:
        return any(
            is_part(
                whole,
                other,
                part_min=self.settings.part_min,
                gap_share=self.settings.gap_share,
            )
            for whole in (place, box)
        )

    def _is_within(self, trace: Trace, box: Box) -> bool:
        place = trace.box()
        return (
            place.area > 0
            and overlap(place, box) >= self.settings.part_min * place.area
        )

    def _may_share(self, trace: Trace, box: Box, now_us: int) -> bool:
        """Say whether *box*, drawn around a whole thing, may be of *trace* as well.

        Of what rests, or is of another class, it is not: it is drawn around one thing.
        """
        is_here = trace.unseen_us(now_us) <= self.settings.coast_us
        return is_here and trace.box().label == box.label

    def _is_crossing(self, trace: Trace, owner: Trace) -> bool:
        """Say whether both were whole things that passed each other when they met.

        What one box does to their speeds is no news, so the first word on it stands
        until *trace* is seen again.
        """
        if owner.id not in trace.crossings:
            apart_px_s = math.hypot(
                trace.x.velocity - owner.x.velocity, trace.y.velocity - owner.y.velocity
            )
            trace.crossings[owner.id] = (
                trace.confirmed
                and owner.confirmed
                and not trace.is_kin(owner)
                and apart_px_s >= self.settings.crossing_px_s
            )
        return trace.crossings[owner.id]

    def _absorb(self, trace: Trace, owner: Trace) -> None:
        """End what was a part of *owner* all along; the older one's number stays."""
        owner.take_in(trace)
        self._over.append(trace)

    def _found(self, box: Box, now_us: int) -> None:
        """Begin a trace with *box*, unless it is a part of one that was just seen."""
        if not self._is_covered(box, now_us) and self._has_room(now_us):
            trace = Trace(self._next_id, box, now_us, self.settings)
            trace.beside = {
                other.id: (
                    trace.x.position - other.x.position,
                    trace.y.position - other.y.position,
                )
                for other in self._traces
            }
            self._traces.append(trace)
            self._next_id += 1

    def _has_room(self, now_us: int) -> bool:
        """Say whether one more may live; whoever rests longest gives way to it."""
        living = [trace for trace in self._traces if trace not in self._over]
        if len(living) < self.settings.tracks_max:
            return True
        longest = max(living, key=lambda trace: trace.unseen_us(now_us))
        if longest.unseen_us(now_us) <= self.settings.coast_us:
            return False
        self._over.append(longest)
        return True

    def _is_covered(self, box: Box, now_us: int) -> bool:
        """Say whether a track just seen covers *box* and is larger.

        Where boxes are no parts, only one of its label can, and must nearly wholly.
        """
        settings = self.settings
        share_min = settings.part_min if settings.parts else settings.inside_min
        return any(
            trace.unseen_us(now_us) == 0
            and (place := trace.box()).area > box.area
            and covered(place, box) >= share_min
            and (settings.parts or place.label == box.label)
            for trace in self._traces
        )

    def _end(self, now_us: int) -> None:
        over = [
            trace
            for trace in self._traces
            if trace in self._over or self._is_over(trace, now_us)
        ]
        self._over.clear()
        self.ended = tuple(
            self._track(trace, now_us) for trace in over if trace.confirmed
        )
        self._traces = [trace for trace in self._traces if trace not in over]
        # One that took in an older one has its number now.
        self._traces.sort(key=lambda trace: trace.id)

    def _is_over(self, trace: Trace, now_us: int) -> bool:
        unseen_us, settings = trace.unseen_us(now_us), self.settings
        if not trace.confirmed:
            return unseen_us > settings.tentative_us
        box = trace.box()
        hold_us = settings.stationary_us if trace.was_slow else settings.hold_us
        return (
            unseen_us > hold_us
            or (unseen_us > 0 and self._is_outside(box))
            or (unseen_us > settings.edge_us and self._is_at_edge(box))
            or (
                settings.parts
                and unseen_us > settings.absorb_us
                and self._is_covered(box, now_us)
            )
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

    def _track(self, trace: Trace, now_us: int) -> Track:
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


def _alike(
    places: Sequence[tuple[Box, float]], boxes: Sequence[Box]
) -> Iterator[tuple[int, float]]:
    """Yield how likely each of *boxes* is what may be at *places*, if it is at all."""
    for column, box in enumerate(boxes):
        # Most boxes of a crowd are elsewhere: that is known by four comparisons.
        near = [
            weight * affinity(place, box)
            for place, weight in places
            if place.x < box.x + box.width
            and box.x < place.x + place.width
            and place.y < box.y + box.height
            and box.y < place.y + place.height
        ]
        if near:
            yield column, max(near)


def _inside(box: Box, size: Size) -> Box:
    """Cut *box* to the sensor."""
    x, y = min(max(box.x, 0.0), size.width), min(max(box.y, 0.0), size.height)
    right = min(max(box.x + box.width, x), size.width)
    bottom = min(max(box.y + box.height, y), size.height)
    return replace(box, x=x, y=y, width=right - x, height=bottom - y)

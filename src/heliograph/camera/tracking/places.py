"""Zones and lines of a scene: who is in, for how long, and who went over.

A thing is where it stands: in the middle of the lower edge of its box. Positions are
shares of the picture's width and height, so that one config serves any sensor. Time
comes in with the tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal

from heliograph.camera.config.places import Line, Point, Zone
from heliograph.camera.types import PlaceEvent, Size, Track

SURE = 0.01
"""How far from a line a thing must be to be on one side of it, in picture widths."""
LAST = 1.0 - 1e-9
"""What is cut off by the picture's lower edge still stands within it."""


@dataclass(slots=True)
class _Stay:
    """A track and one zone: since when it is in or out, and what was told of it."""

    changed_us: int
    inside: bool = False
    told_in: bool = False
    told_dwell: bool = False
    since_us: int = 0


@dataclass(slots=True)
class _Side:
    """A track and one line: where it was last for sure."""

    sign: int
    foot: Point


@dataclass(frozen=True, slots=True)
class Presence:
    """A track is in *zone* since `since_us`."""

    zone: Zone
    since_us: int


class Places:
    """What believed tracks do in *zones* and on *lines* of a sensor of *size*."""

    def __init__(
        self, size: Size, zones: Sequence[Zone] = (), lines: Sequence[Line] = ()
    ) -> None:
        self._size = size
        self._zones = tuple(zones)
        self._lines = tuple(lines)
        self._stays: dict[tuple[int, str], _Stay] = {}
        self._sides: dict[tuple[int, str], _Side] = {}

    def update(self, tracks: Sequence[Track], now_us: int) -> tuple[PlaceEvent, ...]:
        """Return what happened since the last time; who ended has left its zones."""
        events: list[PlaceEvent] = []
        if not self._zones and not self._lines:
            return ()
        for track in tracks:
            if track.state == "tentative":
                continue
            foot = self.foot(track)
            for zone in self._zones:
                events += self._stand(track, zone, foot, now_us)
            for line in self._lines:
                if _is_for(line, track):
                    events += self._pass(track, line, foot, now_us)
        return (*events, *self._forget({track.id for track in tracks}, now_us))

    def of(self, track_id: int) -> tuple[Presence, ...]:
        """Return the zones that the track is in, in the order of the config."""
        return tuple(
            Presence(zone, stay.since_us)
            for zone in self._zones
            if (stay := self._stays.get((track_id, zone.id))) and stay.told_in
        )

    def foot(self, track: Track) -> Point:
        """Return where *track* stands, as shares of width and height."""
        box = track.box
        x = (box.x + box.width / 2) / self._size.width
        y = (box.y + box.height) / self._size.height
        return min(x, LAST), min(y, LAST)

    def _stand(
        self, track: Track, zone: Zone, foot: Point, now_us: int
    ) -> list[PlaceEvent]:
        stay = self._stays.setdefault((track.id, zone.id), _Stay(now_us))
        inside = _is_for(zone, track) and is_inside(zone.polygon, foot)
        if inside != stay.inside:
            stay.inside, stay.changed_us = inside, now_us
        events: list[PlaceEvent] = []
        # Whoever wavers on the edge is neither in nor out for a while.
        settled = now_us - stay.changed_us >= zone.inertia_us
        if settled and stay.inside and not stay.told_in:
            stay.told_in, stay.told_dwell = True, False
            stay.since_us = stay.changed_us
            events.append(PlaceEvent("enter", zone.id, track.id, now_us))
        elif settled and not stay.inside and stay.told_in:
            stay.told_in = False
            events.append(PlaceEvent("exit", zone.id, track.id, now_us))
        if (
            stay.told_in
            and not stay.told_dwell
            and zone.dwell_us is not None
            and now_us - stay.since_us >= zone.dwell_us
        ):
            stay.told_dwell = True
            events.append(PlaceEvent("dwell", zone.id, track.id, now_us))
        return events

    def _pass(
        self, track: Track, line: Line, foot: Point, now_us: int
    ) -> list[PlaceEvent]:
        away = _side_of(line, foot, self._size)
        if abs(away) < SURE:
            return []
        sign = 1 if away > 0 else -1
        before = self._sides.get((track.id, line.id))
        self._sides[track.id, line.id] = _Side(sign, foot)
        if before is None or before.sign == sign:
            return []
        if not _meet(line.begin, line.end, before.foot, foot):
            return []  # it went around the end
        way: Literal["forward", "back"] = "forward" if sign > 0 else "back"
        if line.way not in {"both", way}:
            return []
        return [PlaceEvent("cross", line.id, track.id, now_us, way=way)]

    def _forget(self, alive: set[int], now_us: int) -> list[PlaceEvent]:
        gone = [key for key in self._stays if key[0] not in alive]
        left = [
            PlaceEvent("exit", zone_id, track_id, now_us)
            for track_id, zone_id in gone
            if self._stays[track_id, zone_id].told_in
        ]
        for key in gone:
            del self._stays[key]
        for key in [key for key in self._sides if key[0] not in alive]:
            del self._sides[key]
        return left


def _is_for(place: Zone | Line, track: Track) -> bool:
    """Say whether *place* is for things that are called as *track* is."""
    return not place.labels or track.box.label in place.labels


def is_inside(polygon: Sequence[Point], point: Point) -> bool:
    """Say whether *point* is in *polygon*: a ray from it passes an odd number of sides.

    https://wrfranklin.org/Research/Short_Notes/pnpoly.html
    """
    x, y = point
    inside = False
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return twice the area of the triangle; positive when it turns to the right."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _side_of(line: Line, point: Point, size: Size) -> float:
    """Return how far right of *line* *point* is, seen from its begin, in widths."""
    tall = size.height / size.width
    begin, end, at = ((x, y * tall) for x, y in (line.begin, line.end, point))
    length = hypot(end[0] - begin[0], end[1] - begin[1])
    return _turn(begin, end, at) / length


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Say whether the way from *c* to *d* passes between *a* and *b*."""
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0

"""The `zones` and `lines` sections: places of a scene, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from heliograph.camera.config.knobs import US_PER_S, Knob, read_knobs
from heliograph.yaml_reading.document import Entry, MappingNode, Node, SequenceNode
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_short_name
from heliograph.yaml_reading.ranges import Range, counts, seconds
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_number,
    read_table,
    read_text,
    shown,
)

Point: TypeAlias = tuple[float, float]
Way = Literal["both", "forward", "back"]
WAYS: tuple[Way, ...] = ("both", "forward", "back")
ZoneKind = Literal["enter", "exit", "dwell"]
ZONE_KINDS: tuple[ZoneKind, ...] = ("enter", "exit", "dwell")
CORNERS_MIN = 3
CORNERS_MAX = 100
SHARE = Range(0, 1)
INERTIA_S = Range(0, 60, "seconds", above=True, zero=True)
POINT = "a point such as [0.25, 0.5]"
CORNERS = f"a list of {CORNERS_MIN} to {CORNERS_MAX} points such as [0.25, 0.5]"


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the picture; *polygon* in shares of its width and height.

    A track is in or out once it was for `inertia_us`, and dwells after `dwell_us`, or
    never where that is None; only tracks that are called one of *labels* are, or all
    where there are none. Captions are asked for on the events in `ask_on`, the
    higher *priority* first, and never for what is in places of priority 0 alone.
    `name` is what people and models are told.
    """

    id: str
    name: str
    polygon: tuple[Point, ...]
    inertia_us: int = 100_000
    dwell_us: int | None = None
    ask_on: tuple[ZoneKind, ...] = ("enter", "dwell")
    priority: int = 1
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the way; *forward* is to the right, looking from *begin* to *end*.

    `forward` and `back` say what those who go over it do; `labels` are a zone's.
    """

    id: str
    name: str
    begin: Point
    end: Point
    way: Way = "both"
    forward: str = "crosses"
    back: str = "crosses back over"
    priority: int = 1
    labels: tuple[str, ...] = ()


ZONE_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "inertia_s": Knob("inertia_us", INERTIA_S, US_PER_S),
        "dwell_s": Knob("dwell_us", seconds(86_400), US_PER_S),
        "priority": Knob("priority", counts(0, 9)),
    }
)
ZONE_KEYS = ("name", "polygon", "ask_on", "labels", *ZONE_KNOBS)
LINE_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"priority": Knob("priority", counts(0, 9))}
)
LINE_TEXTS = ("name", "forward", "back")
LINE_KEYS = (*LINE_TEXTS, "from", "to", "way", "labels", *LINE_KNOBS)


def read_zones(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the zones that are good, in their order."""
    zones = [_read_zone(reading, *one) for one in _places(reading, node, key, "zone")]
    return {"zones": tuple(zone for zone in zones if zone is not None)}


def read_lines(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the lines that are good, in their order."""
    lines = [_read_line(reading, *one) for one in _places(reading, node, key, "line")]
    return {"lines": tuple(line for line in lines if line is not None)}


def _places(
    reading: Reading, node: Node, key: str, what: str
) -> list[tuple[str, MappingNode, str]]:
    """Return id, table and key of each place."""
    table = read_table(reading, node, key, what=f"a table of {what}s by their ids")
    found = []
    for id_, entry in table.entries.items() if table else ():
        if not is_short_name(id_):
            message = f"{shown(id_)} cannot be a {what}'s id"
            reading.report(entry.key, key, message, fix=SHORT_NAME_FIX)
            continue
        where = f"{key}.{id_}"
        place = read_table(reading, entry.value, where, what=f"a table of the {what}")
        if place is not None:
            found.append((id_, place, where))
    return found


def _read_zone(reading: Reading, id_: str, table: MappingNode, key: str) -> Zone | None:
    found: dict[str, Any] = read_knobs(
        reading,
        table,
        key,
        what="a table of the zone",
        knobs=ZONE_KNOBS,
        also=("name", "polygon", "ask_on", "labels"),
    )
    found |= _texts(reading, table, key, ("name",)) | _labels(reading, table, key)
    if "ask_on" in table.entries:
        node, where = table.entries["ask_on"].value, f"{key}.ask_on"
        found["ask_on"] = _read_kinds(reading, node, where)
    entry = _needed(reading, table, key, "polygon", CORNERS)
    corners = None if entry is None else _read_polygon(reading, entry, f"{key}.polygon")
    return (
        None if corners is None else Zone(id_, **{"name": id_} | found, polygon=corners)
    )


def _read_line(reading: Reading, id_: str, table: MappingNode, key: str) -> Line | None:
    found: dict[str, Any] = read_knobs(
        reading,
        table,
        key,
        what="a table of the line",
        knobs=LINE_KNOBS,
        also=(*LINE_TEXTS, "from", "to", "way", "labels"),
    )
    found |= _texts(reading, table, key, LINE_TEXTS) | _labels(reading, table, key)
    if "way" in table.entries:
        node = table.entries["way"].value
        way = read_choice(reading, node, f"{key}.way", what="way", choices=WAYS)
        found["way"] = way or "both"
    ends = [
        None if entry is None else _read_point(reading, entry.value, f"{key}.{name}")
        for name in ("from", "to")
        for entry in (_needed(reading, table, key, name, POINT),)
    ]
    begin, end = ends
    if begin is None or end is None:
        return None
    if begin == end:
        reading.report(
            table, key, "the line has no length", fix="write two different ends"
        )
        return None
    return Line(id_, **{"name": id_} | found, begin=begin, end=end)


def _read_kinds(reading: Reading, node: Node, key: str) -> tuple[ZoneKind, ...]:
    """Read on which events is asked; an empty list is none."""
    if isinstance(node, SequenceNode) and not node.items:
        return ()
    items = read_list(reading, node, key, what="a list of events") or ()
    kinds = [
        read_choice(
            reading, item, f"{key}[{position}]", what="event", choices=ZONE_KINDS
        )
        for position, item in enumerate(items, start=1)
    ]
    return tuple(kind for kind in kinds if kind is not None)


def _labels(
    reading: Reading, table: MappingNode, key: str
) -> dict[str, tuple[str, ...]]:
    """Return for which classes of things the place is, where that is written."""
    if "labels" not in table.entries:
        return {}
    node, where = table.entries["labels"].value, f"{key}.labels"
    items = read_list(reading, node, where, what="a list of classes") or ()
    names = [
        read_text(reading, item, f"{where}[{position}]", what="a class")
        for position, item in enumerate(items, start=1)
    ]
    return {"labels": tuple(name for name in names if name is not None)}


def _texts(
    reading: Reading, table: MappingNode, key: str, names: tuple[str, ...]
) -> dict[str, str]:
    """Return the texts that are written and good."""
    return {
        name: text
        for name in names
        if name in table.entries
        and (
            text := read_text(
                reading, table.entries[name].value, f"{key}.{name}", what="a text"
            )
        )
    }


def _needed(
    reading: Reading, table: MappingNode, key: str, name: str, what: str
) -> Entry | None:
    entry = table.entries.get(name)
    if entry is None:
        reading.report(
            table, key, f'"{name}" is missing', fix=f'add "{name}:" and {what}'
        )
    return entry


def _read_polygon(reading: Reading, entry: Entry, key: str) -> tuple[Point, ...] | None:
    node = entry.value
    items = node.items if isinstance(node, SequenceNode) else ()
    if not CORNERS_MIN <= len(items) <= CORNERS_MAX:
        reading.report(node, key, "this is no polygon", fix=f"write {CORNERS}")
        return None
    read = [
        _read_point(reading, item, f"{key}[{position}]")
        for position, item in enumerate(items, start=1)
    ]
    points = tuple(point for point in read if point is not None)
    if len(points) != len(items):
        return None
    if _area(points) == 0:
        fix = "write corners that are not all in one line"
        reading.report(node, key, "the polygon has no area", fix=fix)
        return None
    return points


def _read_point(reading: Reading, node: Node, key: str) -> Point | None:
    pair = node.items if isinstance(node, SequenceNode) else ()
    if len(pair) != 2:  # noqa: PLR2004 - x and y
        reading.report(node, key, "this is no point", fix=f"write {POINT}")
        return None
    read = [
        read_number(reading, item, f"{key}.{axis}")
        for axis, item in zip("xy", pair, strict=True)
    ]
    for axis, item, number in zip("xy", pair, read, strict=True):
        if number is not None and not SHARE.holds(number):
            fix = f"write {SHARE}: a share of the picture's width or height"
            message = f"{number:g} is outside the picture"
            reading.report(item, f"{key}.{axis}", message, fix=fix)
            return None
    x, y = read
    return None if x is None or y is None else (x, y)


def _area(polygon: tuple[Point, ...]) -> float:
    """Return twice the signed area."""
    turned = (*polygon[1:], polygon[0])
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(polygon, turned, strict=True))

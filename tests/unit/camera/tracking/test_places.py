"""Zones and lines: who is in, for how long, and who went over."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.camera.config.places import Line, Point, Zone
from heliograph.camera.tracking.places import Places, is_inside
from heliograph.camera.types import Box, PlaceEvent, Size, Track, TrackState

SIZE = Size(640, 480)
STEP_US = 10_000
RIGHT_HALF = Zone("dock", "the dock", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
GATE = Line("gate", "the gate", (0.5, 0.9), (0.5, 0.3))
"""Upwards through the middle: forward is to the right."""


def standing(
    x: float, y: float, *, id_: int = 1, state: TrackState = "confirmed"
) -> Track:
    """Return a track whose foot is at *x*, *y* in pixels."""
    box = Box(x - 20, y - 90, 40, 90)
    return Track(id_, box, state, first_us=0, last_seen_us=0, hits=20)


def played(
    places: Places,
    x_at: Callable[[float], float | None],
    *,
    until_s: float,
    y: float = 300,
    state: TrackState = "confirmed",
) -> list[PlaceEvent]:
    events: list[PlaceEvent] = []
    for n in range(round(until_s * 1e6 / STEP_US)):
        x = x_at(n * STEP_US / 1e6)
        tracks = [] if x is None else [standing(x, y, state=state)]
        events += places.update(tracks, n * STEP_US)
    return events


def walk(t_s: float) -> float:
    return 200 + 100 * t_s


def kinds(events: list[PlaceEvent]) -> list[str]:
    return [event.kind for event in events]


def test_who_walks_in_and_out_enters_and_leaves_after_the_inertia() -> None:
    zone = replace(RIGHT_HALF, polygon=((0.5, 0), (0.75, 0), (0.75, 1), (0.5, 1)))
    places = Places(SIZE, [zone])
    entered, left = played(places, walk, until_s=4.0)
    assert (entered.kind, entered.place, entered.track_id) == ("enter", "dock", 1)
    # The foot is over the edge at 1.2 s and 2.8 s.
    assert entered.t_us == pytest.approx(1.2e6 + zone.inertia_us, abs=2 * STEP_US)
    assert left.kind == "exit"
    assert left.t_us == pytest.approx(2.8e6 + zone.inertia_us, abs=2 * STEP_US)
    assert places.of(1) == ()


def test_who_wavers_on_the_edge_enters_once_at_most() -> None:
    places = Places(SIZE, [RIGHT_HALF])
    events = played(
        places, lambda t_s: 320 + (6 if t_s % 0.1 < 0.05 else -6), until_s=3
    )
    assert events == []
    assert kinds(played(Places(SIZE, [RIGHT_HALF]), lambda _: 330, until_s=3)) == [
        "enter"
    ]


def test_dwell_is_told_once_a_stay_and_counts_while_it_rests() -> None:
    zone = replace(RIGHT_HALF, dwell_us=2_000_000)
    places = Places(SIZE, [zone])
    events = played(places, lambda _: 400.0, until_s=6.0, state="stationary")
    assert kinds(events) == ["enter", "dwell"]
    assert events[1].t_us == 2_000_000
    (presence,) = places.of(1)
    assert (presence.zone.name, presence.since_us) == ("the dock", 0)


def test_it_is_the_foot_that_stands_in_a_zone_and_not_the_head() -> None:
    upper = replace(RIGHT_HALF, polygon=((0, 0), (1, 0), (1, 0.5), (0, 0.5)))
    assert played(Places(SIZE, [upper]), walk, until_s=1.0, y=250) == []
    assert kinds(played(Places(SIZE, [upper]), walk, until_s=1.0, y=230)) == ["enter"]


def test_who_is_cut_off_by_the_lower_edge_is_still_in() -> None:
    assert kinds(
        played(Places(SIZE, [RIGHT_HALF]), lambda _: 500, until_s=1, y=480)
    ) == ["enter"]


def test_who_ends_has_left() -> None:
    places = Places(SIZE, [RIGHT_HALF])
    events = played(places, lambda t_s: 400 if t_s < 1 else None, until_s=1.1)
    assert kinds(events) == ["enter", "exit"]
    assert events[1].t_us == 1_000_000


def test_what_is_not_believed_is_nowhere() -> None:
    places = Places(SIZE, [RIGHT_HALF], [GATE])
    assert played(places, walk, until_s=3.0, state="tentative") == []


@pytest.mark.parametrize(("speed", "way"), [(100, "forward"), (-100, "back")])
def test_a_line_is_crossed_with_a_direction(speed: float, way: str) -> None:
    begin = 200 if speed > 0 else 440
    events = played(Places(SIZE, [], [GATE]), lambda t: begin + speed * t, until_s=3)
    assert [(e.kind, e.place, e.way) for e in events] == [("cross", "gate", way)]


def test_a_line_that_counts_one_way_is_deaf_to_the_other() -> None:
    line = replace(GATE, way="back")
    assert played(Places(SIZE, [], [line]), walk, until_s=3) == []
    back = played(Places(SIZE, [], [line]), lambda t: 440 - 100 * t, until_s=3)
    assert kinds(back) == ["cross"]


def test_who_goes_around_the_end_of_a_line_does_not_cross_it() -> None:
    assert played(Places(SIZE, [], [GATE]), walk, until_s=3, y=100) == []


def test_jitter_on_a_line_is_no_crossing() -> None:
    events = played(
        Places(SIZE, [], [GATE]), lambda t: 320 + 5 * (-1) ** round(t * 100), until_s=3
    )
    assert events == []


def test_places_hold_for_any_sensor() -> None:
    for size in (Size(320, 240), Size(1280, 720)):
        places = Places(size, [RIGHT_HALF])
        box = Box(0.7 * size.width, 0.2 * size.height, 10, 0.3 * size.height)
        track = replace(standing(0, 0), box=box)
        events = [e for n in range(30) for e in places.update([track], n * STEP_US)]
        assert kinds(events) == ["enter"]


shares = st.floats(0, 1)


@given(point=st.tuples(shares, shares), corner=st.tuples(shares, shares))
def test_a_rectangle_holds_what_is_between_its_sides(
    point: Point, corner: Point
) -> None:
    right, bottom = corner
    polygon = ((0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom))
    assert is_inside(polygon, point) == (point[0] < right and point[1] < bottom)


def test_a_polygon_may_have_a_bay() -> None:
    letter_u = (
        (0, 0),
        (0.2, 0),
        (0.2, 0.8),
        (0.8, 0.8),
        (0.8, 0),
        (1, 0),
        (1, 1),
        (0, 1),
    )
    assert is_inside(letter_u, (0.1, 0.1))
    assert is_inside(letter_u, (0.5, 0.9))
    assert not is_inside(letter_u, (0.5, 0.4))


def test_the_speed_of_a_track_is_that_of_both_axes() -> None:
    track = replace(standing(0, 0), velocity_x_px_s=30.0, velocity_y_px_s=-40.0)
    assert track.speed_px_s == 50


def called(x: float, label: str) -> Track:
    """Return a track at *x* that is called *label*."""
    track = standing(x, 300)
    return replace(track, box=replace(track.box, label=label))


@pytest.mark.parametrize(
    ("label", "seen"), [("person", {"enter dock", "cross gate"}), ("vehicle", set())]
)
def test_a_place_is_for_the_classes_it_names(label: str, seen: set[str]) -> None:
    only = ("person",)
    dock, gate = replace(RIGHT_HALF, labels=only), replace(GATE, labels=only)
    places = Places(SIZE, (dock,), (gate,))
    told = {
        f"{event.kind} {event.place}"
        for step in range(200)
        for event in places.update(
            (called(walk(step * STEP_US / 1e6), label),), step * STEP_US
        )
    }
    assert told == seen
    assert len(places.of(1)) == (1 if seen else 0)


def test_who_turns_out_to_be_something_else_leaves() -> None:
    places = Places(SIZE, (replace(RIGHT_HALF, labels=("person",)),))
    told = [
        event.kind
        for step in range(100)
        for event in places.update(
            (called(500, "person" if step < 50 else "vehicle"),), step * STEP_US
        )
    ]
    assert told == ["enter", "exit"]

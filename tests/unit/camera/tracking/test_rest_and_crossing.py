"""Tracks through what events do not show: rest, what is in front, and each other.

Boxes are what a detector of moving things would find of each world.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from heliograph.camera.tracking.parts import around
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box, Size, Track

SIZE = Size(640, 480)
SETTINGS = TrackerSettings()
World = Callable[[float], list[Box]]


@dataclass(frozen=True)
class Seen:
    """The tracks at `t_s`."""

    t_s: float
    tracks: tuple[Track, ...]

    def state(self, id_: int = 1) -> str:
        """Return the state of track *id_*."""
        (found,) = [track.state for track in self.tracks if track.id == id_]
        return found


def played(world: World, *, until_s: float, step_s: float = 0.01) -> list[Seen]:
    tracker = Tracker(SIZE)
    steps = range(round(until_s / step_s))
    return [
        Seen(n * step_s, tracker.update(world(n * step_s), round(n * step_s * 1e6)))
        for n in steps
    ]


def ids(seen: Sequence[Seen]) -> set[int]:
    """Return the numbers of all tracks that were ever believed."""
    return {t.id for one in seen for t in one.tracks if t.state != "tentative"}


def stop_and_go(t_s: float) -> list[Box]:
    """Walk at 100 px/s, slow down within 0.4 s, stand still for 20 s, walk on."""
    if t_s < 1.0:
        x = 100 * t_s
    elif t_s < 1.4:
        x = 100 + 100 * (t_s - 1) - 125 * (t_s - 1) ** 2
    elif t_s < 21.4:
        return []
    else:
        x = 120 + 100 * (t_s - 21.4)
    return [Box(100 + x, 200, 40, 90)]


def test_who_stands_still_is_stationary_and_keeps_its_number() -> None:
    seen = played(stop_and_go, until_s=22.5)
    assert ids(seen) == {1}
    states = {one.t_s: one.state() for one in seen}
    assert states[1.0] == "confirmed"
    assert states[1.6] == "coasting"
    assert {states[t] for t in states if 2.0 < t < 21.3} == {"stationary"}
    (rests,) = seen[1000].tracks
    assert rests.box.x == pytest.approx(220, abs=25)
    (track,) = seen[-1].tracks
    assert track.state == "confirmed"
    assert track.velocity_x_px_s == pytest.approx(100, rel=0.25)


def test_rest_is_counted_in_time_and_not_in_frames() -> None:
    for step_s in (0.005, 0.01, 0.02):
        seen = played(stop_and_go, until_s=4.0, step_s=step_s)
        begun = next(one.t_s for one in seen if one.state() == "stationary")
        assert begun == pytest.approx(1.4 + SETTINGS.rest_us / 1e6, abs=0.041)


def test_who_rests_for_too_long_is_given_up() -> None:
    def world(t_s: float) -> list[Box]:
        return stop_and_go(t_s) if t_s < 1.4 else []

    seen = played(world, until_s=1.5 + SETTINGS.stationary_us / 1e6, step_s=0.05)
    assert seen[-3].tracks != ()
    assert seen[-1].tracks == ()


def test_who_walks_on_behind_a_pillar_is_the_same() -> None:
    def world(t_s: float) -> list[Box]:
        left = 60 + 150 * t_s
        right = min(left + 40, 300) if left < 300 else left + 40
        left = max(left, 380) if left >= 300 else left
        return [Box(left, 200, right - left, 90)] if right - left > 8 else []

    seen = played(world, until_s=3.0)
    hidden = [one for one in seen if not world(one.t_s)]
    assert len(hidden) * 0.01 > 0.25
    assert ids(seen) == {1}
    (track,) = seen[-1].tracks
    assert track.box.x == pytest.approx(60 + 150 * 2.99, abs=12)
    assert track.velocity_x_px_s == pytest.approx(150, rel=0.2)


def met(*boxes: Box, gap_px: float = 16) -> list[Box]:
    """Return the boxes as a detector has them: what is near is one."""
    found: list[Box] = []
    for box in boxes:
        for other in found:
            apart = max(box.x, other.x) - min(box.x + box.width, other.x + other.width)
            if apart < gap_px:
                found.remove(other)
                found.append(around(other, box))
                break
        else:
            found.append(box)
    return found


@pytest.mark.parametrize("speed_px_s", [60.0, 120.0, 240.0])
def test_two_who_cross_keep_their_numbers(speed_px_s: float) -> None:
    def world(t_s: float) -> list[Box]:
        way = speed_px_s * t_s
        return met(Box(100 + way, 200, 40, 90), Box(500 - way, 205, 44, 86))

    until_s = 440 / speed_px_s
    seen = played(world, until_s=until_s)
    joined = sum(len(world(one.t_s)) == 1 for one in seen) * 0.01
    assert joined > 0.2
    assert ids(seen) == {1, 2}
    last = {track.id: track for track in seen[-1].tracks}
    assert last[1].box.x > 400
    assert last[2].box.x < 200
    assert last[1].velocity_x_px_s == pytest.approx(speed_px_s, rel=0.25)
    assert last[2].velocity_x_px_s == pytest.approx(-speed_px_s, rel=0.25)


def test_one_who_overtakes_another_keeps_its_number() -> None:
    def world(t_s: float) -> list[Box]:
        return met(Box(60 + 60 * t_s, 200, 40, 90), Box(-60 + 180 * t_s, 204, 44, 88))

    seen = played(world, until_s=3.0)
    last = {track.id: track for track in seen[-1].tracks}
    assert ids(seen) == {1, 2}
    assert last[2].box.x - last[1].box.x > 150


def test_a_body_whose_parts_are_found_apart_is_one_track() -> None:
    def world(t_s: float) -> list[Box]:
        x = 100 + 80 * t_s
        sleeve, hand = Box(x, 60, 60, 90), Box(x + 6, 190, 48, 140)
        whole = Box(x, 60, 60, 270)
        step = round(t_s * 100)
        return [whole] if step % 7 == 3 else [sleeve, hand][:: -1 if step % 2 else 1]

    seen = played(world, until_s=2.0)
    assert ids(seen) == {1}
    (track,) = seen[-1].tracks
    assert (track.box.y, track.box.height) == pytest.approx((60, 270), abs=20)
    assert track.velocity_x_px_s == pytest.approx(80, rel=0.15)
    assert abs(track.velocity_y_px_s) < 20


def test_a_hand_that_goes_on_moving_does_not_shrink_who_stands() -> None:
    def world(t_s: float) -> list[Box]:
        if t_s < 1.0:
            return [Box(100 + 80 * t_s, 100, 60, 240)]
        return [Box(184 + 4 * (round(t_s * 100) % 3), 160, 30, 40)]

    seen = played(world, until_s=1.3)
    (track,) = seen[-1].tracks
    assert track.box.height > 120
    assert track.box.y == pytest.approx(100, abs=45)


def test_flashes_make_no_track_and_take_no_number_from_one() -> None:
    rng = np.random.default_rng(5)

    def world(t_s: float) -> list[Box]:
        noise = [
            Box(x, y, 24, 24)
            for x, y in zip(rng.uniform(0, 600, 4), rng.uniform(0, 440, 4), strict=True)
            if rng.random() < 0.3
        ]
        return [*noise, Box(100 + 100 * t_s, 200, 40, 90)]

    seen = played(world, until_s=4.0)
    believed = [t for one in seen for t in one.tracks if t.state == "confirmed"]
    assert len({t.id for t in believed}) == 1
    (track,) = [t for t in seen[-1].tracks if t.state == "confirmed"]
    assert track.box.x == pytest.approx(499, abs=20)
    assert track.box.width < 90


def test_who_rests_longest_gives_way_where_there_is_no_more_room() -> None:
    tracker = Tracker(SIZE, TrackerSettings(tracks_max=2))
    places = (100.0, 250.0, 400.0)
    ended: list[int] = []
    for n in range(200):
        # One comes to rest at 0.5 s, the next at 1 s; then a third one comes.
        here = [x for x, until in zip(places, (50, 100, 200), strict=True) if n < until]
        shown = here if n >= 150 else [x for x in here if x != places[2]]
        tracks = tracker.update([Box(x, 200, 40, 90) for x in shown], n * 10_000)
        ended += [track.id for track in tracker.ended]
    assert ended == [1]
    assert [(track.id, track.state) for track in tracks] == [
        (2, "stationary"),
        (3, "confirmed"),
    ]

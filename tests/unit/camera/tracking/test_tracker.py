"""Tracks from boxes written by hand, 10 ms a step."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box, Size, Track

SIZE = Size(640, 480)
STEP_US = 10_000
SETTINGS = TrackerSettings()


def walk(
    tracker: Tracker, steps: range, boxes_at: Callable[[int], list[Box]]
) -> Iterator[tuple[Track, ...]]:
    """Update *tracker* at each of *steps* with the boxes of that step."""
    for step in steps:
        yield tracker.update(boxes_at(step), step * STEP_US)


def walker(step: int) -> list[Box]:
    """Return a thing that moves right at 100 px/s."""
    return [Box(100 + step, 200, 40, 80)]


def last(steps: Iterator[tuple[Track, ...]]) -> tuple[Track, ...]:
    return list(steps)[-1]


def test_one_thing_moving_is_one_track_with_its_place_and_speed() -> None:
    tracker = Tracker(SIZE)
    [track] = last(walk(tracker, range(100), walker))
    assert (track.id, track.state, track.hits) == (1, "confirmed", 100)
    assert (track.first_us, track.last_seen_us) == (0, 990_000)
    assert track.box.x == pytest.approx(199, abs=4)
    assert (track.box.width, track.box.height) == pytest.approx((40, 80))
    assert track.velocity_x_px_s == pytest.approx(100, rel=0.1)
    assert abs(track.velocity_y_px_s) < 1


def test_a_track_is_confirmed_by_hits_and_by_time_both() -> None:
    states = [tracks[0].state for tracks in walk(Tracker(SIZE), range(30), walker)]
    confirmed_at = SETTINGS.confirm_us // STEP_US
    assert states == ["tentative"] * confirmed_at + ["confirmed"] * (30 - confirmed_at)
    rare = Tracker(SIZE)
    seen = [
        tracks[0].hits
        for tracks in walk(rare, range(100), lambda n: [] if n % 10 else walker(n))
        if tracks[0].state == "confirmed"
    ]
    assert seen[0] == SETTINGS.hits_min


def test_a_flash_is_never_confirmed_and_never_reported_as_ended() -> None:
    tracker = Tracker(SIZE)
    for tracks in walk(tracker, range(50), lambda n: walker(n) if n < 3 else []):
        assert all(track.state == "tentative" for track in tracks)
        assert tracker.ended == ()
    assert tracks == ()


def test_a_track_survives_a_pause_and_goes_on_under_its_id() -> None:
    tracker = Tracker(SIZE)
    list(walk(tracker, range(50), walker))
    [paused] = last(walk(tracker, range(50, 350), lambda _: []))
    assert (paused.id, paused.state) == (1, "coasting")
    assert paused.last_seen_us == 49 * STEP_US
    # It drifted for a moment, then rested where it was.
    assert 149 <= paused.box.x < 185
    assert paused.velocity_x_px_s == 0
    [again] = last(walk(tracker, range(350, 380), lambda n: walker(n - 300)))
    assert (again.id, again.state) == (1, "confirmed")


def test_a_track_held_too_long_ends_once_as_it_was_last_known() -> None:
    tracker = Tracker(SIZE)
    list(walk(tracker, range(50), walker))
    ended = []
    for step in range(50, 600):
        tracker.update([], step * STEP_US)
        ended += [(step, track) for track in tracker.ended]
    [(step, track)] = ended
    assert step * STEP_US - track.last_seen_us == SETTINGS.hold_us + STEP_US
    assert (track.id, track.state, track.hits) == (1, "coasting", 50)


def test_a_thing_that_leaves_over_the_edge_ends_at_once() -> None:
    def leaving(step: int) -> list[Box]:
        right = min(570 + 4 * step + 40, 640)
        x = 570 + 4 * step
        return [Box(x, 200, right - x, 80)] if x < 636 else []

    ended: list[Track] = []
    tracker = Tracker(SIZE, TrackerSettings(confirm_us=50_000))
    for _ in walk(tracker, range(60), leaving):
        ended += tracker.ended
    assert [track.id for track in ended] == [1]


def test_a_thing_cut_by_the_edge_is_not_waited_for_as_long_as_one_inside() -> None:
    def two(step: int) -> list[Box]:
        return [Box(0, 200, 30, 80), Box(300, 200, 30, 80)] if step < 50 else []

    tracks = last(walk(Tracker(SIZE), range(200), two))
    assert [track.box.x for track in tracks] == [300]


def test_boxes_stay_on_the_sensor() -> None:
    tracker = Tracker(SIZE)
    boxes = [Box(0, 0, 30, 60), Box(600, 400, 40, 80)]
    for tracks in walk(tracker, range(60), lambda n: boxes if n < 30 else []):
        for track in tracks:
            assert track.box.x >= 0
            assert track.box.y >= 0
            assert track.box.x + track.box.width <= SIZE.width
            assert track.box.y + track.box.height <= SIZE.height


def test_two_things_that_pass_each_other_keep_their_ids() -> None:
    def two(step: int) -> list[Box]:
        boxes = [Box(100 + 2 * step, 100, 40, 80), Box(300 - 2 * step, 190, 40, 80)]
        return boxes if step % 2 else boxes[::-1]

    tracks = last(walk(Tracker(SIZE), range(100), two))
    assert {t.id: round(t.box.x, -2) for t in tracks} == {1: 100, 2: 300}


def test_a_part_of_a_track_founds_no_track_of_its_own() -> None:
    def parts(step: int) -> list[Box]:
        whole = walker(step)[0]
        return [whole, Box(whole.x + 5, whole.y + 50, 20, 20)] if step else [whole]

    tracker = Tracker(SIZE)
    assert {t.id for tracks in walk(tracker, range(50), parts) for t in tracks} == {1}


def test_a_track_that_turns_out_a_part_of_another_ends() -> None:
    def grown(step: int) -> list[Box]:
        if step < 40:
            return [Box(100, 100, 40, 60), Box(100, 300, 40, 60)]
        return [Box(100, 100, 40, 260)]

    tracker = Tracker(SIZE)
    steps = [(tracks, tracker.ended) for tracks in walk(tracker, range(200), grown)]
    assert len(steps[-1][0]) == 1
    assert [t.state for _, ended in steps for t in ended] == ["confirmed"]


def test_the_label_is_the_one_with_most_behind_it() -> None:
    def seen(step: int) -> list[Box]:
        label = "car" if step % 3 == 0 else "person"
        return [Box(100, 100, 40, 80, label=label, score=0.9)]

    [track] = last(walk(Tracker(SIZE), range(50), seen))
    assert (track.box.label, track.box.score) == ("person", 0.9)


def test_no_more_tracks_than_the_settings_allow() -> None:
    crowd = [Box(x, y, 20, 20) for x in range(0, 600, 60) for y in range(0, 450, 60)]
    tracker = Tracker(SIZE, TrackerSettings(tracks_max=10))
    assert len(tracker.update(crowd, 0)) == 10


def test_time_that_goes_back_is_refused() -> None:
    tracker = Tracker(SIZE)
    tracker.update([], 1_000)
    with pytest.raises(ValueError, match="time went back by 1 us to 999 us"):
        tracker.update([], 999)


boxes_of_a_step = st.lists(
    st.builds(
        Box,
        x=st.floats(0, 600),
        y=st.floats(0, 440),
        width=st.floats(0, 200),
        height=st.floats(0, 200),
    ),
    max_size=5,
)


@given(run=st.lists(boxes_of_a_step, max_size=30))
@settings(deadline=None)
def test_the_same_boxes_give_the_same_tracks_and_new_ids_only_grow(
    run: list[list[Box]],
) -> None:
    runs = [
        list(walk(Tracker(SIZE), range(len(run)), run.__getitem__)) for _ in range(2)
    ]
    assert runs[0] == runs[1]
    highest = 0
    for tracks in runs[0]:
        ids = [track.id for track in tracks]
        assert ids == sorted(set(ids))
        assert all(new > highest for new in set(ids) - set(range(highest + 1)))
        highest = max([highest, *ids])

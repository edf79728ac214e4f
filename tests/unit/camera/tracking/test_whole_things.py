"""Boxes by class that are drawn around whole things, some of them weak."""

from collections.abc import Callable
from dataclasses import replace

from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box, Size, Track

SIZE = Size(640, 480)
STEP_US = 10_000
WHOLE = TrackerSettings(parts=False)
PERSON = Box(300, 200, 30, 80, label="person", score=0.9)
VAN = Box(200, 150, 260, 140, label="vehicle", score=0.8)


def tracked(
    boxes_at: Callable[[int], list[Box]],
    steps: int = 100,
    settings: TrackerSettings = WHOLE,
) -> list[tuple[Track, ...]]:
    tracker = Tracker(SIZE, settings)
    return [tracker.update(boxes_at(step), step * STEP_US) for step in range(steps)]


def known(tracks: tuple[Track, ...]) -> dict[str, Box]:
    return {one.box.label: one.box for one in tracks}


def moved(box: Box, x: float) -> Box:
    return replace(box, x=box.x + x)


def test_a_person_who_walks_before_a_van_is_a_track_of_their_own() -> None:
    for first in (0, 40):
        steps = tracked(
            lambda step, first=first: (  # type: ignore[misc] # a default's type is known
                [moved(VAN, step), moved(PERSON, -step)]
                if step >= first
                else [moved(VAN, step)]
            )
        )
        assert {one.id for tracks in steps for one in tracks} == {1, 2}
        last = known(steps[-1])
        assert last["person"].width < 40
        assert 230 < last["vehicle"].width < 290
        assert {one.state for one in steps[-1]} == {"confirmed"}


def test_a_person_hidden_by_a_van_for_a_while_is_glued_to_none() -> None:
    def passing(step: int) -> list[Box]:
        seen = [moved(VAN, 3 * step - 150)]
        return seen if 20 < step < 60 else [*seen, PERSON]

    steps = tracked(passing, 90)
    assert {one.id for tracks in steps for one in tracks} == {1, 2}
    assert known(steps[-1])["person"].width < 40
    assert known(steps[50])["vehicle"].width > 230


def test_a_box_of_another_class_does_not_become_a_track_that_covers_it() -> None:
    steps = tracked(lambda step: [VAN] if step < 50 else [PERSON])
    assert known(steps[-1])["vehicle"].width > 230
    assert known(steps[-1])["person"].width < 40


def test_people_above_each_other_stay_two() -> None:
    def joined_by_another(step: int) -> list[Box]:
        here = moved(PERSON, step)
        return [here, replace(here, y=290)] if step > 20 else [here]

    assert len(tracked(joined_by_another)[-1]) == 2
    assert len(tracked(joined_by_another, settings=TrackerSettings())[-1]) == 1


def test_one_thing_drawn_twice_is_one_track() -> None:
    within = replace(PERSON, y=205, height=60)
    steps = tracked(lambda step: [PERSON, within] if step else [PERSON])
    assert {one.id for tracks in steps for one in tracks} == {1}


def test_who_rests_behind_what_passes_is_waited_for() -> None:
    def resting(step: int) -> list[Box]:
        if step < 60:
            return [PERSON]
        return [moved(VAN, 4 * (step - 200))] if step > 170 else []

    steps = tracked(resting, 230)
    assert "person" in known(steps[-1])
    assert [one.state for one in steps[165]] == ["stationary"]


def test_who_passes_before_somebody_at_rest_is_seen_all_the_way() -> None:
    near = replace(PERSON, y=180, width=60, height=140)

    def passing(step: int) -> list[Box]:
        seen = [moved(near, 2 * step - 220)] if step > 60 else []
        return [PERSON, *seen] if step < 40 else seen

    steps = tracked(passing, 150)
    assert [len(tracks) for tracks in steps[80:]] == [2] * 70
    walker = steps[-1][1]
    for step, tracks in enumerate(steps[90:], start=90):
        resting, walking = tracks
        assert walking.last_seen_us == step * STEP_US
        assert abs(resting.box.x - PERSON.x) < 1
    assert walker.id == 2
    assert steps[-1][0].state == "stationary"


def test_two_who_pass_within_one_box_are_two_again() -> None:
    def crossing(step: int) -> list[Box]:
        right, left = moved(PERSON, step - 60), moved(PERSON, 60 - step)
        return [right] if abs(step - 60) < 8 else [right, left]

    steps = tracked(crossing, 120)
    assert {one.id for tracks in steps for one in tracks} == {1, 2}
    first, second = steps[-1]
    assert first.box.x > PERSON.x + 40
    assert second.box.x < PERSON.x - 40


def test_weak_boxes_keep_a_track_and_begin_none() -> None:
    def weakening(step: int) -> list[Box]:
        score = 0.9 if step < 30 else 0.3
        weak = step >= 30
        walker = replace(moved(PERSON, step), score=score, is_weak=weak)
        other = replace(PERSON, x=500, score=0.3, is_weak=True)
        return [walker, other]

    steps = tracked(weakening)
    assert {one.id for tracks in steps for one in tracks} == {1}
    [track] = steps[-1]
    assert track.state == "confirmed"
    assert track.last_seen_us == 99 * STEP_US
    assert abs(track.box.x - 399) < 5
    assert track.box.score == 0.3
    assert not track.box.is_weak


def test_weak_boxes_confirm_nothing_and_revive_nothing() -> None:
    weak = replace(PERSON, score=0.3, is_weak=True)
    young = tracked(lambda step: [PERSON] if step < 4 else [weak], 40)
    assert young[-1] == ()
    lost = tracked(
        lambda step: [PERSON] if step < 40 else [weak] if step > 99 else [], 130
    )
    assert [one.state for one in lost[-1]] == ["stationary"]


def test_a_sure_box_goes_before_a_weak_one() -> None:
    def both(step: int) -> list[Box]:
        weak = replace(moved(PERSON, 8), score=0.3, is_weak=True)
        return [PERSON, weak] if step % 2 else [weak, PERSON]

    [track] = tracked(both)[-1]
    assert abs(track.box.x - PERSON.x) < 1


def test_the_class_of_a_track_is_the_one_most_was_seen_of_by_score() -> None:
    def wavering(step: int) -> list[Box]:
        if step % 3 == 0:
            return [PERSON]
        return [replace(PERSON, label="two-wheeler", score=0.4)]

    assert [one.box.label for one in tracked(wavering)[-1]] == ["person"]

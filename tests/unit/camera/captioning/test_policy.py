"""Which track is captioned when: walked by hand, a look every 30 ms."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from caption_parts import TRACK
from heliograph.camera.captioning.policy import CaptionPolicy
from heliograph.camera.captioning.policy_terms import Ask, PolicySettings, View
from heliograph.camera.captioning.sight import see, whole
from heliograph.camera.types import Box, Track, TrackState

LOOK_US = 30_000
GREY = np.full((8, 8), 128, np.uint8)
SIGHT = see(GREY, TRACK.box, whole(GREY))


def walk(
    policy: CaptionPolicy,
    tracks_at: Callable[[int], list[Track]],
    score_of: Callable[[Track, int], float],
    *,
    until_us: int,
    from_us: int = 0,
) -> list[tuple[int, Ask]]:
    """Return every ask with its time."""
    asked = []
    for now_us in range(from_us, until_us, LOOK_US):
        tracks = tracks_at(now_us)
        views = [
            View(track, now_us, score_of(track, now_us), SIGHT)
            for track in policy.wanted(tracks, now_us)
        ]
        asked += [(now_us, ask) for ask in policy.decide(tracks, views, now_us)]
    return asked


def steady(track: Track, now_us: int) -> float:
    del track, now_us
    return 1.0


def hill(peak_us: int) -> Callable[[Track, int], float]:
    """Return a score that rises to *peak_us* and falls after it."""
    return lambda _, now_us: 1e6 - abs(now_us - peak_us)


@pytest.mark.parametrize("state", ["tentative", "coasting", "stationary"])
def test_only_confirmed_tracks_are_wanted(state: TrackState) -> None:
    track = replace(TRACK, state=state)
    policy = CaptionPolicy()
    assert policy.wanted([track], 0) == ()
    assert walk(policy, lambda _: [track], steady, until_us=3_000_000) == []
    assert policy.wanted([TRACK], 3_000_000) == (TRACK,)


@pytest.mark.parametrize("box", [Box(0, 0, 15, 200), Box(0, 0, 20, 25)])
def test_a_thin_or_tiny_track_is_not_wanted(box: Box) -> None:
    assert CaptionPolicy().wanted([replace(TRACK, box=box)], 0) == ()


def test_a_first_caption_comes_within_1_1_s_while_the_view_goes_on_improving() -> None:
    asked = walk(
        CaptionPolicy(), lambda _: [TRACK], hill(9_000_000), until_us=1_350_000
    )
    assert [(when, ask.reason) for when, ask in asked] == [(1_020_000, "first")]
    assert asked[0][1].view.t_us == 1_020_000


def test_a_first_caption_shows_the_best_view_once_views_got_worse() -> None:
    asked = walk(
        CaptionPolicy(PolicySettings(worse_share=0.9)),
        lambda _: [TRACK],
        hill(300_000),
        until_us=1_000_000,
    )
    when, ask = asked[0]
    assert ask.view.t_us == 300_000
    assert ask.reason == "first"
    assert 300_000 < when < 700_000


def test_a_track_gone_before_its_first_caption_is_captioned_by_its_best_view() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        return [TRACK] if now_us <= 120_000 else []

    asked = walk(CaptionPolicy(), tracks_at, hill(60_000), until_us=2_000_000)
    assert [(ask.reason, ask.view.t_us) for _, ask in asked] == [("left", 60_000)]


def test_a_moving_track_is_captioned_again_after_the_interval_and_by_a_new_view() -> (
    None
):
    policy = CaptionPolicy(PolicySettings(again_us=2_000_000))
    asked = walk(policy, lambda _: [TRACK], steady, until_us=6_000_000)
    assert [ask.reason for _, ask in asked] == ["first", "again", "again"]
    times = [when for when, _ in asked]
    assert all(2_000_000 <= b - a <= 2_000_000 + LOOK_US for a, b in pairwise(times))
    assert asked[1][1].view.t_us == times[1]


def test_without_an_interval_a_track_is_captioned_once() -> None:
    policy = CaptionPolicy(PolicySettings(again_us=None))
    asked = walk(policy, lambda _: [TRACK], steady, until_us=9_000_000)
    assert len(asked) == 1


def test_a_track_at_rest_is_not_captioned_again_until_it_moves() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        resting = 1_200_000 < now_us < 5_000_000
        return [replace(TRACK, state="coasting" if resting else "confirmed")]

    policy = CaptionPolicy(PolicySettings(again_us=1_000_000))
    asked = walk(policy, tracks_at, steady, until_us=5_100_000)
    assert [ask.reason for _, ask in asked] == ["first", "again"]
    assert asked[1][0] >= 5_000_000


def test_no_second_holds_more_than_two_captions_however_many_tracks_there_are() -> None:
    crowd = [replace(TRACK, id=number) for number in range(1, 21)]
    asked = walk(CaptionPolicy(), lambda _: crowd, steady, until_us=10_000_000)
    times = [when for when, _ in asked]
    assert len(times) >= 16
    assert all(
        len([t for t in times if begin <= t < begin + 1_000_000]) <= 2
        for begin in times
    )


def test_first_captions_go_before_repeats_and_better_views_before_worse() -> None:
    old, small, large = (replace(TRACK, id=number) for number in (1, 2, 3))
    policy = CaptionPolicy()
    walk(policy, lambda _: [old], steady, until_us=1_050_000)
    asked = walk(
        policy,
        lambda _: [old, small, large],
        lambda track, _: float(track.id),
        from_us=1_050_000,
        until_us=3_300_000,
    )
    # The old one may go first while the new ones still have patience.
    order = [ask.view.track.id for when, ask in asked if when >= 2_050_000]
    assert order[:2] == [3, 2]


def test_tracks_that_left_and_found_no_room_are_counted() -> None:
    crowd = [replace(TRACK, id=number) for number in range(1, 9)]
    policy = CaptionPolicy()

    def tracks_at(now_us: int) -> list[Track]:
        return crowd if now_us < 90_000 else []

    asked = walk(policy, tracks_at, steady, until_us=5_000_000)
    assert {ask.reason for _, ask in asked} == {"left"}
    assert len(asked) + policy.passed_over == len(crowd)
    assert policy.passed_over > 0


def test_the_end_of_a_recording_asks_once_more_and_counts_the_rest() -> None:
    pair = [replace(TRACK, id=number) for number in (1, 2)]
    policy = CaptionPolicy()
    assert walk(policy, lambda _: pair, steady, until_us=90_000) == []
    assert [ask.reason for ask in policy.finish(90_000)] == ["left"]
    assert policy.passed_over == 1

"""What happens at places, what changes, and why a track was chosen or not."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from caption_parts import TRACK
from heliograph.camera.captioning.policy import CaptionPolicy
from heliograph.camera.captioning.policy_terms import (
    Ask,
    PolicySettings,
    Verdict,
    View,
)
from heliograph.camera.captioning.sight import see, whole
from heliograph.camera.types import Box, PlaceEvent, Track

LOOK_US = 30_000
GREY = np.full((8, 8), 128, np.uint8)
SIGHT = see(GREY, TRACK.box, whole(GREY))
ONCE = PolicySettings(again_us=None)
Happening = dict[int, PlaceEvent]


class Walk:
    """A policy, looked at every 30 ms, and what came of it."""

    def __init__(
        self,
        tracks_at: Callable[[int], list[Track]],
        *happened: PlaceEvent,
        until_us: int,
        settings: PolicySettings = ONCE,
        quiet: bool = False,
    ) -> None:
        policy = CaptionPolicy(settings)
        self.asked: list[tuple[int, Ask]] = []
        self.verdicts: list[Verdict] = []
        for now_us in range(0, until_us, LOOK_US):
            tracks = tracks_at(now_us)
            new = [e for e in happened if now_us - LOOK_US < e.t_us <= now_us]
            policy.notice(new, [] if quiet else new)
            views = [
                View(track, now_us, 1.0, SIGHT)
                for track in policy.wanted(tracks, now_us)
            ]
            asks = policy.decide(tracks, views, now_us)
            self.asked += [(now_us, ask) for ask in asks]
            self.verdicts += policy.verdicts

    @property
    def reasons(self) -> list[str]:
        """What was asked for, in order."""
        return [ask.reason for _, ask in self.asked]


def event(kind: str, t_us: int, *, place: str = "dock", track: int = 1) -> PlaceEvent:
    return PlaceEvent(kind, place, track, t_us)  # type: ignore[arg-type] # as tests write it


def always(*tracks: Track) -> Callable[[int], list[Track]]:
    return lambda _: list(tracks)


@pytest.mark.parametrize("kind", ["enter", "cross", "exit"])
def test_what_happens_to_a_captioned_track_is_captioned_at_once(kind: str) -> None:
    walk = Walk(always(TRACK), event(kind, 3_000_000), until_us=6_000_000)
    assert walk.reasons == ["first", kind]
    when, ask = walk.asked[1]
    assert when == 3_000_000
    assert ask.event == event(kind, 3_000_000)
    assert when - ask.view.t_us <= LOOK_US


def test_who_appears_in_a_zone_is_captioned_once_and_for_that() -> None:
    walk = Walk(always(TRACK), event("enter", 120_000), until_us=6_000_000)
    assert walk.reasons == ["enter"]
    assert walk.asked[0][0] == 120_000


def test_two_captions_of_a_track_keep_their_distance() -> None:
    happened = [event("cross", t_us) for t_us in range(1_500_000, 4_500_000, 300_000)]
    walk = Walk(always(TRACK), *happened, until_us=6_000_000)
    times = [when for when, _ in walk.asked]
    assert len(times) in {3, 4, 5}
    assert all(b - a >= ONCE.apart_us for a, b in pairwise(times))


def test_who_stands_still_in_a_zone_is_captioned_by_its_last_view() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        rests = now_us > 2_000_000
        return [replace(TRACK, state="stationary" if rests else "confirmed")]

    happened = [event("enter", 1_500_000), event("dwell", 11_500_000)]
    walk = Walk(tracks_at, *happened, until_us=13_000_000)
    assert walk.reasons == ["first", "enter", "dwell"]
    when, ask = walk.asked[2]
    assert when // 1000 == 11_520
    assert 1_000_000 <= ask.view.t_us <= 2_000_000


def test_who_leaves_by_ending_is_captioned_by_its_last_view() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        return [TRACK] if now_us < 3_000_000 else []

    happened = [event("enter", 1_500_000), event("exit", 3_000_000)]
    walk = Walk(tracks_at, *happened, until_us=5_000_000)
    assert walk.reasons == ["first", "enter", "exit"]
    assert walk.asked[2][1].view.t_us < 3_000_000


def test_what_found_no_room_in_time_is_worth_nothing_any_more() -> None:
    crowd = [replace(TRACK, id=number) for number in range(1, 21)]
    happened = [
        event("cross", 15_000_000, track=track.id, place="gate") for track in crowd
    ]
    walk = Walk(always(*crowd), *happened, until_us=30_000_000)
    late = [(when, ask) for when, ask in walk.asked if ask.reason == "cross"]
    assert 3 <= len(late) <= 6
    assert all(when <= 15_000_000 + ONCE.stale_us for when, _ in late)


def test_the_higher_priority_goes_first() -> None:
    crowd = [replace(TRACK, id=number) for number in range(1, 6)]
    happened = [
        event("enter", 300_000, track=n, place=f"zone-{n}") for n in range(1, 6)
    ]
    settings = replace(ONCE, priorities={"zone-4": 5, "zone-2": 3})
    walk = Walk(always(*crowd), *happened, until_us=4_000_000, settings=settings)
    assert [ask.view.track.id for _, ask in walk.asked][:2] == [4, 2]


def test_nothing_is_captioned_that_is_only_in_places_of_priority_0() -> None:
    settings = replace(ONCE, priorities={"road": 0})
    walk = Walk(
        always(TRACK),
        event("enter", 60_000, place="road"),
        until_us=5_000_000,
        settings=settings,
    )
    assert walk.asked == []
    assert walk.verdicts[-1].kind == "priority"
    both = [event("enter", 60_000, place="road"), event("enter", 60_000)]
    assert Walk(always(TRACK), *both, until_us=5_000_000, settings=settings).reasons


def test_what_nobody_asks_on_makes_no_caption_but_is_known() -> None:
    settings = replace(ONCE, priorities={"road": 0})
    walk = Walk(
        always(TRACK),
        event("enter", 60_000, place="road"),
        event("exit", 2_000_000, place="road"),
        until_us=5_000_000,
        settings=settings,
        quiet=True,
    )
    assert walk.reasons == ["first"]
    assert walk.asked[0][0] > 2_000_000


@pytest.mark.parametrize(
    "box",
    [
        replace(TRACK.box, label="vehicle"),
        Box(0, 0, 200, 300),
    ],
)
def test_what_looks_like_another_thing_is_captioned_again(box: Box) -> None:
    def tracks_at(now_us: int) -> list[Track]:
        return [replace(TRACK, box=box) if now_us > 6_000_000 else TRACK]

    walk = Walk(tracks_at, until_us=9_000_000)
    assert walk.reasons == ["first", "changed"]
    assert walk.asked[1][0] == 6_030_000


def test_what_becomes_smaller_is_no_news() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        small = Box(120, 120, 30, 40)
        return [replace(TRACK, box=small) if now_us > 6_000_000 else TRACK]

    assert Walk(tracks_at, until_us=9_000_000).reasons == ["first"]


def test_the_moments_of_an_ask_are_its_first_best_and_last_views() -> None:
    walk = Walk(always(TRACK), until_us=2_000_000)
    ((when, ask),) = walk.asked
    times = [view.t_us for view in ask.moments]
    assert (times[0], times[-1]) == (0, when)
    assert times == sorted({0, ask.view.t_us, when})


def test_why_is_told_once_for_each_turn() -> None:
    def tracks_at(now_us: int) -> list[Track]:
        if now_us < 300_000:
            return [replace(TRACK, state="tentative")]
        rests = now_us > 3_000_000
        small = replace(TRACK, id=2, box=Box(0, 0, 10, 90))
        return [replace(TRACK, state="stationary" if rests else "confirmed"), small]

    walk = Walk(tracks_at, until_us=5_000_000)
    told = [(v.track_id, v.kind, v.asked) for v in walk.verdicts]
    assert told == [
        (1, "better", False),
        (2, "small", False),
        (1, "asked first", True),
        (1, "done", False),
        (1, "unseen", False),
    ]
    assert walk.verdicts[1].text == "it is 10 pixels wide or high, 16 are needed"
    assert walk.verdicts[2].text.startswith("it is new, by the view of")


def test_a_track_that_waits_for_its_turn_says_so() -> None:
    pair = [replace(TRACK, id=1), replace(TRACK, id=2)]
    walk = Walk(always(*pair), until_us=2_000_000)
    told = [(v.track_id, v.kind) for v in walk.verdicts if not v.asked]
    assert (2, "rate") in told
    assert [ask.view.track.id for _, ask in walk.asked] == [1, 2]


def test_the_same_calls_give_the_same_answers() -> None:
    crowd = [replace(TRACK, id=number) for number in range(1, 9)]
    happened = [event("enter", 100_000 * n, track=n) for n in range(1, 9)]
    first, second = (
        Walk(always(*crowd), *happened, until_us=9_000_000) for _ in range(2)
    )
    assert [(t, a.reason, a.view.track.id) for t, a in first.asked] == [
        (t, a.reason, a.view.track.id) for t, a in second.asked
    ]
    assert first.verdicts == second.verdicts

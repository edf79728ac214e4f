"""What is told of a track's life, once each."""

from dataclasses import replace

from caption_parts import CAPTION, TRACK
from heliograph.camera.sinks.track_events import TrackEvents

MOVING = replace(TRACK, velocity_x_px_s=-80.04, first_us=1_000_000)


def events() -> TrackEvents:
    return TrackEvents("dock-3", "door-3f2a91c4")


def test_a_track_is_new_once_and_ends_once() -> None:
    told = events()
    tentative = replace(MOVING, state="tentative")
    assert told.window([tentative], 1_100_000, 100.1) == []
    (new,) = told.window([MOVING], 1_300_000, 100.3)
    assert (new["type"], new["before"]) == ("new", None)
    assert new["after"] == {
        "id": "door-3f2a91c4-1",
        "camera": "dock-3",
        "label": "moving object",
        "score": 1.0,
        "frame_time": 100.3,
        "start_time": 100.0,
        "end_time": None,
        "box": [100.0, 80.0, 160.0, 200.0],
        "area": 7200,
        "velocity_px_s": [-80.0, 0.0],
        "stationary": False,
        "description": None,
        "rung": None,
    }
    assert told.window([MOVING], 1_310_000, 100.31) == []
    (end,) = told.window([], 1_400_000, 100.4)
    assert (end["type"], end["before"]) == ("end", new["after"])
    assert end["after"]["end_time"] == 100.4
    assert told.window([], 1_500_000, 100.5) == []


def test_a_tentative_track_that_goes_is_never_told_of() -> None:
    told = events()
    told.window([replace(MOVING, state="tentative")], 1_100_000, 100.1)
    assert told.window([], 1_200_000, 100.2) == []


def test_coming_to_rest_and_moving_on_are_updates() -> None:
    told = events()
    told.window([MOVING], 1_300_000, 100.3)
    resting = replace(MOVING, state="stationary")
    (rests,) = told.window([resting], 1_400_000, 100.4)
    assert rests["type"] == "update"
    assert rests["after"]["stationary"]
    assert told.window([resting], 1_500_000, 100.5) == []
    (moves,) = told.window([MOVING], 1_600_000, 100.6)
    assert not moves["after"]["stationary"]
    assert moves["before"]["stationary"]


def test_a_caption_describes_its_track_from_then_on() -> None:
    told = events()
    assert told.caption(CAPTION) is None
    told.window([MOVING], 1_300_000, 100.3)
    update = told.caption(CAPTION)
    assert update is not None
    assert update["before"]["description"] is None
    assert update["after"]["description"] == CAPTION.text
    (end,) = told.window([], 1_400_000, 100.4)
    assert (end["after"]["description"], end["after"]["rung"]) == (
        CAPTION.text,
        "cloud",
    )


def test_a_caption_of_another_watch_is_no_news_of_this_ones_tracks() -> None:
    told = events()
    told.window([MOVING], 1_300_000, 100.3)
    assert told.caption(replace(CAPTION, id="gate-00000000-9-1")) is None

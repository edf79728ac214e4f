"""What is said of a track when no model says anything."""

from dataclasses import replace

from caption_parts import CAPTION, TRACK, job
from heliograph.camera.captioning.template import describe, in_words_of_ours, unasked

WALKING = replace(
    TRACK,
    box=replace(TRACK.box, label="person", score=0.87),
    velocity_x_px_s=-80.0,
    velocity_y_px_s=3.0,
    first_us=1_000_000,
)


def test_a_template_tells_class_zone_direction_age_and_score() -> None:
    told = describe(WALKING, 13_000_000, zones=["loading-bay"])
    assert told == "person in loading-bay, moving left, 12 s, 0.87"


def test_what_happened_takes_the_place_of_where_it_is_and_goes() -> None:
    asked = replace(job(), track=WALKING, t_us=13_000_000, zones=("the dock",))
    there = unasked(asked, "away", now_s=1.0).text
    assert there == "person in the dock, moving left, 12 s, 0.87"
    left = unasked(replace(asked, happened="leaves the dock"), "away", now_s=1.0).text
    assert left == "person leaves the dock, 12 s, 0.87"


def test_without_a_zone_and_in_two_directions() -> None:
    falling = replace(WALKING, velocity_y_px_s=40.0)
    assert describe(falling, 1_400_000) == "person, moving left and down, 0 s, 0.87"


def test_what_jitters_moves_in_place_and_what_is_not_seen_rests_or_is_hidden() -> None:
    slow = replace(WALKING, velocity_x_px_s=-4.0)
    assert "moving in place" in describe(slow, 2_000_000)
    assert "at rest" in describe(replace(WALKING, state="stationary"), 2_000_000)
    assert "out of sight" in describe(replace(WALKING, state="coasting"), 2_000_000)


def test_it_is_marked_and_keeps_why_no_model_said_it() -> None:
    failed = replace(CAPTION, text="", error="HTTP 402: the budget is spent")
    told = in_words_of_ours(failed, job())
    assert (told.rung, told.error) == ("template", "HTTP 402: the budget is spent")
    assert told.text == "moving object, moving in place, 0 s, 1.00"
    asked = unasked(job(7), "not asked: away", now_s=5.0)
    assert (asked.rung, asked.error) == ("template", "not asked: away")
    assert (asked.id, asked.track_id, asked.latency_ms) == ("door-7", 7, 0.0)

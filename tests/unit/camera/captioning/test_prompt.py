"""What the model is told."""

from dataclasses import replace

import pytest

from caption_parts import TRACK
from heliograph.camera.captioning.prompt import Asking, motion_of, prompt_for


@pytest.mark.parametrize(
    ("velocity", "words"),
    [
        ((100.0, 0.0), "moves right"),
        ((-100.0, 60.0), "moves left and down"),
        ((0.0, -60.0), "moves up"),
        ((5.0, -5.0), "moves about its place"),
    ],
)
def test_the_motion_is_told_in_words(velocity: tuple[float, float], words: str) -> None:
    track = replace(TRACK, velocity_x_px_s=velocity[0], velocity_y_px_s=velocity[1])
    assert motion_of(track) == words
    assert f"It {words}." in prompt_for(track, Asking())


def test_places_are_called_as_the_config_calls_them() -> None:
    told = prompt_for(
        TRACK, Asking(), zones=["the dock", "the yard"], happened="enters the dock"
    )
    assert "It enters the dock. It is in the dock and the yard: name" in told
    assert "moves about" not in told


@pytest.mark.parametrize(
    "fact",
    ["event camera", "grey means no change", "no colours", "Left half", "one line"],
)
def test_the_prompt_explains_what_the_picture_is(fact: str) -> None:
    assert fact in prompt_for(TRACK, Asking())


def test_the_prompt_says_how_the_close_ups_lie_and_what_else_there_is() -> None:
    assert "Left: as a picture" in prompt_for(TRACK, Asking())
    wide = prompt_for(TRACK, Asking(moments=True), wide=True)
    assert "Above: as a picture" in wide
    assert "Below: only where it just got brighter (white)" in wide
    assert "Bottom row, left to right: when it was first seen" in wide
    assert "twice" not in prompt_for(TRACK, Asking(events=False))
    assert "Bottom row" not in prompt_for(TRACK, Asking())


def test_an_answer_in_json_is_asked_for_in_words_too() -> None:
    told = prompt_for(TRACK, Asking(answer="json"))
    assert "one JSON object" in told
    for name in ("caption", "actions", "carried", "confidence"):
        assert f'"{name}": ' in told
    assert "JSON" not in prompt_for(TRACK, Asking())


def test_a_prompt_of_the_users_own_takes_the_place_of_ours() -> None:
    asking = Asking("Wir sehen: {facts} {{so}}", answer="json")
    assert prompt_for(TRACK, asking) == "Wir sehen: It moves about its place. {so}"


def test_what_a_network_takes_it_for_is_told_as_a_guess() -> None:
    plain = prompt_for(TRACK, Asking())
    guessed = replace(TRACK, box=replace(TRACK.box, label="person"))
    told = prompt_for(guessed, Asking())
    assert "A small detector takes it for: person. It may be wrong. It moves" in told
    assert "detector" not in plain

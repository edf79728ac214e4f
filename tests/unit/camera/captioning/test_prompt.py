"""What the model is told."""

from dataclasses import replace

import pytest

from caption_parts import TRACK
from heliograph.camera.captioning.prompt import motion_of, prompt_for


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
    assert f"It {words}." in prompt_for(track)


def test_places_are_called_as_the_config_calls_them() -> None:
    told = prompt_for(TRACK, zones=["the dock", "the yard"], happened="enters the dock")
    assert "It enters the dock. It is in the dock and the yard: name" in told
    assert "moves about" not in told


@pytest.mark.parametrize(
    "fact",
    ["event camera", "grey means no change", "no colours", "Left half", "one line"],
)
def test_the_prompt_explains_what_the_picture_is(fact: str) -> None:
    assert fact in prompt_for(TRACK)

"""What is drawn, pixel by pixel where it matters."""

from typing import get_args

import numpy as np
import pytest

from heliograph.camera.sinks.overlay import BAND, BAND_PX, COLOURS, Overlay, Scene
from heliograph.camera.types import Box, Size, Track, TrackState

SIZE = Size(321, 240)
GREY = 100


def track(state: TrackState = "confirmed", box: Box | None = None) -> Track:
    box = box or Box(100, 80, 60, 50)
    return Track(7, box, state, first_us=0, last_seen_us=0, hits=9)


def scene(*tracks: Track, said: str = "") -> Scene:
    picture = np.full((SIZE.height, SIZE.width), GREY, np.uint8)
    return Scene(picture, tracks, at_s=1.25, events_per_s=2.5e6, said={7: said})


def test_a_small_sensor_is_shown_larger_and_a_film_may_have_its_size() -> None:
    overlay = Overlay(SIZE, "bar.raw")
    frame = overlay.draw(scene())
    assert overlay.scale == 2
    assert frame.shape == overlay.shape == (480 + BAND_PX, 642, 3)
    assert frame.dtype == np.uint8
    assert Overlay(Size(1281, 719), "bar.raw").shape == (720 + BAND_PX, 1282, 3)


def test_nothing_of_the_picture_is_lost_and_it_stays_as_it_was() -> None:
    shown = scene()
    shown.picture[10:20, 30:40] = 200
    before = shown.picture.copy()
    frame = Overlay(SIZE, "bar.raw").draw(shown)
    assert np.array_equal(shown.picture, before)
    assert np.array_equal(frame[: 2 * 240 : 2, : 2 * 321 : 2, 0], before)
    assert (frame[480:] != BAND).any(axis=2).sum() > 50, "time, rate and name"


@pytest.mark.parametrize("state", get_args(TrackState))
def test_a_box_has_the_colour_of_its_state(state: TrackState) -> None:
    frame = Overlay(SIZE, "bar.raw").draw(scene(track(state)))
    assert tuple(frame[2 * 105, 2 * 100]) == COLOURS[state]
    assert tuple(frame[2 * 105, 2 * 130]) == (GREY,) * 3


def test_what_was_said_makes_the_chip_larger_and_a_guess_has_none() -> None:
    overlay = Overlay(SIZE, "bar.raw")
    none = overlay.draw(scene(track("tentative"), said="A person walks by"))[:480]
    bare = overlay.draw(scene(track()))[:480]
    told = overlay.draw(scene(track(), said="A person walks by"))[:480]
    chips = [(frame == BAND).all(axis=2).sum() for frame in (none, bare, told)]
    assert chips[0] == 0
    assert 0 < chips[1] < chips[2]


@pytest.mark.parametrize(
    "box", [Box(0, 0, 320, 239), Box(-50, -50, 40, 40), Box(315, 235, 300, 300)]
)
def test_a_chip_keeps_within_the_picture(box: Box) -> None:
    told = "a very long caption that says and says " * 9
    frame = Overlay(SIZE, "bar.raw").draw(scene(track(box=box), said=told))
    rows, columns = np.nonzero((frame[:480] == BAND).all(axis=2))
    assert len(rows) > 1000
    assert columns.max() <= 642
    chip = np.ptp(rows) + 1
    assert chip < 120, "three lines of it"
    assert (frame[480:] != BAND).any(), "the band is there"


def test_a_long_name_gives_way_to_the_numbers() -> None:
    with_name = Overlay(SIZE, "bar.raw").draw(scene())
    without = Overlay(SIZE, "x" * 200).draw(scene())
    assert (with_name[480:, 400:] != BAND).any()
    assert (without[480:, 400:] == BAND).all()
    assert np.array_equal(with_name[480:, :200], without[480:, :200])

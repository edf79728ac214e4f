"""The picture for the model: two equal panels, one close up, one of all."""

import io
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from heliograph.camera.captioning.montage import (
    FRAME_RGB,
    SEAM,
    STRIP_HEIGHT,
    montage,
    montage_size,
)
from heliograph.camera.captioning.sight import (
    MID_GREY,
    SCENE_HEIGHT,
    SCENE_WIDTH,
    Sight,
    see,
    signed_events,
    whole,
)
from heliograph.camera.types import Box
from heliograph.gateway.catalog.picture_tokens import picture_tokens

Pixels = NDArray[np.uint8]
ROOT = Path(__file__).parents[4]
FRAME_BGR = FRAME_RGB[::-1]
WHITE = 254
"""255 is the frame's."""


def scene(*, height: int = 480, width: int = 640) -> Pixels:
    """Return grey with a white square of 40 pixels at (100, 200)."""
    picture = np.full((height, width), MID_GREY, np.uint8)
    picture[200:240, 100:140] = 255
    return picture


def sight(picture: Pixels, box: Box, *, events: Pixels | None = None) -> Sight:
    return see(picture, box, whole(picture), events=events)


def panels(png: bytes) -> tuple[Pixels, Pixels]:
    whole = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    assert whole.shape == (SCENE_HEIGHT, 2 * SCENE_WIDTH, 3)
    pixels = np.asarray(whole, np.uint8)
    return pixels[:, :SCENE_WIDTH], pixels[:, SCENE_WIDTH:]


SQUARE = Box(100, 200, 40, 40)


def test_the_left_panel_shows_the_box_up_close() -> None:
    left, right = panels(montage(sight(scene(), SQUARE)))
    close, far = (np.count_nonzero((p == WHITE).all(axis=2)) for p in (left, right))
    assert close > 20 * far > 0


def test_the_right_panel_frames_the_box_where_it_is() -> None:
    _, right = panels(montage(sight(scene(), SQUARE)))
    rows, columns = np.nonzero((right == FRAME_BGR).all(axis=2))
    scale = SCENE_HEIGHT / 480
    assert columns.min() == pytest.approx(100 * scale, abs=2)
    assert columns.max() == pytest.approx(140 * scale, abs=2)
    assert rows.min() == pytest.approx(200 * scale, abs=2)
    assert rows.max() == pytest.approx(240 * scale, abs=2)


def test_only_the_frame_has_a_colour_and_the_left_panel_none() -> None:
    left, right = panels(montage(sight(scene(), SQUARE)))
    assert np.ptp(left, axis=2).max() == 0
    coloured = right[np.ptp(right, axis=2) > 0]
    assert (coloured == FRAME_BGR).all()


def test_where_nothing_changes_the_picture_is_mid_grey() -> None:
    still = np.full((480, 640), MID_GREY, np.uint8)
    left, right = panels(montage(sight(still, SQUARE)))
    assert (left == MID_GREY).all()
    assert (right[~(right == FRAME_BGR).all(axis=2)] == MID_GREY).all()


def test_the_picture_given_is_not_modified() -> None:
    picture = scene()
    picture.setflags(write=False)
    montage(sight(picture, SQUARE))
    assert np.array_equal(picture, scene())


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 640, 480),
        Box(600, 440, 80, 80),
        Box(-20, -20, 30, 30),
        Box(639, 479, 1, 1),
        Box(320, 0, 2, 480),
        Box(900, 900, 10, 10),
    ],
)
@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (320, 320), (4, 3)])
def test_any_box_on_any_sensor_gives_a_picture_of_the_same_size(
    box: Box, size: tuple[int, int]
) -> None:
    picture = np.full(size, MID_GREY, np.uint8)
    panels(montage(sight(picture, box)))


def test_another_decoder_reads_the_same_pixels_and_finds_no_fault() -> None:
    png = montage(sight(scene(), SQUARE))
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        picture.load()
        assert picture.mode == "P"
        theirs = np.asarray(picture.convert("RGB"))
    ours = np.hstack(panels(png))
    assert np.array_equal(theirs, ours[:, :, ::-1])


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32)]
)
def test_another_shape_or_depth_is_refused(wrong: Pixels) -> None:
    with pytest.raises(ValueError, match="uint8 of shape"):
        whole(wrong)


def signed() -> Pixels:
    """Return events: darker on the left of the square, brighter on its right."""
    surface = np.zeros((2, 480, 640), np.uint8)
    surface[0, 200:240, 100:120] = 255
    surface[1, 200:240, 120:140] = 255
    return signed_events(surface)


def test_both_polarities_of_the_events_survive_and_rest_is_grey() -> None:
    events = signed()
    assert events[220, 110] <= 1
    assert events[220, 130] >= 254
    assert (events[:100] == MID_GREY).all()


def test_an_upright_track_is_shown_twice_side_by_side() -> None:
    shown = sight(scene(), Box(100, 200, 40, 60), events=signed())
    left, _ = panels(montage(shown))
    picture, events = left[:, : SCENE_WIDTH // 2], left[:, SCENE_WIDTH // 2 :]
    assert not shown.is_wide
    assert (picture == WHITE).any()
    assert not (picture == 0).any()
    assert (events <= 2).any()
    assert (events[:, 0] == SEAM).all()


def test_a_wide_track_is_shown_twice_one_above_the_other() -> None:
    shown = sight(scene(), Box(60, 210, 160, 20), events=signed())
    left, _ = panels(montage(shown))
    picture, events = left[: SCENE_HEIGHT // 2], left[SCENE_HEIGHT // 2 :]
    assert shown.is_wide
    assert (picture == WHITE).any()
    assert not (picture == 0).any()
    assert (events <= 2).any()
    assert (events[0] == SEAM).all()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_moments_are_a_strip_below_in_their_order(number: int) -> None:
    one = sight(scene(), SQUARE)
    empty = sight(np.full((480, 640), MID_GREY, np.uint8), SQUARE)
    png = montage(one, moments=[empty, one, empty][:number])
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert drawn.shape[::-1] == montage_size(moments=True)
    strip = drawn[SCENE_HEIGHT:]
    assert len(strip) == STRIP_HEIGHT
    columns = np.nonzero((strip == WHITE).any(axis=0))[0]
    if number == 1:
        assert len(columns) == 0
    else:
        assert 341 < columns.min() < columns.max() < 683


def test_every_montage_has_the_size_that_is_known_beforehand() -> None:
    for picture in (scene(), scene(height=720, width=1280)):
        with Image.open(io.BytesIO(montage(sight(picture, SQUARE)))) as drawn:
            assert drawn.size == montage_size() == (1024, 384)


def test_a_webp_holds_the_same_pixels() -> None:
    shown = sight(scene(), SQUARE, events=signed())
    png, webp = montage(shown), montage(shown, form="webp")
    assert webp.startswith(b"RIFF")
    with Image.open(io.BytesIO(webp), formats=["WEBP"]) as theirs:
        assert np.array_equal(
            np.asarray(theirs.convert("RGB"))[:, :, ::-1], np.hstack(panels(png))
        )


def test_a_sight_keeps_no_part_of_the_picture_it_was_cut_from() -> None:
    picture = scene()
    kept = sight(picture, SQUARE, events=signed())
    assert not np.shares_memory(kept.close, picture)
    assert not np.shares_memory(kept.scene.grey, picture)


def test_the_guide_says_what_a_picture_costs_by_the_gateways_own_rules() -> None:
    guide = (ROOT / "docs/guide/camera.md").read_text("utf-8")
    row = r"^\| `(\w+)/([^`]+)` \| ([\d,]+) \| ([\d,]+) \|"
    rows = re.findall(row, guide, re.MULTILINE)
    assert len(rows) == 4
    for vendor, model, plain, with_moments in rows:
        for told, moments in ((plain, False), (with_moments, True)):
            likely, _ = picture_tokens(vendor, model, montage_size(moments=moments))
            assert int(told.replace(",", "")) == likely

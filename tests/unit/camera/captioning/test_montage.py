"""The picture for the model: two equal panels, one close up, one of all."""

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from heliograph.camera.captioning.montage import (
    FRAME_RGB,
    MID_GREY,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    montage,
)
from heliograph.camera.types import Box

Pixels = NDArray[np.uint8]
FRAME_BGR = FRAME_RGB[::-1]
WHITE = 254
"""255 is the frame's."""


def scene(*, height: int = 480, width: int = 640) -> Pixels:
    """Return grey with a white square of 40 pixels at (100, 200)."""
    picture = np.full((height, width), MID_GREY, np.uint8)
    picture[200:240, 100:140] = 255
    return picture


def panels(png: bytes) -> tuple[Pixels, Pixels]:
    whole = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    assert whole.shape == (PANEL_HEIGHT, 2 * PANEL_WIDTH, 3)
    pixels = np.asarray(whole, np.uint8)
    return pixels[:, :PANEL_WIDTH], pixels[:, PANEL_WIDTH:]


SQUARE = Box(100, 200, 40, 40)


def test_the_left_panel_shows_the_box_up_close() -> None:
    left, right = panels(montage(scene(), SQUARE))
    close, far = (np.count_nonzero((p == WHITE).all(axis=2)) for p in (left, right))
    assert close > 20 * far > 0


def test_the_right_panel_frames_the_box_where_it_is() -> None:
    _, right = panels(montage(scene(), SQUARE))
    rows, columns = np.nonzero((right == FRAME_BGR).all(axis=2))
    scale = PANEL_HEIGHT / 480
    assert columns.min() == pytest.approx(100 * scale, abs=2)
    assert columns.max() == pytest.approx(140 * scale, abs=2)
    assert rows.min() == pytest.approx(200 * scale, abs=2)
    assert rows.max() == pytest.approx(240 * scale, abs=2)


def test_only_the_frame_has_a_colour_and_the_left_panel_none() -> None:
    left, right = panels(montage(scene(), SQUARE))
    assert np.ptp(left, axis=2).max() == 0
    coloured = right[np.ptp(right, axis=2) > 0]
    assert (coloured == FRAME_BGR).all()


def test_where_nothing_changes_the_picture_is_mid_grey() -> None:
    still = np.full((480, 640), MID_GREY, np.uint8)
    left, right = panels(montage(still, SQUARE))
    assert (left == MID_GREY).all()
    assert (right[~(right == FRAME_BGR).all(axis=2)] == MID_GREY).all()


def test_the_picture_given_is_not_modified() -> None:
    picture = scene()
    picture.setflags(write=False)
    montage(picture, SQUARE)
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
    panels(montage(picture, box))


def test_another_decoder_reads_the_same_pixels_and_finds_no_fault() -> None:
    png = montage(scene(), SQUARE)
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
        montage(wrong, SQUARE)

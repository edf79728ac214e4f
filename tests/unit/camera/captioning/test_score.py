"""Larger, busier and sharper views score higher."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.camera.captioning.score import score_view
from heliograph.camera.types import Box

Grey = NDArray[np.uint8]


def striped(width: int, *, blur: int = 0) -> tuple[Grey, Grey]:
    """Return a surface and a picture with stripes in the left *width* columns."""
    picture = np.full((120, 160), 128, np.uint8)
    picture[20:100, 20 : 20 + width : 8] = 250
    if blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (blur, blur), 0), np.uint8)
    surface = np.zeros((2, 120, 160), np.uint8)
    surface[1, 20:100, 20 : 20 + width : 8] = 255
    return surface, picture


BOX = Box(10, 10, 120, 100)


def test_a_larger_view_scores_higher() -> None:
    assert score_view(*striped(100), BOX) > score_view(*striped(50), BOX)


def test_a_sharper_view_scores_higher() -> None:
    assert score_view(*striped(100), BOX) > score_view(*striped(100, blur=9), BOX)


def test_both_polarities_count_as_busy() -> None:
    surface, picture = striped(100)
    turned = surface[::-1].copy()
    assert score_view(turned, picture, BOX) == score_view(surface, picture, BOX) > 0


@pytest.mark.parametrize(
    "box", [Box(150, 110, 10, 10), Box(400, 400, 20, 20), Box(-50, -50, 20, 20)]
)
def test_an_empty_or_outside_box_scores_nothing(box: Box) -> None:
    assert score_view(*striped(50), box) == 0.0


def test_the_input_is_not_modified() -> None:
    surface, picture = striped(100)
    before = surface.copy(), picture.copy()
    score_view(surface, picture, BOX)
    assert np.array_equal(surface, before[0])
    assert np.array_equal(picture, before[1])

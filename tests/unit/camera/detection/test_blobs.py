"""Blobs on hand-made surfaces."""

import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.camera.detection.blobs import TAU_US, BlobDetector, BlobSettings
from heliograph.camera.detection.detector import Detector
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(320, 240)
Surface = NDArray[np.uint8]


def surface(*patches: tuple[int, int, int, int]) -> Surface:
    """Return a surface on which these (x, y, width, height) fired now."""
    made = np.zeros((2, SIZE.height, SIZE.width), np.uint8)
    for x, y, width, height in patches:
        made[1, y : y + height, x : x + width] = 255
    return made


def boxes(
    made: Surface, settings: BlobSettings | None = None
) -> list[tuple[float, float, float, float]]:
    detector = BlobDetector(SIZE, settings)
    return [(b.x, b.y, b.width, b.height) for b in detector.find(made)]


def test_an_empty_surface_has_no_boxes() -> None:
    assert boxes(surface()) == []


def test_a_moving_thing_is_one_box_around_it() -> None:
    assert boxes(surface((80, 40, 32, 64))) == [(80, 40, 32, 64)]


def test_either_polarity_and_both_together_make_a_thing() -> None:
    made = surface((80, 40, 16, 64))
    made[0, 40:104, 96:112] = 255
    assert boxes(made) == [(80, 40, 32, 64)]
    assert boxes(np.ascontiguousarray(made[::-1])) == [(80, 40, 32, 64)]


def test_two_things_are_two_boxes_the_larger_first() -> None:
    assert boxes(surface((8, 8, 32, 32), (200, 96, 48, 96))) == [
        (200, 96, 48, 96),
        (8, 8, 32, 32),
    ]


def test_things_that_touch_but_for_a_small_gap_are_one() -> None:
    assert boxes(surface((80, 40, 32, 32), (80, 88, 32, 32))) == [(80, 40, 32, 80)]


def test_a_thing_at_the_border_keeps_its_place_and_stays_inside() -> None:
    assert boxes(surface((296, 200, 24, 40))) == [(296, 200, 24, 40)]
    assert boxes(surface((0, 0, 24, 40))) == [(0, 0, 24, 40)]
    odd = BlobDetector(Size(317, 237))
    [box] = odd.find(np.full((2, 237, 317), 255, np.uint8))
    assert (box.x + box.width, box.y + box.height) == (317, 237)


def test_noise_without_company_is_nothing_however_much() -> None:
    made = surface()
    made[1, ::2, ::2] = 255
    assert boxes(made) == []


def test_random_noise_of_one_in_fifty_pixels_is_nothing() -> None:
    seeded = np.random.default_rng(7)
    made = np.where(seeded.random((2, 240, 320)) < 0.01, 255, 0).astype(np.uint8)
    assert boxes(made) == []


def test_what_fired_longer_ago_is_left_out() -> None:
    made = surface((80, 40, 32, 64))
    made[made > 0] = 127
    assert boxes(made) == []
    assert boxes(made, BlobSettings(level_min=127)) == [(80, 40, 32, 64)]


def test_small_thin_and_sparse_things_are_left_out() -> None:
    assert boxes(surface((80, 40, 16, 16))) == []
    assert boxes(surface((0, 40, 8, 120))) == []
    # A long diagonal fills little of its box.
    line = surface(*((16 + 2 * i, 16 + 2 * i, 2, 2) for i in range(90)))
    assert boxes(line) == []


def test_no_more_boxes_than_the_settings_allow() -> None:
    made = surface(*((x, y, 32, 32) for x in (0, 80, 160) for y in (0, 80, 160)))
    assert len(boxes(made)) == 9
    assert len(boxes(made, BlobSettings(boxes_max=4))) == 4


def test_the_surface_is_not_modified_and_a_second_look_sees_the_same() -> None:
    made = surface((80, 40, 32, 64))
    before = made.copy()
    detector = BlobDetector(SIZE)
    first = detector.find(made)
    detector.find(surface())
    assert detector.find(made) == first
    assert np.array_equal(made, before)
    assert first[0].label == "moving object"
    assert first[0].score == 1.0


def test_a_surface_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 10, 10\), not \(2, 240, 320\)"):
        BlobDetector(SIZE).find(np.zeros((2, 10, 10), np.uint8))


def patch(x: int, y: int, width: int, height: int, *, t_us: int) -> Packet:
    """Return an event of every pixel of the patch at *t_us*."""
    packet = np.zeros(width * height, EVENT)
    rows, columns = np.mgrid[y : y + height, x : x + width]
    packet["x"], packet["y"] = columns.ravel(), rows.ravel()
    packet["p"], packet["t"] = 1, t_us
    return packet


def test_what_came_in_packets_is_found_until_it_has_faded() -> None:
    detector: Detector = BlobDetector(SIZE)
    detector.update(patch(80, 40, 32, 32, t_us=1_000))
    detector.update(patch(80, 72, 32, 32, t_us=2_000))
    [box] = detector.detect(10_000)
    assert (box.x, box.y, box.width, box.height) == (80, 40, 32, 64)
    assert detector.detect(10_000) == [box]
    assert detector.detect(10_000 + TAU_US) == []


@pytest.mark.parametrize("size", [SIZE, Size(317, 237)])
@pytest.mark.parametrize("level", [1, 128, 255])
def test_what_is_found_at_once_is_what_the_drawn_levels_show(
    size: Size, level: int
) -> None:
    seeded = np.random.default_rng(level)
    chosen = BlobSettings(level_min=level, cells_min=1, cell_pixels_min=2)
    detector = BlobDetector(size, chosen)
    for now_us in range(10_000, 400_000, 10_000):
        events = np.zeros(3_000, EVENT)
        left, top = seeded.integers(0, size.width), seeded.integers(0, size.height)
        events["x"] = (left + seeded.integers(0, 60, 3_000)) % size.width
        events["y"] = (top + seeded.integers(0, 40, 3_000)) % size.height
        events["p"] = seeded.integers(0, 2, 3_000)
        events["t"] = np.sort(seeded.integers(now_us - 10_000, now_us, 3_000))
        detector.update(events)
        at_once = detector.detect(now_us)
        assert at_once == BlobDetector(size, chosen).find(detector.levels.at(now_us))
        assert at_once or level == 255

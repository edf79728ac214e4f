"""Which labels count, by their size and the sensor's."""

import pytest

from heliograph.camera.types import Size
from heliograph.labelled import PROPHESEE_1MPX, PROPHESEE_GEN1
from heliograph.labelled.boxes import EVERY_LABEL, PROPHESEE, Judging, Label, parted

SMALL, WIDE = Size(304, 240), Size(1280, 720)


def counts(judging: Judging, width: float, height: float, size: Size) -> bool:
    judged, ignored = parted([Label(10, 10, width, height, "person")], size, judging)
    assert len(judged) + len(ignored) == 1
    return bool(judged)


@pytest.mark.parametrize(
    ("width", "height", "counted"),
    [(10, 29, 1), (10, 28, 0), (9, 90, 0), (90, 9, 0), (21, 22, 1), (21, 21, 0)],
)
def test_boxes_count_from_prophesees_sides_and_diagonals_on(
    width: float, height: float, counted: int
) -> None:
    assert counts(PROPHESEE_GEN1, width, height, SMALL) == counted
    assert counts(PROPHESEE_1MPX, 2 * width, 2 * height, WIDE) == counted
    assert counts(EVERY_LABEL, width, height, SMALL)


@pytest.mark.parametrize(
    ("visible", "visible_min", "counted"),
    [(0.5, 0.0, 1), (0.5, 0.65, 0), (0.65, 0.65, 1), (1.0, 0.65, 1)],
)
def test_what_shows_too_little_of_itself_does_not_count(
    visible: float, visible_min: float, counted: int
) -> None:
    label = Label(10, 10, 40, 40, "person", visible=visible)
    judged, ignored = parted([label], SMALL, Judging(visible_min=visible_min))
    assert (len(judged), len(ignored)) == (counted, 1 - counted)


@pytest.mark.parametrize("width", [8, 12, 19, 25, 60])
@pytest.mark.parametrize("height", [8, 30, 55, 65])
def test_on_each_sensor_boxes_count_as_where_prophesee_counted(
    width: float, height: float
) -> None:
    for size, theirs in ((SMALL, PROPHESEE_GEN1), (WIDE, PROPHESEE_1MPX)):
        ours = counts(PROPHESEE, width, height, size)
        assert ours == counts(theirs, width, height, size)

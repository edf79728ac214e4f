import json
from pathlib import Path

import pytest

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.types import Box, Packet, Size
from heliograph.evaluation.labelled_set import (
    EVERY_SENSOR,
    MOMENTS_MAX,
    LabelledSet,
    SetFigures,
    judge_set,
)
from heliograph.evaluation.subject import Subject
from heliograph.labelled import CLASS_MAPS, LabelError
from labelled_files import write_labelled

LABELLED = Box(20, 30, 40, 80, "person")


class Seer:
    """A detector that sees the labelled box in the first half second only."""

    def __init__(self, size: Size) -> None:
        self.size = size

    def update(self, packet: Packet) -> None:
        assert len(packet)

    def detect(self, now_us: int) -> list[Box]:
        return [LABELLED] if now_us < 500_000 else []


def judged(folder: Path, *sizes: Size) -> SetFigures:
    subject = Subject("seer", Seer, Seer, ("person",), parts=False, facts={})
    rows = [(t, 20.0, 30.0, 40.0, 80.0, 0, 1.0) for t in (200_000, 400_000, 800_000)]
    for number, size in enumerate(sizes):
        write_labelled(folder, f"walk{number:02}", rows, size=size)
    given = LabelledSet("walks", folder, 100_000, classes=CLASS_MAPS["simulator"])
    return judge_set(given, subject, FilterSettings(), resamples=5)


def test_sensors_are_told_apart_and_together(tmp_path: Path) -> None:
    figures = judged(tmp_path, Size(640, 480), Size(320, 240))
    assert [*figures.by_sensor] == [EVERY_SENSOR, "320x240", "640x480"]
    counts = [one.classes[0].truths for one in figures.by_sensor.values()]
    assert counts == [6, 3, 3]
    point = figures.by_sensor[EVERY_SENSOR].classes[0].operating
    assert (point.precision, point.recall) == (1.0, 2 / 3)
    assert (figures.windows, figures.sources) == (6, 2)


def test_one_sensor_is_all_of_them(tmp_path: Path) -> None:
    assert [*judged(tmp_path, Size(320, 240)).by_sensor] == ["320x240"]


def test_an_index_tells_how_the_camera_moved(tmp_path: Path) -> None:
    scenes = [
        {"recording": f"walk{at:02}.raw", "camera": camera}
        for at, camera in enumerate(("static", "panning", "static"))
    ]
    (tmp_path / "scenes.json").write_text(json.dumps({"scenes": scenes}))
    figures = judged(tmp_path, *[Size(320, 240)] * 4)
    assert {
        camera: one.classes[0].truths for camera, one in figures.by_camera.items()
    } == {"panning": 3, "static": 6}
    # Of the last one nothing is told.
    assert figures.by_sensor["320x240"].classes[0].truths == 12


def test_without_an_index_nobody_knows_how_it_moved(tmp_path: Path) -> None:
    assert judged(tmp_path, Size(320, 240)).by_camera == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"scenes": [{"camera": 1}]}'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "scenes.json").write_text(text)
    with pytest.raises(
        LabelError, match=r"scenes.json is no index of scenes .*: remove"
    ):
        judged(tmp_path, Size(320, 240))


def test_of_each_of_the_worst_recordings_its_worst_window_is_kept(
    tmp_path: Path,
) -> None:
    figures = judged(tmp_path, *[Size(320, 240)] * (MOMENTS_MAX + 2))
    assert len(figures.shown) == len(figures.failed) == MOMENTS_MAX
    assert len({moment.name for moment in figures.failed}) == MOMENTS_MAX
    assert all(moment.found == () for moment in figures.failed)
    assert all(moment.truths == (LABELLED,) for moment in figures.failed)
    assert all(moment.picture.shape == (240, 320) for moment in figures.failed)

"""From real events to tracks: the person is found, the noise is not."""

from typing import NamedTuple

import pytest

from heliograph import camera
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.blobs import FILTERED, BlobDetector, BlobSettings
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box, Track
from recordings.shared_data import recording_path


class Window(NamedTuple):
    """What a window of the recording gave; `t_s` is since its begin."""

    now_us: int
    t_s: float
    boxes: list[Box]
    tracks: tuple[Track, ...]


# As the sensor sent them, and through the filter that is on by default.
AS_SENT = FilterSettings(background_us=0)
WAYS = [(AS_SENT, BlobSettings()), (FilterSettings(), FILTERED)]


def windows_of(
    name: str, filter_settings: FilterSettings, blobs: BlobSettings
) -> list[Window]:
    windows = []
    with camera.open(recording_path(name)) as recording:
        filters = Filters(recording.size, filter_settings, window_us=10_000)
        detector, tracker = BlobDetector(recording.size, blobs), Tracker(recording.size)
        for packet in recording:
            detector.update(filters.apply(packet))
            boxes = detector.detect(recording.now_us)
            tracks = tracker.update(boxes, recording.now_us)
            t_s = (recording.now_us - recording.begin_us) / 1e6
            windows.append(Window(recording.now_us, t_s, boxes, tracks))
    return windows


@pytest.fixture(scope="module", params=WAYS, ids=["as sent", "filtered"])
def way(request: pytest.FixtureRequest) -> tuple[FilterSettings, BlobSettings]:
    chosen: tuple[FilterSettings, BlobSettings] = request.param
    return chosen


@pytest.fixture(scope="module")
def sweep(way: tuple[FilterSettings, BlobSettings]) -> list[Window]:
    return windows_of("gen31_person_sweep_evt3.raw", *way)


def test_noise_gives_no_box_and_no_track(
    way: tuple[FilterSettings, BlobSettings],
) -> None:
    windows = windows_of("imx636_noise_evt3.raw", *way)
    assert len(windows) == 126
    assert all(not window.boxes and not window.tracks for window in windows)


def test_the_quiet_before_the_person_gives_a_box_at_most(sweep: list[Window]) -> None:
    quiet = [window for window in sweep if window.t_s <= 0.7]
    assert len(quiet) == 70
    assert sum(len(window.boxes) for window in quiet) <= 1
    assert all(t.state == "tentative" for window in quiet for t in window.tracks)


def test_the_person_is_a_confirmed_track_that_fills_the_height(
    sweep: list[Window],
) -> None:
    at_sweep = [window for window in sweep if 1.28 <= window.t_s <= 1.45]
    seen = [
        [t for t in w.tracks if t.state == "confirmed" and t.last_seen_us == w.now_us]
        for w in at_sweep
    ]
    assert [len(tracks) for tracks in seen] == [1] * 18
    assert len({tracks[0].id for tracks in seen}) == 1
    for [person] in seen:
        assert person.box.height > 300
        assert 280 <= person.box.x <= 340
        assert person.box.x + person.box.width <= 440


def test_a_person_cut_across_by_what_has_no_contrast_is_one_track(
    sweep: list[Window],
) -> None:
    apart = sum(len(window.boxes) > 1 for window in sweep)
    assert apart > 20
    believed = {t.id for w in sweep for t in w.tracks if t.state != "tentative"}
    assert len(believed) == 1


def test_a_street_seen_from_a_moving_car_is_boxes_within_the_sensor(
    way: tuple[FilterSettings, BlobSettings],
) -> None:
    [window] = windows_of("gen41_street_evt3.raw", *way)
    assert window.boxes
    for box in window.boxes:
        assert 0 <= box.x < box.x + box.width <= 1280
        assert 0 <= box.y < box.y + box.height <= 720

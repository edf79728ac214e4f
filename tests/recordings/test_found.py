"""What the network of the package finds on real recordings, as a watch asks it."""

from heliograph import camera
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.network import NetworkDetector
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.types import Box
from heliograph.evaluation.matching import intersection_over_union
from recordings.shared_data import recording_path

NEAREST_CAR = Box(790, 284, 190, 138)
"""Parked at the right of the street; read off a picture by hand."""


def found(name: str) -> list[list[Box]]:
    """Return what counts at the end of each window of 10 ms."""
    boxes = []
    with camera.open(recording_path(name)) as recording:
        filters = Filters(recording.size, FilterSettings(), window_us=10_000)
        detector = NetworkDetector(recording.size)
        for packet in recording:
            detector.update(filters.apply(packet))
            seen = detector.detect(recording.now_us)
            boxes.append([box for box in seen if not box.is_weak])
    return boxes


def test_the_nearest_car_of_the_street_is_a_vehicle_and_nothing_is_made_up() -> None:
    [boxes] = found("gen41_street_evt3.raw")
    vehicles = [box for box in boxes if box.label == "vehicle"]
    assert max(intersection_over_union(box, NEAREST_CAR) for box in vehicles) > 0.6
    assert len(boxes) < 5


def test_who_sweeps_through_is_one_person_while_they_move() -> None:
    windows = found("gen31_person_sweep_evt3.raw")[100:150]
    labels = {box.label for boxes in windows for box in boxes}
    assert labels == {"person"}
    assert sum(len(boxes) == 1 for boxes in windows) > 0.9 * len(windows)


def test_on_noise_nothing_is_found() -> None:
    assert not any(found("imx636_noise_evt3.raw"))

"""What the network of the package finds on real recordings, as a watch asks it."""

from statistics import median

from heliograph import camera
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.network import NetworkDetector
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.types import Box
from heliograph.evaluation.matching import intersection_over_union
from recordings.shared_data import recording_path

NEAREST_CAR = Box(790, 284, 190, 138)
"""Parked at the right of the street; read off a picture by hand."""


def told(name: str) -> list[tuple[int, list[Box]]]:
    """Return the events of each window of 10 ms, and what is told at its end."""
    windows = []
    with camera.open(recording_path(name)) as recording:
        filters = Filters(recording.size, FilterSettings(), window_us=10_000)
        detector = NetworkDetector(recording.size)
        for packet in recording:
            events = len(packet)
            detector.update(filters.apply(packet))
            windows.append((events, detector.detect(recording.now_us)))
    return windows


def found(name: str) -> list[tuple[int, list[Box]]]:
    """Return the same, of what counts: of what a track may begin with."""
    return [
        (events, [box for box in boxes if not box.is_weak])
        for events, boxes in told(name)
    ]


def test_the_surest_on_the_street_is_its_nearest_car_and_nothing_is_made_up() -> None:
    # Surest of all, but short of what counts: the model card says so.
    [(_, boxes)] = told("gen41_street_evt3.raw")
    surest = max(boxes, key=lambda box: box.score)
    assert surest.label == "vehicle"
    assert intersection_over_union(surest, NEAREST_CAR) > 0.6
    assert not [box for box in boxes if not box.is_weak]


def test_who_sweeps_through_is_one_person_while_they_move() -> None:
    windows = found("gen31_person_sweep_evt3.raw")
    # Nobody is there in the first 0.6 s.
    calm = median(events for events, _ in windows[:60])
    moving = [boxes for events, boxes in windows if events > 2 * calm]
    assert len(moving) > 50
    assert {box.label for boxes in moving for box in boxes} == {"person"}
    assert all(len(boxes) == 1 for boxes in moving)


def test_on_noise_nothing_is_found() -> None:
    assert not any(boxes for _, boxes in found("imx636_noise_evt3.raw"))

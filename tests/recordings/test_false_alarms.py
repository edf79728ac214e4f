"""What detectors find in real recordings where nothing is."""

from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.evaluation.command import SWEEP_EMPTY
from heliograph.evaluation.false_alarms import count_false_alarms
from heliograph.evaluation.subject import subject_of
from recordings.shared_data import recording_path

FILTERS = FilterSettings()
BLOBS = subject_of(DetectorSettings("blobs"), FILTERS)
NETWORK = subject_of(DetectorSettings("network"), FILTERS)


def test_blobs_find_nothing_in_noise() -> None:
    path = recording_path("imx636_noise_evt3.raw")
    alarms = count_false_alarms(path, BLOBS, FILTERS)
    assert (alarms.boxes, alarms.tracks) == (0, 0)
    assert 1.2 < alarms.seconds < 1.3


def test_blobs_track_nothing_where_the_sweep_is_empty() -> None:
    path = recording_path("gen31_person_sweep_evt3.raw")
    alarms = count_false_alarms(path, BLOBS, FILTERS, empty=SWEEP_EMPTY)
    # One group of noise pixels makes one box in one window.
    assert (alarms.boxes, alarms.tracks) == (1, 0)
    assert 0.7 < alarms.seconds < 0.85


def test_the_network_that_ships_finds_nothing_in_noise() -> None:
    path = recording_path("imx636_noise_evt3.raw")
    alarms = count_false_alarms(path, NETWORK, FILTERS)
    assert (alarms.boxes, alarms.tracks) == (0, 0)

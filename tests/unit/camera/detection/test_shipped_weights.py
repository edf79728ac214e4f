"""The weights that come with the package."""

from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.detection.choosing import choose_detector
from heliograph.camera.detection.weights import read_weights
from heliograph.camera.types import Size
from heliograph.labelled.classes import CLASSES

BYTES_MAX = 1_000_000


def test_they_are_small_and_a_network_needs_no_file() -> None:
    name, data = read_weights(None)
    assert name == "detector.onnx"
    assert len(data) <= BYTES_MAX
    chosen = choose_detector(Size(640, 480), DetectorSettings("network"), filtered=True)
    assert chosen.facts.classes == CLASSES
    assert not chosen.parts
    chosen.detector.detect(10_000)

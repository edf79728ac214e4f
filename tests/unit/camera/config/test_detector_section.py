"""What finds things, from the file and from options."""

from pathlib import Path

import pytest

from heliograph.camera.config import CameraConfig, SettingError
from heliograph.camera.config.detector import (
    DEFAULT_KIND,
    EVERY,
    DetectorChoice,
    DetectorSettings,
)
from heliograph.camera.config.file import read_camera_text

FILE = Path("net.onnx")


def read(text: str) -> DetectorSettings | list[str]:
    found = read_camera_text(text, file="c", environ={})
    if isinstance(found, CameraConfig):
        return found.watch.detector
    return [str(one) for one in found]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("camera: a", DetectorSettings(DEFAULT_KIND)),
        ("detector: {kind: blobs}", DetectorSettings("blobs")),
        ("detector: {kind: network}", DetectorSettings("network")),
        ("detector: {weights: net.onnx}", DetectorSettings("network", FILE)),
        ("detector: {score_min: 0.4}", DetectorSettings("network", None, {EVERY: 0.4})),
        (
            'detector: {score_min: {person: 0.4, "*": 1}, provider: cpu}',
            DetectorSettings("network", None, {"person": 0.4, EVERY: 1.0}, "cpu"),
        ),
        ("detector: {every_ms: 33.3}", DetectorSettings(DEFAULT_KIND, every_us=33_300)),
    ],
)
def test_what_is_written_is_read(text: str, told: DetectorSettings) -> None:
    assert read(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("detector: blobs", "detector: expected a table of kind and weights"),
        ("detector: {kind: 1}", "detector.kind: expected network or blobs"),
        ("detector: {weights: 3}", "detector.weights: expected a file of weights"),
        ("detector: {provider: gpu}", 'detector.provider: unknown provider "gpu"'),
        (
            "detector: {every_ms: 0}",
            "detector.every_ms: 0 cannot be used; write milliseconds from 1 to 1000",
        ),
        ("detector: {every_ms: often}", "detector.every_ms: expected a number"),
        ("detector: {score_min: no}", "detector.score_min: expected a number"),
        (
            "detector: {score_min: {person: 0}}",
            "detector.score_min.person: 0 cannot be used; write a score above 0",
        ),
        (
            "detector: {kind: blobs, weights: net.onnx}",
            "detector: blobs have neither weights nor scores of classes; leave out",
        ),
    ],
)
def test_each_mistake_is_told_with_its_key_and_fix(text: str, told: str) -> None:
    problems = read(text)
    assert isinstance(problems, list)
    assert len(problems) == 1
    assert problems[0].startswith(f"c:1: {told}")


WRITTEN = DetectorSettings("network", FILE, {"person": 0.4}, "cpu", 50_000)


def test_options_win_over_the_file_and_weights_mean_the_network() -> None:
    other = Path("other.onnx")
    assert DetectorChoice().over(WRITTEN) == WRITTEN
    assert DetectorChoice("network").over(WRITTEN) == WRITTEN
    assert DetectorChoice("blobs").over(WRITTEN) == DetectorSettings(
        "blobs", provider="cpu", every_us=50_000
    )
    assert DetectorChoice(weights=other).over(WRITTEN) == DetectorSettings(
        "network", other, {"person": 0.4}, "cpu", 50_000
    )
    blobs = DetectorSettings("blobs")
    assert DetectorChoice(weights=other).over(blobs) == DetectorSettings(
        "network", other
    )
    with pytest.raises(SettingError, match="blobs have neither weights"):
        DetectorChoice("blobs", other).over(WRITTEN)


def test_settings_refuse_what_no_file_may_say() -> None:
    with pytest.raises(SettingError, match="the least score of person is 2, not 0 to"):
        DetectorSettings("network", score_min={"person": 2})
    with pytest.raises(SettingError, match="a detector is network or blobs, not 'yo'"):
        DetectorSettings("yo")  # type: ignore[arg-type] # what no reader lets through
    with pytest.raises(SettingError, match="a provider is one of auto, cpu, cuda, ten"):
        DetectorSettings("blobs", provider="gpu")  # type: ignore[arg-type] # the same

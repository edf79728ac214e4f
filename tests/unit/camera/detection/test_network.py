"""The network's detector, by networks of a few nodes in a real onnxruntime."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto

from heliograph.camera.config.detector import EVERY, DetectorSettings, ProviderChoice
from heliograph.camera.config.errors import SettingError
from heliograph.camera.detection.choosing import choose_detector
from heliograph.camera.detection.detector import Detector
from heliograph.camera.detection.network import NetworkDetector
from heliograph.camera.networks.file import BYTES_MAX
from heliograph.camera.types import EVENT, Packet, Size
from small_networks import CLASSES, write_network

SIZE = Size(640, 480)
"""Scaled by 0.4 to 256 x 192, with 32 columns left over on each side."""
HALF = (2, 1)
"""In cells: boxes of 32 by 16 pixels of the input, 80 by 40 of the sensor."""


def lit(x: int, y: int, width: int, height: int, *, t_us: int = 1_000) -> Packet:
    """Return an event of both polarities of every pixel of a patch."""
    packet = np.zeros(2 * width * height, EVENT)
    rows, columns = np.mgrid[y : y + height, x : x + width]
    packet["x"] = np.tile(columns.ravel(), 2)
    packet["y"] = np.tile(rows.ravel(), 2)
    packet["p"] = np.repeat([0, 1], width * height)
    packet["t"] = t_us
    return packet


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_network(tmp_path / "small.onnx", bright={"person": 0.5}, half=HALF)


def test_what_is_bright_is_a_box_on_the_sensor_with_its_class(weights: Path) -> None:
    detector: Detector = NetworkDetector(SIZE, weights)
    detector.update(lit(280, 200, 60, 100))
    boxes = detector.detect(2_000)
    assert boxes
    assert {box.label for box in boxes} == {"person"}
    best = boxes[0]
    assert (best.width, best.height) == pytest.approx((40, 80))
    assert best.x + best.width / 2 == pytest.approx(310, abs=20)
    assert best.y + best.height / 2 == pytest.approx(250, abs=20)
    assert 0.5 < best.score <= 1
    assert not best.is_weak
    assert detector.detect(2_000) == boxes
    assert detector.detect(2_000_000) == []


def test_where_rows_are_free_a_sensor_of_4_to_3_is_shown_larger(tmp_path: Path) -> None:
    path = write_network(
        tmp_path / "free.onnx", bright={"person": 0.5}, half=HALF, rows=None
    )
    for size, scale in ((SIZE, 0.5), (Size(1280, 720), 0.25)):
        detector = NetworkDetector(size, path)
        detector.update(lit(280, 200, round(24 / scale), round(40 / scale)))
        best = detector.detect(2_000)[0]
        assert (best.width, best.height) == pytest.approx((16 / scale, 32 / scale))
        assert best.x + best.width / 2 == pytest.approx(280 + 12 / scale, abs=8 / scale)
        assert best.y + best.height / 2 == pytest.approx(
            200 + 20 / scale, abs=8 / scale
        )


def test_boxes_are_cut_at_the_border_and_slivers_left_out(weights: Path) -> None:
    detector = NetworkDetector(SIZE, weights)
    detector.update(lit(0, 0, 640, 480))
    boxes = detector.detect(2_000)
    assert len(boxes) > 20
    for box in boxes:
        assert box.x >= 0
        assert box.x + box.width <= 640
        assert box.y >= 0
        assert box.y + box.height <= 480
        assert min(box.width, box.height) >= 10


def test_weak_boxes_may_be_told_from_a_lower_score_on(tmp_path: Path) -> None:
    path = write_network(tmp_path / "s.onnx", bright={"person": 0.5}, half=HALF, gain=9)
    patch = lit(280, 200, 60, 100)
    usual, all_told = (
        NetworkDetector(SIZE, path, tell_from=score) for score in (1.0, 0.05)
    )
    for detector in (usual, all_told):
        detector.update(patch)
    told = all_told.detect(2_000)
    assert (
        min(box.score for box in told)
        < 0.25
        <= min(box.score for box in usual.detect(2_000))
    )
    assert all(box.is_weak == (box.score < 0.5) for box in told)
    assert all(box.score >= 0.05 for box in told)


def test_of_two_classes_at_one_place_the_surer_one_begins_a_track(
    tmp_path: Path,
) -> None:
    both = tmp_path / "both.onnx"
    write_network(both, bright={"person": 0.5, "vehicle": 0.5}, half=HALF, gain=8.0)
    for least, name in (({"vehicle": 0.9}, "person"), ({"person": 0.9}, "vehicle")):
        detector = NetworkDetector(SIZE, both, score_min=least)
        detector.update(lit(280, 200, 60, 100))
        boxes = detector.detect(2_000)
        # The best of each is in the middle; what is seen beside it has its own place.
        best = {box.label: box.is_weak for box in reversed(boxes)}
        assert best == {label: label != name for label in ("person", "vehicle")}


def test_who_is_not_sure_enough_is_weak_and_below_half_is_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "unsure.onnx"
    write_network(path, bright={"person": 0.5}, half=HALF, gain=8.0)
    for told, least in (({}, 0.5), ({"person": 0.8}, 0.8), ({EVERY: 0.9}, 0.9)):
        detector = NetworkDetector(SIZE, path, score_min=told)
        for at, height in enumerate((100, 80, 70, 60, 50, 40)):
            detector.update(lit(20 + 100 * at, 200, 60, height))
        boxes = detector.detect(2_000)
        assert {box.is_weak for box in boxes} == {True, False}
        for box in boxes:
            assert box.is_weak == (box.score < least)
            assert box.score >= least / 2


def test_a_class_that_the_network_does_not_know_is_refused(weights: Path) -> None:
    with pytest.raises(SettingError, match=r"names 'dog', .* person, vehicle, two-w"):
        NetworkDetector(SIZE, weights, score_min={"dog": 0.5})


def test_where_it_runs_is_chosen_and_told(weights: Path) -> None:
    told: tuple[ProviderChoice, ...] = ("auto", "cpu")
    for wanted in told:
        assert NetworkDetector(SIZE, weights, provider=wanted).provider == "cpu"
    with pytest.raises(SettingError, match=r"cannot run on cuda: .* offers cpu; write"):
        NetworkDetector(SIZE, weights, provider="cuda")


def test_the_fastest_that_is_offered_comes_first_and_the_processor_last(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    real = onnxruntime.InferenceSession

    def started(data: bytes, options: Any, *, providers: list[str]) -> Any:  # noqa: ANN401
        asked.append(providers)
        return real(data, options, providers=providers[-1:])

    offered = ["CPUExecutionProvider", "CUDAExecutionProvider", "XExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    monkeypatch.setattr(onnxruntime, "InferenceSession", started)
    assert NetworkDetector(SIZE, weights).provider == "cpu"
    with pytest.raises(SettingError, match="cuda: onnxruntime has it, but could not"):
        NetworkDetector(SIZE, weights, provider="cuda")
    NetworkDetector(SIZE, weights, provider="cpu")
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert asked == [both, both, both[1:]]


BAD_FACTS: list[tuple[dict[str, str | None], str]] = [
    ({"heliograph_model": None}, "no detector of Heliograph"),
    ({"heliograph_model": "2.0"}, "of version '2.0', and this one reads 1"),
    ({"classes": "person,person"}, "name no classes, or one of them twice"),
    ({"classes": None}, "name no classes"),
    ({"classes": "person,vehicle"}, r"gives scores, tensor\(float\) \[1, 3, 24, 40\]"),
    ({"surface": None}, "surface in its metadata is no JSON object"),
    ({"surface": "[" * 100_000}, "surface in its metadata is no JSON object"),
    ({"surface": '{"kind": "voxels"}'}, "no surface of kind 'voxels'"),
    ({"surface": '{"decay": 3}'}, "has 'decay', which this version does not know"),
    ({"surface": '{"taus_us": [1.5]}'}, "no whole numbers"),
    ({"surface": '{"taus_us": [5]}'}, "every tau must be at least a slice"),
    ({"surface": '{"bins": 1000, "kind": "histogram"}'}, "1000 planes a polarity"),
    ({"surface": "{}"}, r"takes surface, tensor\(uint8\) \[1, 2, 192, 320\], where"),
    ({"score_min": None}, "score_min in its metadata is no JSON object"),
    ({"score_min": '{"person": 0.5}'}, "no score from 0 to 1 for vehicle"),
    (
        {"score_min": json.dumps(dict.fromkeys(CLASSES, 7))},
        "no score from 0 to 1 for person",
    ),
]


@pytest.mark.parametrize(("metadata", "told"), BAD_FACTS)
def test_a_file_that_says_something_else_of_itself_is_refused(
    tmp_path: Path, metadata: dict[str, str | None], told: str
) -> None:
    path = tmp_path / "foreign.onnx"
    write_network(path, bright={}, half=HALF, metadata=metadata)
    with pytest.raises(SettingError, match=f"{path} cannot be used: .*{told}"):
        NetworkDetector(SIZE, path)


def test_a_network_with_other_inputs_or_outputs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.onnx"
    write_network(path, bright={}, half=HALF, type_in=TensorProto.FLOAT)
    with pytest.raises(SettingError, match=r"takes surface, tensor\(float\)"):
        NetworkDetector(SIZE, path)
    write_network(path, bright={}, half=HALF, rows_more=2)
    with pytest.raises(SettingError, match=r"gives scores, .*\[1, 3, 26, 40\]"):
        NetworkDetector(SIZE, path)


def test_damaged_missing_and_huge_files_are_told_in_a_line(
    weights: Path, tmp_path: Path
) -> None:
    whole = weights.read_bytes()
    bad = tmp_path / "bad.onnx"
    for data in (b"", b"not a model", whole[: len(whole) // 2], whole[:-1]):
        bad.write_bytes(data)
        with pytest.raises(SettingError, match=f"{bad} cannot be used: ") as raised:
            NetworkDetector(SIZE, bad)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 500
    with pytest.raises(SettingError, match=r"cannot read .*none\.onnx: no such file"):
        NetworkDetector(SIZE, tmp_path / "none.onnx")
    with pytest.raises(SettingError, match="is a directory"):
        NetworkDetector(SIZE, tmp_path)
    with bad.open("wb") as file:
        file.truncate(BYTES_MAX + 1)
    with pytest.raises(SettingError, match="larger than 64 MB"):
        NetworkDetector(SIZE, bad)


def test_every_byte_of_a_damaged_head_is_an_error_or_a_detector(weights: Path) -> None:
    whole = weights.read_bytes()
    bad = weights.with_name("flipped.onnx")

    def told(at: int) -> str:
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            return ",".join(NetworkDetector(SIZE, bad).facts.classes)
        except SettingError as error:
            return str(error)

    answers = {told(at) for at in range(64)}
    assert all(one == ",".join(CLASSES) or str(bad) in one for one in answers)


def test_a_watch_gets_what_its_settings_say(weights: Path) -> None:
    blobs = choose_detector(SIZE, DetectorSettings("blobs"), filtered=True)
    assert str(blobs.facts) == "blobs"
    assert blobs.parts
    settings = DetectorSettings("network", weights, {"person": 0.25}, "cpu")
    network = choose_detector(SIZE, settings, filtered=True)
    assert str(network.facts) == (
        "network small.onnx on cpu: person, vehicle, two-wheeler"
    )
    assert not network.parts

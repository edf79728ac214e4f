"""The network as an ONNX file, in fp32 and in int8."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.camera.surfaces.model_input import InputSpec
from heliograph.training.architecture import FIT, layers, parameters
from heliograph.training.graph import FIT_POWER, Weights, build, tell
from heliograph.training.quantise import quantise

SPEC = InputSpec()


def drawn(seed: int = 0, *, fit: bool = False) -> Weights:
    """Numbers of the size that training begins with; with *fit* those of `FIT` too."""
    rng = np.random.default_rng(seed)
    found = {}
    for one in (*layers(SPEC.channels), *([FIT] if fit else [])):
        inputs = one.channels_in * one.kernel**2
        shape = (one.channels_out, one.channels_in, one.kernel, one.kernel)
        kernel = rng.normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)
        found[one.name] = (kernel, np.zeros(one.channels_out, np.float32))
    return found


def windows(count: int, seed: int = 1, rows: int = 256) -> NDArray[np.uint8]:
    """Mostly zeros, as surfaces are."""
    rng = np.random.default_rng(seed)
    shape = (count, SPEC.channels, rows, 320)
    return ((rng.random(shape) ** 8) * 255).astype(np.uint8)


def answers(path: Path, surface: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found: list[NDArray[np.float32]] = session.run(
        ["scores", "boxes"], {"surface": surface}
    )
    return found


def reckoned(
    weights: Weights, surface: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    """What each layer gives, by a plain reading of the table."""
    given = {"surface": surface[0].astype(np.float64) / 255}
    for one in (*layers(SPEC.channels), FIT):
        if one.name not in weights:
            continue
        kernel, bias = weights[one.name]
        pad = one.kernel // 2
        padded = np.pad(given[one.source], ((0, 0), (pad, pad), (pad, pad)))
        seen = np.lib.stride_tricks.sliding_window_view(
            padded, (one.kernel, one.kernel), axis=(1, 2)
        )[:, :: one.stride, :: one.stride]
        value = np.einsum("cyxij,ocij->oyx", seen, kernel, optimize=True)
        value += bias[:, None, None]
        if one.rectified:
            value = np.maximum(value, 0)
        if one.plus is not None:
            value = value.repeat(2, axis=1).repeat(2, axis=2) + given[one.plus]
        given[one.name] = value
    return given


def share(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shared: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return shared


@pytest.mark.parametrize(("rows", "fit"), [(192, False), (256, False), (256, True)])
def test_the_file_reckons_what_the_table_says(
    tmp_path: Path, rows: int, *, fit: bool
) -> None:
    weights, surface = drawn(fit=fit), windows(1, rows=rows)
    path = tmp_path / "model.onnx"
    onnx.save(build(weights, SPEC), path)
    scores, boxes = answers(path, surface)
    given = reckoned(weights, surface)
    alone = share(given["scores"])
    expected = alone * alone / alone.sum(axis=0)
    if fit:
        expected *= share(given["fit"]) ** FIT_POWER
    assert scores[0] == pytest.approx(expected, abs=1e-4)
    assert boxes.shape == (1, 4, rows // STRIDE_PX, 320 // STRIDE_PX)
    assert (boxes > 0).all()


def test_int8_is_small_takes_bytes_and_says_nearly_the_same(tmp_path: Path) -> None:
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    onnx.save(build(drawn(fit=True), SPEC), fp32)
    quantise(fp32, int8, windows(12))
    assert int8.stat().st_size < 800_000 < fp32.stat().st_size
    nodes = onnx.load(int8).graph.node
    assert not [node for node in nodes if node.op_type == "Cast"]
    surface = windows(1, seed=5)
    scores, _ = answers(fp32, surface)
    rounded, _ = answers(int8, surface)
    assert np.abs(scores - rounded).mean() < 0.02
    assert np.corrcoef(scores.ravel(), rounded.ravel())[0, 1] > 0.98


def test_empty_windows_are_not_calibrated_on(tmp_path: Path) -> None:
    fp32 = tmp_path / "fp32.onnx"
    onnx.save(build(drawn(), SPEC), fp32)
    empty = np.zeros((20, SPEC.channels, 256, 320), np.uint8)
    with pytest.raises(ValueError, match="only 0 of 20 windows"):
        quantise(fp32, tmp_path / "int8.onnx", empty)
    assert not (tmp_path / "int8.onnx").exists()


def test_the_file_says_what_it_is_of() -> None:
    model = build(drawn(), SPEC)
    tell(model, score_min="{}")
    tell(model, score_min='{"person": 0.4}')
    facts = {one.key: one.value for one in model.metadata_props}
    assert facts["classes"] == "person,vehicle,two-wheeler"
    assert json.loads(facts["surface"])["kind"] == "leaky"
    assert facts["score_min"] == '{"person": 0.4}'


def test_the_network_is_of_the_size_that_was_asked_for() -> None:
    assert 250_000 <= parameters(SPEC.channels) <= 700_000
    weights = drawn(fit=True)
    counted = sum(kernel.size + bias.size for kernel, bias in weights.values())
    assert parameters(SPEC.channels) == counted

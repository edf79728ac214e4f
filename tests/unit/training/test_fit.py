"""How well boxes fit, told from what their edges are told from."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from heliograph.camera.surfaces.model_input import InputSpec
from heliograph.labelled.classes import CLASSES
from heliograph.training import fit
from heliograph.training.architecture import FIT, layers
from heliograph.training.graph import build
from heliograph.training.samples import Samples
from heliograph.training.targets import IGNORED

SPEC = InputSpec()


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_shares_that_marks_tell_are_told(scale: float) -> None:
    rng = np.random.default_rng(1)
    marks = (rng.normal(3.0, 1.0, (4_000, 3)) * scale).astype(np.float32)
    wanted = 1 / (1 + np.exp(-(marks @ np.array([0.5, -1.0, 0.0]) / scale + 1.0)))
    weights, base = fit.logistic(marks, wanted.astype(np.float32))
    told = 1 / (1 + np.exp(-(marks @ weights + base)))
    assert np.abs(told - wanted).max() < 0.02


def test_marks_that_say_nothing_tell_the_mean() -> None:
    marks = np.ones((50, 4), np.float32)
    wanted = np.repeat(np.array([0.0, 0.8], np.float32), 25)
    weights, base = fit.logistic(marks, wanted)
    told = 1 / (1 + np.exp(-(marks @ weights + base)))
    assert told == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_no_other_weights_tell_better(seed: int) -> None:
    """Rare things, things that one mark tells, and chance; marks of any size."""
    rng = np.random.default_rng(seed)
    count = int(10 ** rng.uniform(1.0, 3.5))
    scale = 10 ** rng.uniform(-2, 2)
    marks = (np.maximum(rng.normal(size=(count, 8)), 0) * scale).astype(np.float32)
    kinds = (rng.random(count) < 0.02, marks[:, 0] > scale, rng.random(count))
    wanted = kinds[seed % 3].astype(np.float32)
    weights, base = fit.logistic(marks, wanted)
    # At the least sum of entropy and ridge its slope is nothing.
    wrong = 1 / (1 + np.exp(-(marks @ weights + base))) - wanted
    spread = marks.std(axis=0) + 1e-3
    slope = ((marks - marks.mean(axis=0)) / spread).T @ wrong / count
    assert slope + fit.RIDGE * weights * spread == pytest.approx(0.0, abs=1e-5)
    assert wrong.mean() == pytest.approx(0.0, abs=1e-5)


def test_where_nothing_is_nothing_is_learnt() -> None:
    weights, base = fit.logistic(np.zeros((0, 5), np.float32), np.zeros(0, np.float32))
    assert weights.tolist() == [0.0] * 5
    assert base == 0.0


def row(kind: int, left: float, top: float, right: float, bottom: float) -> list[float]:
    return [kind, left, top, right, bottom]


def test_a_box_overlaps_with_the_best_of_its_class() -> None:
    boxes = np.array(
        [row(0, 0, 0, 10, 10), row(0, 0, 0, 10, 20), row(1, 0, 0, 10, 15)], np.float32
    )
    edges = np.array([[0, 0, 10, 15]] * 3, np.float64)
    best, known = fit.overlaps(np.array([0, 1, 2]), edges, boxes)
    assert best == pytest.approx([0.75, 1.0, 0.0])
    assert known.all()


def test_what_lies_in_what_nobody_knows_is_not_known_unless_it_is_something() -> None:
    boxes = np.array([row(IGNORED, 0, 0, 100, 100), row(0, 10, 10, 30, 30)], np.float32)
    edges = np.array(
        [[10, 10, 30, 30], [50, 50, 90, 90], [90, 90, 130, 130]], np.float64
    )
    best, known = fit.overlaps(np.zeros(3, np.intp), edges, boxes)
    assert best == pytest.approx([1.0, 0.0, 0.0])
    assert known.tolist() == [True, False, True]


@given(count=st.integers(0, 4))
def test_where_nothing_is_labelled_no_box_overlaps(count: int) -> None:
    edges = np.array([[0, 0, 8, 8]] * count, np.float64).reshape(-1, 4)
    nothing = np.zeros((0, 5), np.float32)
    best, known = fit.overlaps(np.zeros(count, np.intp), edges, nothing)
    assert best.tolist() == [0.0] * count
    assert known.all()


def network(path: Path) -> Path:
    """A network that sees a person of 32 by 32 pixels in each cell that is bright.

    Only its middle cells give a mark, the first of 32, from which the fit can be told.
    """
    weights = {}
    for one in layers(SPEC.channels):
        kernel = np.zeros(
            (one.channels_out, one.channels_in, one.kernel, one.kernel), np.float32
        )
        middle = one.kernel // 2
        if one.plus is None:
            kernel[0, 0, middle, middle] = 1.0
        weights[one.name] = (kernel, np.zeros(one.channels_out, np.float32))
    kernel, bias = weights["scores"]
    kernel[0, 0] *= 20.0
    weights["scores"] = (kernel, bias + np.array([-4.0, -20.0, -20.0], np.float32))
    weights["boxes"] = (
        np.zeros_like(weights["boxes"][0]),
        np.full(4, np.log(2.0), np.float32),
    )
    onnx.save(build(weights, SPEC), path)
    return path


def shown(values: dict[tuple[int, int], int]) -> NDArray[np.uint8]:
    """A surface whose cells at (row, column) of the grid are as bright as said."""
    surface = np.zeros((SPEC.channels, 256, 320), np.uint8)
    for (down, across), value in values.items():
        surface[:, 8 * down : 8 * down + 8, 8 * across : 8 * across + 8] = value
    return surface


def test_it_is_learnt_which_boxes_fit(tmp_path: Path) -> None:
    bright, dim = (8, 8), (20, 30)
    surfaces = np.stack([shown({bright: 255, dim: 100})] * 6)
    there = [0, 8 * 8 - 12, 8 * 8 - 12, 8 * 8 + 20, 8 * 8 + 20]
    boxes = np.array([[at, *there] for at in range(6)], np.float32)
    heard: list[float] = []
    samples = Samples(surfaces, boxes, ["here"] * 6)
    path = network(tmp_path / "fp32.onnx")
    kernel, bias = fit.learn(path, samples, seed=1, told=heard.append)
    assert kernel.shape == (len(CLASSES), FIT.channels_in, 1, 1)
    assert heard == pytest.approx([(at + 1) / 6 for at in range(6)])
    first = kernel[0, 0, 0, 0]
    well, badly = (1 / (1 + np.exp(-(first * mark + bias[0]))) for mark in (1, 0.39))
    assert well > 0.8
    assert badly < 0.2
    # Of two-wheelers nothing was seen.
    assert not kernel[2].any()
    assert bias[2] == 0.0

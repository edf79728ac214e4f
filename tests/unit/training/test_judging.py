"""A model's file on held-out samples."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from heliograph.camera.types import Box
from heliograph.evaluation.matching import Judged
from heliograph.training.judging import figures, judge, score_min
from heliograph.training.samples import Samples
from heliograph.training.targets import IGNORED


def found(score: float, *, right: bool, label: str = "person") -> Judged:
    """One labelled person, and one box that is it or is not."""
    there = Box(10, 10, 20, 40, label="person")
    box = Box(10 if right else 100, 10, 20, 40, label=label, score=score)
    return Judged(f"scene {score}", (there,), (), (box,))


def test_from_the_score_that_counts_on_four_of_five_are_right() -> None:
    right = [found(0.5 + 0.01 * at, right=True) for at in range(30)]
    wrong = [found(0.1 + 0.01 * at, right=False) for at in range(30)]
    # From 0.325 on 30 of 37 are right, and from the step before 30 of 40.
    assert score_min([*right, *wrong])["person"] == 0.325


def test_the_least_such_score_is_taken_whatever_one_step_of_it_holds() -> None:
    sure, unsure = [found(0.8, right=True)] * 20, [found(0.3, right=True)] * 10
    # 30 of 37 are right, or 30 of 38.
    few, many = [found(0.35, right=False)] * 7, [found(0.35, right=False)] * 8
    assert score_min([*sure, *unsure, *few])["person"] == 0.1
    assert score_min([*sure, *unsure, *many])["person"] == 0.375


def test_where_nothing_is_right_often_enough_the_best_is_taken() -> None:
    right, wrong = [found(0.6, right=True)] * 2, [found(0.5, right=False)] * 6
    also_wrong = [found(0.6, right=False)]
    assert score_min([*right, *wrong, *also_wrong])["person"] == 0.525


def test_figures_are_by_class() -> None:
    judged = [found(0.9, right=True), found(0.8, right=True)]
    measured = {one.label: one for one in figures(judged, seed=1).classes}
    assert measured["person"].ap50 is not None
    assert measured["person"].ap50.value == pytest.approx(1.0)
    assert measured["vehicle"].ap50 is None


@pytest.fixture
def one_box(tmp_path: Path) -> Path:
    """A model that finds a person of 32 by 48 pixels around cell (10, 12), always."""
    scores = np.zeros((1, 3, 32, 40), np.float32)
    scores[0, 0, 10, 12] = 0.9
    boxes = np.zeros((1, 4, 32, 40), np.float32)
    boxes[0, :, 10, 12] = (16, 24, 16, 24)
    shape = [1, 4, 256, 320]
    graph = helper.make_graph(
        [
            helper.make_node("Identity", ["s"], ["scores"]),
            helper.make_node("Identity", ["b"], ["boxes"]),
        ],
        "one box",
        [helper.make_tensor_value_info("surface", TensorProto.UINT8, shape)],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, scores.shape),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, boxes.shape),
        ],
        [numpy_helper.from_array(scores, "s"), numpy_helper.from_array(boxes, "b")],
    )
    path = tmp_path / "one.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def test_what_a_file_finds_is_held_against_the_labels(one_box: Path) -> None:
    samples = Samples(
        np.zeros((2, 4, 256, 320), np.uint8),
        np.array(
            [
                [0, 0, 84, 60, 116, 108],
                [0, IGNORED, 0, 0, 20, 20],
                [1, 1, 84, 60, 116, 108],
            ],
            np.float32,
        ),
        ("first", "second"),
    )
    judged = judge(one_box, samples)
    assert [one.source for one in judged] == ["first", "second"]
    assert judged[0].found[0].label == "person"
    assert judged[0].truths[0].x == 84
    assert len(judged[0].ignored) == 1
    measured = {one.label: one for one in figures(judged, seed=1).classes}
    assert measured["person"].ap50 is not None
    # Right on the first, made up on the second.
    assert measured["person"].ap50.value == pytest.approx(1.0)
    assert measured["vehicle"].ap50 is not None
    assert measured["vehicle"].ap50.value == 0.0

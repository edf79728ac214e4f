"""How well a box fits, learnt last: one layer on what its edges are told from.

A score is how likely a cell is the middle of a thing, which says little of the edges.
So when the network is as it stays, a logistic regression is made for each class of how
much a box overlaps with what is there (compare IoU-Net: Jiang et al., ECCV 2018,
https://arxiv.org/abs/1807.11590). It needs no torch, and has one best answer.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from heliograph.camera.detection.decoding import cell_edges, shared_areas
from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.labelled.classes import CLASSES
from heliograph.training.architecture import FIT
from heliograph.training.samples import Samples
from heliograph.training.targets import IGNORED

SCORE_MIN = 0.03
"""A cell of less says nothing of boxes that anybody will see."""

WINDOWS_MAX = 4_000
"""So many are enough for what has 33 numbers a class."""

WITHIN_MIN = 0.5
"""Which share of a box must lie in what nobody knows, for it to be nobody's to know."""

STEPS = 12
"""Newton's method doubles the digits with each."""
RIDGE = 1e-3
"""How much less a mean error must be for a weight to be larger by one."""

Floats: TypeAlias = NDArray[np.float64]


def learn(
    fp32: Path, samples: Samples, *, seed: int, told: Callable[[float], None]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the kernel and the bias of `FIT` for the network *fp32*, which has none.

    It is asked for up to `WINDOWS_MAX` of *samples*. A class of which it sees nothing
    gets zeros. *told* hears the share that is done.
    """
    session = _showing(fp32)
    rng = np.random.default_rng([seed, 4])
    chosen = np.sort(rng.permutation(len(samples))[:WINDOWS_MAX])
    seen: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    kinds: list[NDArray[np.intp]] = []
    for done, at in enumerate(chosen):
        given = {INPUT: np.ascontiguousarray(samples.surfaces[at : at + 1])}
        scores, distances, marks = (
            one[0] for one in session.run([*OUTPUTS, FIT.source], given)
        )
        kind, row, column = np.nonzero(scores >= SCORE_MIN)
        edges = cell_edges(distances, row, column)
        overlap, known = overlaps(kind, edges, samples.boxes_of(int(at)))
        seen.append((marks[:, row, column].T[known], overlap[known]))
        kinds.append(kind[known])
        told((done + 1) / len(chosen))
    marks, overlap = (np.concatenate(part) for part in zip(*seen, strict=True))
    kind = np.concatenate(kinds)
    of_class = [kind == number for number in range(len(CLASSES))]
    found = [logistic(marks[one], overlap[one]) for one in of_class]
    kernel = np.array([weights for weights, _ in found], np.float32)
    bias = np.array([base for _, base in found], np.float32)
    return kernel[:, :, None, None], bias


def overlaps(
    kind: NDArray[np.intp], edges: Floats, boxes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return how much each box overlaps with one of its class, and if that is known.

    *edges* (N, 4) are left, top, right and bottom, *boxes* (M, 5) a sample's. What
    lies in a box that is nobody's to know is not known, unless it is something.
    """
    shared, own, there = shared_areas(edges, boxes[:, 1:].astype(np.float64))
    over = shared / np.maximum(own[:, None] + there - shared, 1e-6)
    same = boxes[:, 0] == kind[:, None]
    best = np.max(over * same, axis=1, initial=0.0)
    within = shared / np.maximum(own[:, None], 1e-6) * (boxes[:, 0] == IGNORED)
    known = (np.max(within, axis=1, initial=0.0) < WITHIN_MIN) | (best >= WITHIN_MIN)
    return best.astype(np.float32), known


def logistic(
    marks: NDArray[np.float32], wanted: NDArray[np.float32]
) -> tuple[Floats, float]:
    """Return the weights (F,) and the base that tell *wanted* (N,) from *marks* (N, F).

    What is told is 1 / (1 + exp(-(marks @ weights + base))), its cross entropy least,
    with a ridge. Nothing gives zeros.
    """
    weights = np.zeros(marks.shape[1] + 1)
    if not len(marks):
        return weights[:-1], 0.0
    middle, spread = marks.mean(axis=0), marks.std(axis=0) + 1e-3
    given = np.column_stack([(marks - middle) / spread, np.ones(len(marks))])
    held = np.append(np.full(len(spread), RIDGE), 0.0) * len(marks)
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-(given @ weights)))
        slope = given.T @ (share - wanted) + held * weights
        curve = (given * (share * (1 - share))[:, None]).T @ given
        curve[np.diag_indices_from(curve)] += held + 1e-9 * len(marks)
        weights -= np.linalg.solve(curve, slope)
    scaled = weights[:-1] / spread
    return scaled, float(weights[-1] - scaled @ middle)


def _showing(fp32: Path) -> onnxruntime.InferenceSession:
    """Return the network with what its boxes' edges are told from as an output too."""
    model = onnx.load(fp32)
    model.graph.output.append(helper.make_empty_tensor_value_info(FIT.source))
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )

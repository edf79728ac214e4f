"""A model's file on held-out samples: what it finds, and how sure it must be."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from heliograph.camera.detection.decoding import Found, decode, suppress
from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.camera.types import Box
from heliograph.evaluation.average_precision import Figures, figures_of
from heliograph.evaluation.matching import Judged, match
from heliograph.labelled.boxes import UNKNOWN
from heliograph.labelled.classes import CLASSES
from heliograph.training.samples import Samples
from heliograph.training.targets import IGNORED

TOLD_FROM = 0.02
"""Average precision needs the boxes that nobody would count."""

RESAMPLES = 200

RIGHT = 0.8
"""From its least score on, so many of a class's boxes are right.

Who was missed is seen in the next window; what is not there may cost a caption.
"""

STEPS = np.linspace(0.1, 0.9, 33)
"""The scores that are tried as the least that counts."""


def judge(model: Path, samples: Samples) -> list[Judged]:
    """Return what *model* finds on each of *samples*, in pixels of the surface."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    told_from = np.full(len(CLASSES), TOLD_FROM, np.float32)
    judged = []
    for at in range(len(samples)):
        given = {INPUT: np.ascontiguousarray(samples.surfaces[at : at + 1])}
        scores, boxes = session.run(list(OUTPUTS), given)
        found = suppress(decode(scores[0], boxes[0], told_from))
        truths, ignored = _labelled(samples.boxes_of(at))
        judged.append(Judged(samples.sources[at], truths, ignored, _boxes(found)))
    return judged


def figures(judged: Sequence[Judged], *, seed: int) -> Figures:
    """Return average precision by class, with intervals drawn by *seed*."""
    return figures_of(judged, CLASSES, resamples=RESAMPLES, seed=seed)


def score_min(judged: Sequence[Judged]) -> Mapping[str, float]:
    """Return by class the score from which a box should count.

    It is the least one of those tried from which at least `RIGHT` of the boxes that
    count are right, at an overlap of 0.5, or the one from which most are.
    """
    return {label: _least_score(judged, label) for label in CLASSES}


def _least_score(judged: Sequence[Judged], label: str) -> float:
    matches = [match(one, label) for one in judged]
    scores = np.concatenate([one.scores for one in matches])
    hit = np.concatenate([one.hit[0] for one in matches])
    counted = ~np.concatenate([one.ignored[0] for one in matches])
    scores, hit = scores[counted], hit[counted]
    right = np.array(
        [
            (hit & (scores >= step)).sum() / max((scores >= step).sum(), 1)
            for step in STEPS
        ]
    )
    wanted = min(RIGHT, right.max())
    return round(float(STEPS[np.flatnonzero(right >= wanted)[0]]), 3)


def _labelled(
    boxes: NDArray[np.float32],
) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return what counts, and what is ignored: that is of no class."""
    known = boxes[:, 0] != IGNORED
    truths = tuple(_box(row[1:], CLASSES[int(row[0])]) for row in boxes[known])
    return truths, tuple(_box(row[1:], UNKNOWN) for row in boxes[~known])


def _boxes(found: Found) -> tuple[Box, ...]:
    return tuple(
        _box(edges, CLASSES[kind], float(score))
        for edges, score, kind in zip(
            found.edges, found.scores, found.classes, strict=True
        )
    )


def _box(edges: NDArray[np.float32], label: str, score: float = 1.0) -> Box:
    left, top, right, bottom = (float(edge) for edge in edges)
    return Box(left, top, right - left, bottom - top, label=label, score=score)

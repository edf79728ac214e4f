"""COCO's own evaluation as the judge, on windows drawn at random."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from heliograph.camera.types import Box
from heliograph.evaluation.average_precision import Ranking
from heliograph.evaluation.matching import Judged
from heliograph.labelled import CLASSES

SIDES = st.integers(0, 12)
LABELS = st.sampled_from(CLASSES)


@st.composite
def boxes(draw: st.DrawFn, *, most: int, scores: bool = False) -> tuple[Box, ...]:
    """Draw boxes on a coarse grid, so that many overlap by the same."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        x, y = draw(SIDES), draw(SIDES)
        width, height = 1 + draw(SIDES), 1 + draw(SIDES)
        # Scores of two windows may be equal too.
        score = draw(st.integers(1, 20)) / 20 if scores else 1.0
        found.append(Box(x, y, width, height, draw(LABELS), score))
    return tuple(found)


@st.composite
def worlds(draw: st.DrawFn) -> list[Judged]:
    """Draw some windows."""
    return [
        Judged(
            str(number),
            draw(boxes(most=4)),
            draw(boxes(most=2)),
            draw(boxes(most=6, scores=True)),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def judge(windows: Sequence[Judged], label: str) -> NDArray[np.float64]:
    """Return COCO's average precision by overlap; -1 where nothing is there."""
    truth: dict[str, Any] = {
        "info": {},
        "images": [{"id": n} for n in range(1, len(windows) + 1)],
        "categories": [{"id": 1, "name": label}],
        "annotations": [],
    }
    told = []
    for image, window in enumerate(windows, 1):
        for crowd, labelled in enumerate((window.truths, window.ignored)):
            truth["annotations"] += [
                {
                    "id": 0,
                    "image_id": image,
                    "category_id": 1,
                    "bbox": [box.x, box.y, box.width, box.height],
                    "area": box.area,
                    "iscrowd": crowd,
                }
                for box in labelled
                if box.label == label
            ]
        told += [
            {
                "image_id": image,
                "category_id": 1,
                "bbox": [box.x, box.y, box.width, box.height],
                "score": box.score,
            }
            for box in window.found
            if box.label == label
        ]
    for number, annotation in enumerate(truth["annotations"], 1):
        annotation["id"] = number
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(told), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    precision: NDArray[np.float64] = evaluation.eval["precision"][:, :, 0, 0, -1]
    return np.where((precision < 0).all(axis=1), -1.0, precision.mean(axis=1))


@settings(max_examples=150, deadline=None)
@given(worlds(), LABELS)
def test_average_precision_is_cocos(windows: list[Judged], label: str) -> None:
    if not any(box.label == label for window in windows for box in window.found):
        # COCO's tool cannot be given no detections.
        windows = [*windows, Judged("last", (), (), (Box(0, 0, 1, 1, label, 0.01),))]
    ours = Ranking(windows, label).average_precisions()
    theirs = judge(windows, label)
    if ours is None:
        assert (theirs == -1).all()
    else:
        assert ours == pytest.approx(theirs, abs=1e-9)

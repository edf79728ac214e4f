"""The same cut-out as somebody else."""

from collections.abc import Callable

import numpy as np
import pytest

from heliograph.simulation.scenes.actors import placed
from heliograph.simulation.scenes.sprites import Sprite
from heliograph.simulation.scenes.variety import (
    CLOTHES_SIGMA,
    STRETCH,
    dressed,
    stretch,
    toned,
)

ROWS, COLUMNS = 100, 40
SEEDS = range(30)


def somebody() -> Sprite:
    """Return a striped body of 100 rows with an empty margin of 10 on each side."""
    grey = np.full((ROWS + 20, COLUMNS + 20), 7, np.uint8)
    alpha = np.zeros_like(grey)
    alpha[10:-10, 10:-10] = 255
    grey[10:-10, 10:-10] = np.where(np.arange(COLUMNS) % 8 < 4, 60, 120)
    return Sprite("person", grey, alpha, "somebody")


def rows_of(sprite: Sprite) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return how bright each row of the body is."""
    return np.asarray(sprite.grey[10:-10, 10:-10].mean(axis=1), np.float64)


def test_clothes_change_at_the_neck_and_at_the_waist_and_nowhere_else() -> None:
    steps = [
        np.flatnonzero(abs(np.diff(rows_of(dressed(somebody(), rng)))) > 3)
        for rng in map(np.random.default_rng, SEEDS)
    ]
    found = np.concatenate(steps)
    at_neck, at_waist = (found >= 11) & (found <= 20), (found >= 40) & (found <= 58)
    assert (at_neck | at_waist).all()
    assert at_neck.sum() > len(SEEDS) / 2
    assert at_waist.sum() > len(SEEDS) / 2


def test_other_clothes_are_as_often_darker_as_brighter() -> None:
    drawn = [
        rows_of(dressed(somebody(), np.random.default_rng([1, seed])))[70:].mean()
        for seed in range(400)
    ]
    logs = np.log(np.array(drawn) / rows_of(somebody())[70:].mean())
    assert np.median(logs) == pytest.approx(0.0, abs=0.1)
    assert 0.6 * CLOTHES_SIGMA < logs.std() < 1.2 * CLOTHES_SIGMA


@pytest.mark.parametrize("change", [toned, dressed])
@pytest.mark.parametrize("seed", SEEDS)
def test_shape_and_source_stay(
    change: Callable[[Sprite, np.random.Generator], Sprite], seed: int
) -> None:
    before = somebody()
    after = change(before, np.random.default_rng(seed))
    assert (after.alpha == before.alpha).all()
    assert (after.kind, after.source) == (before.kind, before.source)
    assert (before.grey == somebody().grey).all()


def test_contrast_changes_around_the_same_middle() -> None:
    spans, middles = [], []
    for seed in SEEDS:
        body = toned(somebody(), np.random.default_rng(seed)).grey[10:-10, 10:-10]
        spans.append(int(body.max()) - int(body.min()))
        middles.append(float(body.mean()))
    assert min(spans) < 50
    assert max(spans) > 70
    assert middles == pytest.approx([90.0] * len(SEEDS), abs=1.0)


def test_who_is_stretched_is_as_high_and_stands_in_the_same_place() -> None:
    wide = placed(somebody(), stretch=1.2)
    left, right = wide @ [10, 110, 1], wide @ [10 + COLUMNS, 110, 1]
    assert right[0] - left[0] == pytest.approx(1.2 * COLUMNS / ROWS)
    assert right[0] == pytest.approx(-left[0])
    assert left[1] == pytest.approx(0.0)
    assert wide @ [0, 10, 1] == pytest.approx([wide[0, 2], -1.0])


def test_stretching_stays_within_bounds_and_often_does_nothing() -> None:
    drawn = [stretch(np.random.default_rng(seed)) for seed in range(300)]
    assert STRETCH[0] <= min(drawn) < 0.85
    assert 1.2 < max(drawn) <= STRETCH[1]
    assert 0.1 < np.mean(np.array(drawn) == 1.0) < 0.3

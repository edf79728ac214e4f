"""Average precision as COCO defines it, and how sure of it one may be.

The precision at a recall is the best at that recall or beyond; it is averaged over 101
recalls from 0 to 1. AP50 asks for an intersection over union of 0.5, AP is the mean
over 0.5 to 0.95. Windows of one scene resemble each other, so that the interval is
drawn from whole scenes.

Source: https://cocodataset.org, "Detection evaluation"; the bootstrap: Efron,
Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13 (percentiles).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heliograph.evaluation.matching import ANY, OVERLAPS, Judged, match

RECALLS = np.linspace(0.0, 1.0, 101)
INTERVAL = (2.5, 97.5)
"""The percentiles between which 95 of 100 resamples lie."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and where 95 of 100 resamples of the scenes put it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What comes of the boxes that a watch would count, at an overlap of 0.5.

    *precision* is None where nothing was found, *recall* where nothing is there.
    """

    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """What was measured of one class; the averages are None where none is there."""

    label: str
    windows: int
    truths: int
    ap50: Interval | None
    ap: Interval | None
    operating: OperatingPoint


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of each class, and the mean over those that are there.

    `ANY`, which is all of them as one, is not part of the mean.
    """

    classes: tuple[ClassFigures, ...]
    ap50: Interval | None
    ap: Interval | None


class Ranking:
    """All detections of one class in *windows*, best first, and what became of each."""

    def __init__(self, windows: Sequence[Judged], label: str) -> None:
        self.label = label
        self.windows = len(windows)
        self.sources = sorted({window.source for window in windows})
        numbers = {source: number for number, source in enumerate(self.sources)}
        owners = [numbers[window.source] for window in windows]
        matches = [match(window, label) for window in windows]
        self._truths = np.zeros(len(self.sources))
        for owner, one in zip(owners, matches, strict=True):
            self._truths[owner] += one.truths
        lengths = [len(one.scores) for one in matches]
        self._owners = np.repeat(np.array(owners, np.intp), lengths)
        scores = np.concatenate([one.scores for one in matches])
        order = np.argsort(-scores, kind="stable")
        sure = np.concatenate([one.sure for one in matches])
        self._hit = np.concatenate([one.hit for one in matches], axis=1)
        self._ignored = np.concatenate([one.ignored for one in matches], axis=1)
        self._sure, self._owners = sure[order], self._owners[order]
        self._hit, self._ignored = self._hit[:, order], self._ignored[:, order]
        # Behind the last hit recall grows no more, and nothing there counts.
        last = np.flatnonzero(self._hit.any(axis=0))
        self._end = int(last[-1]) + 1 if len(last) else 0

    @property
    def truths(self) -> int:
        """How many labelled boxes there are."""
        return int(self._truths.sum())

    def average_precisions(
        self, weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64] | None:
        """Return the average precision at each overlap, None where nothing is there.

        *weights* says how often each source counts.
        """
        if weights is None:
            weights = np.ones(len(self.sources))
        truths = float(weights @ self._truths)
        if truths == 0:
            return None
        counts = weights[self._owners[: self._end]]
        hit, ignored = self._hit[:, : self._end], self._ignored[:, : self._end]
        right = np.cumsum(hit * counts, axis=1)
        all_told = np.cumsum(~ignored * counts, axis=1)
        recall = right / truths
        precision = np.divide(
            right, all_told, out=np.zeros_like(right), where=all_told > 0
        )
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        found = np.zeros(len(hit))
        for row in range(len(hit)):
            at = np.searchsorted(recall[row], RECALLS, side="left")
            reached = at[at < self._end]
            found[row] = best[row, reached].sum() / len(RECALLS)
        return found

    def operating(self) -> OperatingPoint:
        """Return what comes of the boxes that are no weak ones."""
        counted = self._sure & ~self._ignored[0]
        right, told = int(self._hit[0][counted].sum()), int(counted.sum())
        return OperatingPoint(
            right / told if told else None,
            right / self.truths if self.truths else None,
        )


def figures_of(
    windows: Sequence[Judged],
    labels: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> Figures:
    """Return what was measured of each of *labels* in *windows*, and of all of them.

    The same *seed* draws the same scenes.
    """
    sources = len({window.source for window in windows})
    rng = np.random.default_rng(seed)
    shares = np.full(sources, 1 / sources) if sources else np.empty(0)
    draws = rng.multinomial(sources, shares, size=resamples).astype(np.float64)
    classes, measured = [], []
    for label in labels:
        ranking = Ranking(windows, label)
        drawn = _drawn(ranking, draws)
        ap50, ap = _intervals(drawn)
        point = ranking.operating()
        classes.append(
            ClassFigures(label, len(windows), ranking.truths, ap50, ap, point)
        )
        if label != ANY and ap50 is not None:
            measured.append(drawn)
    ap50, ap = (None, None) if not measured else _intervals(_mean_told(measured))
    return Figures(tuple(classes), ap50, ap)


def _drawn(ranking: Ranking, draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precisions of all scenes, then of each draw, a row each.

    A row is not a number where nothing is there.
    """
    nothing = np.full(len(OVERLAPS), np.nan)
    if ranking.average_precisions() is None:
        return np.tile(nothing, (1 + len(draws), 1))
    rows = [ranking.average_precisions(weights) for weights in (None, *draws)]
    return np.array([nothing if row is None else row for row in rows])


def _mean_told(measured: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average over the classes that a draw has labels of."""
    table = np.array(measured)
    there = ~np.isnan(table)
    total = np.where(there, table, 0.0).sum(axis=0)
    count = there.sum(axis=0)
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _intervals(
    drawn: NDArray[np.float64],
) -> tuple[Interval | None, Interval | None]:
    """Return AP50 and AP with their intervals, of all scenes in the first row."""
    if np.isnan(drawn[0, 0]):
        return None, None
    told = drawn[~np.isnan(drawn[:, 0])]
    ap50, ap = told[:, 0], told.mean(axis=1)
    return _interval(ap50), _interval(ap)


def _interval(drawn: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(drawn[1:] if len(drawn) > 1 else drawn, INTERVAL)
    return Interval(float(drawn[0]), float(low), float(high))

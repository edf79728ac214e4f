from dataclasses import replace

import pytest

from heliograph.camera.types import Box
from heliograph.evaluation.average_precision import Ranking, figures_of
from heliograph.evaluation.matching import ANY, Judged

PERSON = Box(0, 0, 10, 20, "person")
MADE_UP = Box(500, 0, 10, 20, "person")


def window(source: str, *found: Box, truths: tuple[Box, ...] = (PERSON,)) -> Judged:
    return Judged(source, truths, (), found)


def scored(box: Box, score: float, *, is_weak: bool = False) -> Box:
    return replace(box, score=score, is_weak=is_weak)


def test_by_hand() -> None:
    """Right, wrong, right of three things: by score 0.9, 0.8, 0.7."""
    windows = [
        window("a", scored(PERSON, 0.9)),
        window("b", scored(MADE_UP, 0.8)),
        window("c", scored(PERSON, 0.7)),
    ]
    measured = Ranking(windows, "person").average_precisions()
    assert measured is not None
    # Precision 1 up to a recall of 1/3 (34 of 101 recalls), 2/3 up to 2/3 (33 more).
    assert measured[0] == pytest.approx((34 + 33 * 2 / 3) / 101)
    assert (measured == measured[0]).all()


def test_nothing_there_has_no_average_and_nothing_found_has_none_of_it() -> None:
    empty = [window("a", scored(MADE_UP, 0.8), truths=())]
    assert Ranking(empty, "person").average_precisions() is None
    (figures,) = figures_of(empty, ["person"], resamples=10, seed=1).classes
    assert (figures.ap50, figures.ap, figures.operating.recall) == (None, None, None)
    assert figures.operating.precision == 0
    blind = figures_of([window("a")], ["person"], resamples=10, seed=1)
    assert blind.ap50 is not None
    assert blind.ap50.value == 0
    assert blind.classes[0].operating.precision is None
    assert blind.classes[0].operating.recall == 0


def test_what_a_watch_counts_decides_precision_and_recall() -> None:
    windows = [
        window("a", scored(PERSON, 0.9), scored(MADE_UP, 0.6)),
        window("b", scored(PERSON, 0.2, is_weak=True)),
        window("c", scored(MADE_UP, 0.1, is_weak=True)),
    ]
    point = Ranking(windows, "person").operating()
    assert (point.precision, point.recall) == (0.5, 1 / 3)


def test_the_mean_is_over_classes_that_are_there_without_all_as_one() -> None:
    car = Box(50, 0, 30, 20, "vehicle")
    windows = [window("a", scored(PERSON, 0.9), truths=(PERSON, car))]
    labels = ["person", "vehicle", "two-wheeler", ANY]
    figures = figures_of(windows, labels, resamples=20, seed=1)
    assert figures.ap50 is not None
    assert figures.ap50.value == pytest.approx(0.5)
    assert [one.truths for one in figures.classes] == [1, 1, 0, 2]
    assert figures.classes[2].ap50 is None


def test_intervals_are_drawn_from_scenes_not_from_windows() -> None:
    """Ten windows of one scene say no more of other scenes than one."""
    right, wrong = scored(PERSON, 0.9), scored(MADE_UP, 0.9)
    one_each = [window("a", right), window("b", wrong)]
    many_each = [one for one in one_each for _ in range(10)]
    many_scenes = [replace(one, source=str(n)) for n, one in enumerate(many_each)]
    wide, same, narrow = (
        figures_of(windows, ["person"], resamples=400, seed=1).ap50
        for windows in (one_each, many_each, many_scenes)
    )
    assert wide is not None
    assert same is not None
    assert narrow is not None
    assert (wide.low, wide.high) == (same.low, same.high) == (0, 1)
    assert 0.05 < narrow.low < narrow.value < narrow.high < 0.95


def test_the_same_seed_draws_the_same() -> None:
    windows = [window(str(n), scored(PERSON, 0.5 + n / 40)) for n in range(12)]
    windows += [window(str(n), scored(MADE_UP, 0.5 + n / 40)) for n in range(12, 18)]
    first, again, other = (
        figures_of(windows, ["person"], resamples=100, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.ap != other.ap
    assert first.ap is not None
    assert first.ap.low < first.ap.value < first.ap.high


def test_a_draw_without_a_label_says_nothing() -> None:
    """Of three scenes one has a label: a draw may miss it."""
    windows = [window("a", scored(PERSON, 0.9))]
    windows += [window(name, truths=()) for name in "bc"]
    figures = figures_of(windows, ["person"], resamples=200, seed=1)
    assert figures.ap50 is not None
    assert (figures.ap50.low, figures.ap50.high) == (1, 1)

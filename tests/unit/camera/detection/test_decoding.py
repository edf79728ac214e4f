"""Cells to boxes."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.camera.detection.decoding import (
    BOXES_MAX,
    CANDIDATES_MAX,
    SAME_MIN,
    STRIDE_PX,
    VOTES_MIN,
    Floats,
    Found,
    decode,
    outdone,
    suppress,
    without_riders,
)

NAMES = ("person", "vehicle", "two-wheeler")
ROWS, COLUMNS = 24, 40
HALF = np.full(3, 0.5, np.float32)
cells = st.tuples(
    st.integers(0, 2), st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)
)
away = st.tuples(*[st.floats(0.5, 160, width=32)] * 4)
shares = st.floats(0.5, 1, width=32)


def nothing() -> tuple[Floats, Floats]:
    return (
        np.zeros((3, ROWS, COLUMNS), np.float32),
        np.zeros((4, ROWS, COLUMNS), np.float32),
    )


def found(*boxes: tuple[str, float, tuple[float, float, float, float]]) -> Found:
    """Return class, score and edges of each as the network's."""
    return Found(
        np.array([edges for _, _, edges in boxes], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in boxes], np.float32),
        np.array([NAMES.index(name) for name, _, _ in boxes], np.intp),
    )


def told(result: Found) -> list[str]:
    return [NAMES[number] for number in result.classes]


@given(things=st.dictionaries(cells, st.tuples(away, shares), max_size=20))
@settings(deadline=None)
def test_a_box_that_was_encoded_is_decoded(
    things: dict[tuple[int, int, int], tuple[tuple[float, float, float, float], float]],
) -> None:
    scores, distances = nothing()
    for (number, row, column), (sides, score) in things.items():
        scores[number, row, column] = score
        distances[:, row, column] = sides
    result = decode(scores, distances, HALF)
    assert result.scores.tolist() == sorted(
        (score for _, score in things.values()), reverse=True
    )
    wanted = {
        (
            number,
            scores[number, row, column],
            *(
                [(column + 0.5) * STRIDE_PX, (row + 0.5) * STRIDE_PX] * 2
                + distances[:, row, column] * [-1, -1, 1, 1]
            ).astype(np.float32),
        )
        for number, row, column in things
    }
    rows = zip(result.classes, result.scores, result.edges, strict=True)
    assert {(number, score, *edges) for number, score, edges in rows} == wanted


def test_each_class_has_a_least_score_of_its_own() -> None:
    scores, distances = nothing()
    scores[:, 5, 5] = 0.6
    distances[:] = 10
    least = np.array([0.6, 0.61, 0.1], np.float32)
    assert told(decode(scores, distances, least)) == ["two-wheeler", "person"]


@pytest.mark.parametrize("side", [nan, inf, -inf, -40.0])
def test_what_is_no_box_is_left_out(side: float) -> None:
    scores, distances = nothing()
    scores[0, 3, 3], distances[:, 3, 3] = 0.9, (4, 4, 4, side)
    scores[0, 9, 9], distances[:, 9, 9] = 0.8, (4, 4, 4, 4)
    scores[0, 12, 12] = nan
    assert decode(scores, distances, HALF).scores.tolist() == [np.float32(0.8)]


def test_no_more_cells_than_the_best_are_looked_at() -> None:
    scores, distances = nothing()
    scores[0] = np.linspace(0.5, 1, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    distances[:] = 1
    result = decode(scores, distances, HALF)
    assert len(result.scores) == CANDIDATES_MAX
    assert result.scores[0] == 1
    kept = suppress(result)
    assert len(kept.scores) == BOXES_MAX
    assert np.array_equal(kept.scores, result.scores[:BOXES_MAX])


def over_union(a: Floats, b: Floats) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    areas = [(one[2] - one[0]) * (one[3] - one[1]) for one in (a, b)]
    return float(shared / (sum(areas) - shared))


@given(things=st.dictionaries(cells, st.tuples(away, shares), max_size=30))
@settings(deadline=None)
def test_of_those_that_see_one_thing_the_best_stays(
    things: dict[tuple[int, int, int], tuple[tuple[float, float, float, float], float]],
) -> None:
    scores, distances = nothing()
    for (number, row, column), (sides, score) in things.items():
        scores[number, row, column] = score
        distances[:, row, column] = sides
    before = decode(scores, distances, HALF)
    kept = suppress(before)
    assert np.array_equal(np.sort(kept.scores)[::-1], kept.scores)
    # Those that stay are the best in order, each the first one of its thing.
    best: list[int] = []
    for at, edges in enumerate(before.edges):
        same = [
            one
            for one in best
            if before.classes[one] == before.classes[at]
            and over_union(before.edges[one], edges) >= SAME_MIN
        ]
        if not same:
            best.append(at)
    assert kept.scores.tolist() == before.scores[best].tolist()
    assert kept.classes.tolist() == before.classes[best].tolist()
    for edges, at in zip(kept.edges, best, strict=True):
        assert over_union(edges, before.edges[at]) > VOTES_MIN**2


def test_edges_are_the_mean_of_those_that_see_nearly_the_same_by_score() -> None:
    seen = found(
        ("person", 0.6, (20, 20, 60, 100)),
        ("person", 0.3, (20, 20, 60, 112)),
        ("person", 0.5, (20, 20, 60, 60)),
        ("vehicle", 0.6, (20, 20, 60, 120)),
    )
    kept = suppress(seen)
    assert told(kept) == ["person", "vehicle"]
    # The third sees the same thing, but not nearly: it goes without a say.
    assert kept.edges[0] == pytest.approx((20, 20, 60, 104))
    assert kept.edges[1] == pytest.approx((20, 20, 60, 120))


def test_a_person_before_a_vehicle_has_a_place_and_two_names_for_one_do_not() -> None:
    crowd = suppress(
        found(
            ("vehicle", 0.9, (20, 20, 120, 100)),
            ("person", 0.8, (40, 30, 60, 90)),
            ("two-wheeler", 0.7, (41, 31, 61, 91)),
            ("person", 0.6, (62, 30, 82, 90)),
        )
    )
    assert told(crowd) == ["vehicle", "person", "two-wheeler", "person"]
    assert outdone(crowd, HALF).tolist() == [False, False, True, False]


def test_a_rider_belongs_to_what_is_ridden() -> None:
    street = found(
        ("person", 0.9, (42, 10, 58, 50)),
        ("two-wheeler", 0.6, (30, 10, 70, 70)),
        ("person", 0.8, (71, 10, 90, 70)),
    )
    assert told(without_riders(street, NAMES, HALF)) == ["two-wheeler", "person"]
    unsure = np.array([0.5, 0.5, 0.7], np.float32)
    assert len(without_riders(street, NAMES, unsure).scores) == 3
    assert len(without_riders(street, ("person", "car", "bike"), HALF).scores) == 3


def test_the_class_that_is_surer_of_itself_has_the_place() -> None:
    scores, distances = nothing()
    scores[:, 5, 5] = (0.6, 0.7, 0.0)
    distances[:] = 20
    seen = suppress(decode(scores, distances, np.full(3, 0.1, np.float32)))
    assert told(seen) == ["vehicle", "person"]
    for least, name in (((0.2, 0.3, 0.3), "person"), ((0.2, 0.2, 0.3), "vehicle")):
        weak = outdone(seen, np.array(least, np.float32))
        assert told(seen.picked(~weak)) == [name]


def test_nothing_is_nothing() -> None:
    none = suppress(decode(*nothing(), HALF))
    assert none.edges.shape == (0, 4)
    assert len(without_riders(none, NAMES, HALF).scores) == 0
    assert len(outdone(none, HALF)) == 0

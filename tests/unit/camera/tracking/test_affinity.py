"""How alike two boxes are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.camera.tracking.affinity import affinity, covered, overlap
from heliograph.camera.types import Box

sides = st.floats(0, 500)
any_box = st.builds(Box, x=sides, y=sides, width=sides, height=sides)


def test_a_box_is_wholly_like_itself() -> None:
    assert affinity(Box(1, 2, 30, 40), Box(1, 2, 30, 40)) == 1


def test_overlap_over_union_decides_between_boxes_of_one_size() -> None:
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == 50
    # The part covered counts half of itself, which is less than overlap near 1.
    assert affinity(Box(0, 0, 10, 10), Box(1, 0, 10, 10)) == pytest.approx(9 / 11)


def test_a_part_of_a_thing_is_half_as_alike_as_covered() -> None:
    assert covered(Box(0, 0, 100, 100), Box(10, 10, 10, 10)) == 1
    assert affinity(Box(0, 0, 100, 100), Box(10, 10, 10, 10)) == 0.5


def test_boxes_that_share_nothing_are_not_alike() -> None:
    assert affinity(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0
    assert affinity(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0


def test_another_label_leaves_a_third() -> None:
    person, car = Box(0, 0, 9, 9, label="person"), Box(0, 0, 9, 9, label="car")
    assert affinity(person, car) == 0.3


def test_a_sliver_shares_no_more_than_it_has() -> None:
    sliver = Box(4, 0, 2.6262494929257256e-14, 1)
    assert affinity(sliver, sliver) == 1


@given(a=any_box, b=any_box)
@settings(deadline=None)
def test_it_is_symmetric_and_between_nothing_and_one(a: Box, b: Box) -> None:
    assert affinity(a, b) == pytest.approx(affinity(b, a))
    assert 0 <= affinity(a, b) <= 1 + 1e-9


def test_what_stands_before_another_thing_is_no_part_of_it() -> None:
    van, person = Box(0, 0, 100, 100, label="van"), Box(40, 40, 10, 20, label="person")
    assert affinity(van, person) == pytest.approx(0.02 * 0.3)

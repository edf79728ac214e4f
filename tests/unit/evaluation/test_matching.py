from heliograph.camera.types import Box
from heliograph.evaluation.matching import ANY, Judged, intersection_over_union, match

PERSON = Box(0, 0, 10, 20, "person")


def at(x: float, score: float, label: str = "person", width: float = 10) -> Box:
    """Return a box of the height of `PERSON`."""
    return Box(x, 0, width, 20, label, score)


def test_overlap_is_the_share_of_the_union() -> None:
    assert intersection_over_union(PERSON, PERSON) == 1
    assert intersection_over_union(PERSON, at(5, 1)) == 100 / 300
    assert intersection_over_union(PERSON, at(10, 1)) == 0


def test_the_better_score_takes_the_box_and_the_other_is_wrong() -> None:
    # The second overlaps more, and comes too late.
    window = Judged("a", (PERSON,), (), (at(0, 0.5), at(1, 0.9)))
    found = match(window, "person")
    assert found.scores.tolist() == [0.9, 0.5]
    assert found.hit[0].tolist() == [True, False]
    # An overlap of 0.82 is enough up to 0.8; beyond it the other one is right.
    assert found.hit[:, 0].tolist() == [True] * 7 + [False] * 3
    assert found.hit[:, 1].tolist() == [False] * 7 + [True] * 3


def test_each_takes_what_it_overlaps_most() -> None:
    window = Judged("a", (PERSON, at(4, 1)), (), (at(3, 0.9), at(1, 0.8)))
    assert match(window, "person").hit[0].tolist() == [True, True]


def test_classes_do_not_take_each_others_boxes_unless_all_are_one() -> None:
    window = Judged("a", (PERSON,), (), (at(0, 0.9, "vehicle"),))
    person, vehicle = match(window, "person"), match(window, "vehicle")
    assert (len(person.scores), person.truths) == (0, 1)
    assert (vehicle.hit[0].tolist(), vehicle.truths) == ([False], 0)
    assert match(window, ANY).hit[0].tolist() == [True]


def test_who_finds_what_is_not_judged_is_neither_right_nor_wrong() -> None:
    far = Box(100, 0, 40, 40, "person")
    inside = [Box(105, 5, 10, 20, "person", score) for score in (0.9, 0.8)]
    window = Judged("a", (PERSON,), (far,), (*inside, at(0, 0.7)))
    found = match(window, "person")
    assert found.ignored[0].tolist() == [True, True, False]
    assert found.hit[0].tolist() == [False, False, True]
    assert found.truths == 1


def test_what_is_judged_goes_before_what_is_not() -> None:
    window = Judged("a", (PERSON,), (Box(0, 0, 50, 50, "person"),), (at(2, 0.9),))
    assert match(window, "person").hit[0].tolist() == [True]


def test_an_unknown_thing_excuses_every_class_and_a_known_one_its_own() -> None:
    unknown, car = Box(0, 0, 30, 30, "unknown"), Box(50, 0, 30, 30, "vehicle")
    found = (at(0, 0.9), at(55, 0.8))
    assert match(Judged("a", (), (unknown, car), found), "person").ignored[
        0
    ].tolist() == [True, False]


def test_a_hundred_boxes_count_and_the_rest_does_not() -> None:
    found = (*(at(1000 + n, 0.5) for n in range(150)), at(0, 0.4))
    assert len(match(Judged("a", (PERSON,), (), found), "person").scores) == 100

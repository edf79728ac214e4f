"""What the workers told adds up, also when some of them are dead."""

from heliograph.gateway.app.tally import Tally
from heliograph.gateway.telemetry.snapshot import Family, Snapshot


def numbers(counted: float, under_way: float) -> Snapshot:
    return (
        Family("asked", "counter", "", (("asked_total", (), counted),)),
        Family("busy", "gauge", "", (("busy", (), under_way),)),
    )


def sums(tally: Tally) -> dict[str, float]:
    return {
        name: value for family in tally.sum(()) for name, _, value in family.samples
    }


def test_the_last_numbers_of_each_are_added() -> None:
    tally = Tally()
    tally.note(1, numbers(5, 1))
    tally.note(1, numbers(7, 2))
    tally.note(2, numbers(10, 3))
    assert sums(tally) == {"asked_total": 17, "busy": 5}


def test_counters_of_the_dead_stay_and_gauges_go() -> None:
    tally = Tally()
    tally.note(1, numbers(7, 2))
    tally.note(2, numbers(10, 3))
    tally.retire(1)
    assert sums(tally) == {"asked_total": 17, "busy": 3}
    tally.note(3, numbers(1, 0))
    tally.retire(2)
    assert sums(tally) == {"asked_total": 18, "busy": 0}


def test_one_that_died_before_it_told_anything_leaves_nothing() -> None:
    tally = Tally()
    tally.retire(9)
    assert tally.sum(()) == ()


def test_the_supervisors_own_numbers_count_too() -> None:
    tally = Tally()
    tally.note(1, numbers(7, 2))
    (asked, _) = tally.sum(numbers(1, 0))
    assert asked.samples == (("asked_total", (), 8.0),)

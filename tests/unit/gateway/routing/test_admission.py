"""A gate: who is inside, who waits, who is turned away."""

from heliograph.gateway.routing.admission import Gate
from heliograph.gateway.types import Limits


def test_places_are_handed_on_in_order() -> None:
    gate: Gate[str] = Gate(Limits(concurrent_max=2, queue_max=2))
    assert gate.enter()
    assert gate.enter()
    assert not gate.enter()
    assert gate.may_wait
    gate.wait("a")
    gate.wait("b")
    assert not gate.may_wait
    assert gate.leave() == "a"
    assert gate.inside == 2
    gate.give_up("b")
    assert gate.leave() is None
    assert gate.inside == 1
    assert gate.enter()


def test_nobody_overtakes_those_who_wait() -> None:
    gate: Gate[str] = Gate(Limits(concurrent_max=1))
    assert gate.enter()
    gate.wait("a")
    gate.limits = Limits(concurrent_max=5)
    assert not gate.enter()


def test_a_smaller_limit_lets_nobody_in_until_it_holds() -> None:
    gate: Gate[str] = Gate(Limits(concurrent_max=3))
    for _ in range(3):
        assert gate.enter()
    gate.wait("a")
    gate.limits = Limits(concurrent_max=1)
    assert [gate.leave(), gate.leave(), gate.leave()] == [None, None, "a"]
    assert gate.inside == 1

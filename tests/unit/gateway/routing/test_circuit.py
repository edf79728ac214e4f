"""A breaker walked through an outage by hand: no clock, no socket."""

import pytest

from heliograph.gateway.routing.circuit import Circuit
from heliograph.gateway.types import Breaker

RULES = Breaker(failures=3, calls_min=10)


def draw() -> float:
    return 0.5


def opened(rules: Breaker = RULES, at_s: float = 0.0) -> Circuit:
    circuit = Circuit(rules)
    while not circuit.failed(at_s, probe=False, draw=0.0):
        assert circuit.admits(at_s, draw) == "yes"
    return circuit


def test_it_opens_after_failures_in_a_row() -> None:
    circuit = Circuit(RULES)
    for _ in range(2):
        assert not circuit.failed(1.0, probe=False, draw=0.0)
    circuit.completed(1.0, slow=False, draw=0.0)
    for _ in range(2):
        assert not circuit.failed(1.0, probe=False, draw=0.0)
    assert circuit.failed(1.0, probe=False, draw=0.0)
    assert circuit.admits(1.0, draw) == "no"


@pytest.mark.parametrize(("calls", "opens"), [(9, False), (10, True)])
def test_half_of_the_calls_failing_opens_it_once_there_are_enough(
    calls: int, *, opens: bool
) -> None:
    circuit = Circuit(RULES)
    for call in range(calls):
        if call % 2:
            circuit.failed(call * 0.1, probe=False, draw=0.0)
        else:
            circuit.completed(call * 0.1, slow=False, draw=0.0)
    assert (circuit.state == "open") is opens


def test_slow_answers_open_it_as_failures_do() -> None:
    circuit = Circuit(RULES)
    for call in range(10):
        circuit.completed(call * 0.1, slow=call >= 4, draw=0.0)
    assert circuit.state == "open"


def test_what_lies_further_back_than_the_window_is_forgotten() -> None:
    circuit = Circuit(RULES)
    for call in range(8):
        circuit.failed(0.0, probe=False, draw=0.0)
        circuit.completed(0.0, slow=False, draw=0.0)
        assert call >= 4 or circuit.state == "closed"
    circuit = Circuit(RULES)
    for at_s in (0.0, 0.0, 40.0, 40.0, 80.0, 80.0, 120.0, 120.0, 160.0, 160.0):
        circuit.failed(at_s, probe=False, draw=0.0)
        circuit.completed(at_s, slow=False, draw=0.0)
    assert circuit.state == "closed"
    assert circuit.window.calls == 4


def test_one_probe_at_a_time_is_let_through_when_it_is_due() -> None:
    circuit = opened()
    assert circuit.admits(5.9, draw) == "no"
    assert circuit.admits(6.0, draw) == "probe"
    circuit.probing = True
    assert circuit.half_open()
    assert circuit.admits(6.1, draw) == "no"
    circuit.probing = False  # as the probe's watch says at its end
    assert circuit.admits(6.1, draw) == "probe"


def test_the_waits_between_probes_grow_with_the_outage() -> None:
    circuit = opened()
    at_s, waits = 0.0, []
    for _ in range(100):
        waits.append(round(circuit.probe_due_s - at_s, 6))
        at_s = circuit.probe_due_s
        circuit.failed(at_s, probe=True, draw=0.0)
    assert waits[0] == 6.0
    assert waits == sorted(waits)
    assert waits[-1] == 60.0
    assert sum(1 for wait in waits if wait == 6.0) == 11


def test_an_answered_probe_lets_traffic_back_little_by_little() -> None:
    circuit = opened()
    circuit.answered(6.0, began_s=6.0, slow=False, probe=True, draw=0.0)
    assert circuit.state == "ramp"

    def admitted(at_s: float) -> int:
        draws = iter([n / 100 for n in range(100)])
        return sum(
            circuit.admits(at_s, lambda: next(draws)) == "yes" for _ in range(100)
        )

    assert [admitted(at_s) for at_s in (6.0, 7.5, 8.7)] == [10, 50, 90]
    assert circuit.admits(9.0, draw) == "yes"
    assert circuit.admits(9.0, lambda: 1.0) == "yes"


def test_a_second_failure_during_the_ramp_opens_it_again() -> None:
    circuit = opened()
    circuit.answered(6.0, began_s=6.0, slow=False, probe=True, draw=0.0)
    assert not circuit.failed(7.0, probe=False, draw=0.0)
    assert circuit.failed(7.1, probe=False, draw=0.0)
    assert circuit.outage_s == 0.0  # the same outage goes on


def test_a_slow_answer_to_a_probe_does_not_end_the_outage() -> None:
    circuit = opened()
    circuit.probing = True
    circuit.answered(8.0, began_s=6.0, slow=True, probe=True, draw=0.0)
    assert circuit.state == "open"
    assert circuit.probe_due_s == 14.0


def test_a_call_from_before_the_outage_proves_nothing() -> None:
    circuit = opened(at_s=10.0)
    circuit.answered(11.0, began_s=9.0, slow=False, probe=False, draw=0.0)
    assert circuit.admits(99.0, draw) == "probe"
    circuit.answered(12.0, began_s=11.0, slow=False, probe=False, draw=0.0)
    assert circuit.admits(99.0, draw) == "yes"

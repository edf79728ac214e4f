"""A worker that served is replaced at once; one that dies at once is waited for."""

from heliograph.gateway.app.restarts import GIVE_UP_AFTER, WAIT_S_MAX, Restarts


def test_a_worker_that_served_is_replaced_at_once() -> None:
    restarts = Restarts()
    assert [restarts.died(3600.0) for _ in range(20)] == [0.0] * 20
    assert not restarts.hopeless


def test_one_that_dies_at_once_again_and_again_is_waited_for_longer() -> None:
    restarts = Restarts()
    waits = [restarts.died(0.1) for _ in range(12)]
    assert waits[:4] == [0.0, 0.1, 0.2, 0.4]
    assert waits == sorted(waits)
    assert waits[-1] == WAIT_S_MAX


def test_after_some_there_is_no_hope() -> None:
    restarts = Restarts()
    for _ in range(GIVE_UP_AFTER - 1):
        restarts.died(0.1)
        assert not restarts.hopeless
    restarts.died(0.1)
    assert restarts.hopeless


def test_a_worker_that_served_in_between_begins_it_anew() -> None:
    restarts = Restarts()
    for _ in range(GIVE_UP_AFTER):
        restarts.died(0.1)
    assert restarts.died(60.0) == 0.0
    assert not restarts.hopeless
    assert restarts.died(0.1) == 0.0
    assert restarts.died(0.1) > 0.0

"""When a gateway that failed is asked again."""

import pytest

from heliograph.camera.captioning.outage import Outage, OutageSettings

SETTINGS = OutageSettings(failures_max=2, rest_s_first=1.0, rest_s_max=30.0)


def outage(jitter: float = 1.0) -> Outage:
    return Outage(SETTINGS, jitter=lambda: jitter)


def test_one_failure_is_no_outage_and_two_in_a_row_are() -> None:
    gateway = outage()
    gateway.failed(0.0, "HTTP 503", None)
    assert gateway.may_ask(0.0)
    gateway.answered()
    gateway.failed(1.0, "HTTP 503", None)
    assert not gateway.is_on
    gateway.failed(1.0, "HTTP 503", None)
    assert gateway.is_on
    assert not gateway.may_ask(1.9)
    assert gateway.wait_s(1.5) == pytest.approx(0.5)


def test_one_probe_goes_at_a_time_and_an_answer_ends_it() -> None:
    gateway = outage()
    for _ in range(2):
        gateway.failed(0.0, "refused", None)
    assert [gateway.may_ask(1.0) for _ in range(5)] == [True] + [False] * 4
    gateway.answered()
    assert all(gateway.may_ask(1.0) for _ in range(5))
    assert gateway.why == ""


def test_a_probe_that_hangs_is_alone_until_it_has_failed() -> None:
    gateway = outage()
    for _ in range(2):
        gateway.failed(0.0, "no answer", None)
    assert gateway.may_ask(1.0)
    assert not any(gateway.may_ask(1.0 + tenths / 10) for tenths in range(99))
    gateway.failed(11.0, "no answer", None)
    assert [gateway.may_ask(12.9), gateway.may_ask(13.0)] == [False, True]


def test_rests_grow_to_half_a_minute_and_no_further() -> None:
    gateway, now_s, probes = outage(), 0.0, 0
    rests = []
    gateway.failed(now_s, "refused", None)
    while now_s < 5_400:
        gateway.failed(now_s, "refused", None)
        rests.append(gateway.wait_s(now_s))
        now_s += rests[-1]
        assert gateway.may_ask(now_s)
        probes += 1
    assert rests[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert 180 <= probes <= 190


def test_jitter_takes_up_to_half_of_a_rest() -> None:
    waits = []
    for jitter in (0.0, 0.5, 1.0):
        gateway = outage(jitter)
        for _ in range(2):
            gateway.failed(0.0, "refused", None)
        waits.append(gateway.wait_s(0.0))
    assert waits == [0.5, 0.75, 1.0]


def test_a_gateway_that_tells_how_long_is_left_alone_at_once_within_a_bound() -> None:
    gateway = outage()
    gateway.failed(0.0, "HTTP 429", 7.0)
    assert gateway.wait_s(0.0) == 7.0
    gateway.failed(0.0, "HTTP 402", 86_400.0)
    assert gateway.wait_s(0.0) == 300.0

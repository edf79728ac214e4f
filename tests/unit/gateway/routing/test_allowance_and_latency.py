"""Allowances and the measure of what is usual."""

from heliograph.gateway.routing.allowance import Allowance
from heliograph.gateway.routing.latency import Latency


def test_repeats_are_a_share_of_traffic_and_a_floor() -> None:
    allowance = Allowance(0.1, floor_per_s=0.3)
    assert sum(allowance.spend(0.0) for _ in range(10)) == 3
    for _ in range(100):
        allowance.earn()
    assert sum(allowance.spend(0.0) for _ in range(100)) in {9, 10}
    assert sum(allowance.spend(10.0) for _ in range(100)) in {2, 3}


def test_a_share_alone_starts_with_nothing() -> None:
    allowance = Allowance(0.05)
    assert not allowance.spend(0.0)
    for _ in range(21):
        allowance.earn()
    assert allowance.spend(1.0)
    assert not allowance.spend(1e9)


def test_the_percentile_is_known_after_some_answers() -> None:
    latency = Latency()
    for number in range(31):
        latency.observe(0.1, float(number), 3.0)
    assert latency.p95_s is None
    latency.observe(0.1, 31.0, 3.0)
    assert latency.p95_s == 0.1


def test_slow_answers_do_not_become_usual_until_they_have_lasted() -> None:
    latency = Latency()
    for number in range(64):
        assert not latency.observe(0.1, float(number), 3.0)
    slow = [latency.observe(2.0, 64.0 + number, 3.0) for number in range(1800)]
    assert slow == [True] * 1800
    assert latency.p95_s == 0.1
    later = [latency.observe(2.0, 1864.0 + number, 3.0) for number in range(64)]
    assert not later[-1]
    assert latency.p95_s == 2.0


def test_one_quick_answer_breaks_the_row_of_slow_ones() -> None:
    latency = Latency()
    for number in range(64):
        latency.observe(0.1, float(number), 3.0)
    for number in range(4000):
        latency.observe(0.1 if number % 1000 == 0 else 2.0, 64.0 + number, 3.0)
    assert latency.p95_s == 0.1


def test_the_peak_rises_at_once_and_falls_slowly() -> None:
    latency = Latency()
    latency.observe(0.1, 0.0, 0.0)
    latency.observe(1.0, 1.0, 0.0)
    assert latency.peak_s == 1.0
    latency.observe(0.1, 2.0, 0.0)
    assert 0.8 < latency.peak_s < 1.0
    latency.observe(0.1, 60.0, 0.0)
    assert latency.peak_s < 0.11

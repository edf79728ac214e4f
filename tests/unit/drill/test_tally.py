"""Numbers of a drill, reckoned by hand."""

import msgspec
import pytest

from drill_parts import good, row
from heliograph.drill.casting import Cast
from heliograph.drill.play import Row, Tried
from heliograph.drill.script import Objectives, Phase, Script, Traffic
from heliograph.drill.tally import Tally, percentile, tally
from heliograph.simulation.providers.rules import Fault, Rule

CAST = Cast("anthropic/m", ("anthropic", "openai"), "anthropic")
DOWN = (Rule(Fault(status=503)),)


def script(**objectives: float) -> Script:
    return Script(
        "Test",
        "",
        "primary",
        Traffic(requests_per_s=10),
        (Phase("before", 10), Phase("down", 10, DOWN), Phase("after", 10)),
        objectives=msgspec.structs.replace(Objectives(), **objectives),
    )


def rows(back_s: float = 20.0) -> list[Row]:
    """Ten a second; the fallback answers, 100 ms later, from 10 s until *back_s*."""
    made = []
    for number in range(300):
        at_s = number / 10
        well = at_s < 10 or at_s >= back_s
        made.append(row(at_s, "anthropic") if well else row(at_s, "openai", 1.1))
    return made


def told(some: list[Row], plan: Script | None = None) -> Tally:
    return tally(some, plan or script(), CAST, "gateway.yaml")


def test_all_is_well_when_everything_was_answered() -> None:
    result = told(rows(), script(availability=1, added_p99_ms=100, recovery_s=0))
    assert result.held
    assert result.availability == 1
    assert result.failures == {}
    assert result.added_p99_ms == 100
    assert [phase.requests for phase in result.phases] == [100, 100, 100]
    assert [phase.p99_ms for phase in result.phases] == [1000, 1100, 1000]
    assert result.phases[0].added_p99_ms is None
    assert result.phases[1].answered_by == {"openai": 100}


@pytest.mark.parametrize(
    ("objective", "stated"),
    [
        ("availability", 0.999),
        ("added_p99_ms", 99),
        ("attempts_on_sick", 1),
        ("recovery_s", 4.5),
    ],
)
def test_each_objective_can_be_missed(objective: str, stated: float) -> None:
    some = rows(back_s=25)
    some[150] = row(15.0, None)
    some[151] = row(15.1, None)
    result = told(some, script(**{objective: stated}))
    assert not result.held
    assert [each.name for each in result.objectives if not each.met] == [objective]


def test_the_onset_of_a_fault_is_left_out_where_the_script_says_so() -> None:
    some = rows()
    some[100:110] = [row(10 + n / 10, "openai", 9.0) for n in range(10)]
    assert told(some).added_p99_ms == 8000
    after = told(some, script(onset_s=1, added_p99_ms=100))
    assert after.added_p99_ms == 100
    assert after.held
    assert after.phases[1].worst_ms == 9000


def test_a_silent_truncation_is_never_forgiven() -> None:
    some = rows()
    some[5] = msgspec.structs.replace(some[5], verdict="truncated")
    result = told(some)
    assert result.silent_truncations == 1
    assert not result.held
    assert result.availability == pytest.approx(299 / 300)


def test_recovery_is_when_the_share_is_back_for_good() -> None:
    assert told(rows(back_s=20)).recovery_s == 0
    assert told(rows(back_s=23)).recovery_s == pytest.approx(3, abs=0.2)
    assert told(rows(back_s=40)).recovery_s is None


def test_one_answered_probe_is_no_recovery() -> None:
    some = rows(back_s=25)
    some[210] = row(21.0, "anthropic")
    assert told(some).recovery_s == pytest.approx(5, abs=0.2)


def test_never_recovered_misses_the_objective() -> None:
    assert not told(rows(back_s=40), script(recovery_s=1000)).held


def test_attempts_count_in_sick_phases_only() -> None:
    some = rows()
    tried = (Tried(12.0, "anthropic", None, "server_error"),) * 3
    some[120] = msgspec.structs.replace(some[120], tried=(*tried, *some[120].tried))
    result = told(some)
    assert result.attempts_on_sick == 3
    assert [phase.attempts_on_sick for phase in result.phases] == [100, 3, 100]


def test_a_drill_about_a_key_looks_at_the_key() -> None:
    cast = msgspec.structs.replace(CAST, sick_key="anthropic#1")
    keys = ("anthropic#1", "anthropic#2")
    some = []
    for number in range(300):
        well = not 100 <= number < 200
        key = keys[number % 2] if well else keys[1]
        tried = (Tried(number / 10, "anthropic", key, None),)
        made = row(number / 10)
        some.append(msgspec.structs.replace(made, key=key, tried=tried))
    result = tally(some, script(), cast, "x")
    assert result.phases[0].answered_by == {"anthropic#1": 50, "anthropic#2": 50}
    assert result.phases[1].answered_by == {"anthropic#2": 100}
    assert [phase.attempts_on_sick for phase in result.phases] == [50, 0, 50]
    assert result.recovery_s == 0


def test_a_phase_nobody_was_answered_in_has_no_latency_and_misses() -> None:
    some = [row(r.at_s, None) if 10 <= r.at_s < 20 else r for r in rows()]
    result = told(some, script(added_p99_ms=1e6))
    assert result.phases[1].p99_ms is None
    assert result.added_p99_ms is None
    assert not result.held


def test_every_request_is_in_one_slice() -> None:
    result = told(rows())
    assert result.bucket_s == 0.5
    assert len(result.buckets) == 60
    assert sum(sum(b.answered_by.values()) + b.failed for b in result.buckets) == 300


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert percentile([], 0.5) is None
    assert percentile([7], 0.99) == 7
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 0.5) == 50
    assert percentile(range(1, 101), 1) == 100


def test_what_calls_cost_is_added_up_and_those_of_unknown_cost_are_counted() -> None:
    some = rows()
    dear = Tried(0.0, "anthropic", None, None, 1_500)
    some[0] = msgspec.structs.replace(some[0], tried=(dear, dear))
    some[1] = msgspec.structs.replace(some[1], tried=(Tried(0.1, "a", None, "x", 0),))
    assert (told(some).cost_nano, told(some).unknown_costs) == (3_000, 298)
    assert (told(some[:2]).cost_nano, told(some[:2]).unknown_costs) == (3_000, 0)


def test_the_example_has_phases_that_begin_one_after_the_other() -> None:
    plan, _ = good()
    assert plan.begins_s == (0, 10, 20)
    assert plan.duration_s == 30

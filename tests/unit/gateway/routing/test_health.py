"""What one exchange teaches the next: keys that rest, targets that are left alone."""

import math

import pytest
from msgspec.structs import replace

from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.target_health import TargetHealth
from heliograph.gateway.types import (
    Blame,
    Breaker,
    Config,
    Endpoint,
    Failure,
    Key,
    Limits,
    Provider,
    Secret,
)

ONE, TWO = (Key(f"p#{n}", Secret(f"secret-{n}")) for n in (1, 2))
PROVIDER = Provider("p", Endpoint("p", "openai", "http://127.0.0.1:1/v1"), (ONE, TWO))
CONFIG = Config(providers={"p": PROVIDER})
DOWN = Failure(Blame.PROVIDER, "server_error", "said", 500)


def health() -> Health:
    return Health(CONFIG, lambda: 0.0)


def target_fault(kind: str, wait_s: float | None = None) -> Failure:
    return Failure(Blame.TARGET, kind, "said", 429, retry_after_s=wait_s)


def call(
    target: TargetHealth, failure: Failure | None, at_s: float, *, probe: bool = False
) -> None:
    watch = target.begin(at_s, stream=False, probe=probe)
    if failure is None:
        watch.answered(at_s)
    watch.end(failure, at_s)


@pytest.mark.parametrize(
    ("failure", "until_s", "all_models"),
    [
        (target_fault("rate_limited", 7.0), 107.0, False),
        (target_fault("rate_limited"), 100.5, False),
        (target_fault("quota_exhausted", 3600.0), 3700.0, True),
        (target_fault("quota_exhausted"), 700.0, True),
        (target_fault("upstream_auth"), math.inf, True),
    ],
    ids=lambda value: str(getattr(value, "kind", value)),
)
def test_each_target_fault_has_its_own_rest(
    failure: Failure, until_s: float, *, all_models: bool
) -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    call(target, failure, 100.0)
    assert target.admits(min(until_s, 1e9) - 0.01) == "no"
    if until_s < math.inf:
        assert target.admits(until_s) == "yes"
    other_model = known.of(PROVIDER, "other", ONE)
    assert other_model.admits(100.1) == ("no" if all_models else "yes")
    assert known.of(PROVIDER, "m", TWO).admits(100.1) == "yes"
    assert known.providers["p"].circuit.state == "closed"


def test_limits_without_a_word_grow_and_an_answer_ends_them() -> None:
    target = health().of(PROVIDER, "m", ONE)
    waits = []
    at_s = 0.0
    for _ in range(8):
        call(target, target_fault("rate_limited"), at_s)
        waits.append(target.rest.until_s - at_s)
        at_s = target.rest.until_s
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    call(target, None, at_s)
    call(target, target_fault("rate_limited"), at_s)
    assert target.rest.until_s - at_s == 0.5


def test_when_a_rest_is_over_one_call_finds_out_and_the_others_wait() -> None:
    target = health().of(PROVIDER, "m", ONE)
    call(target, target_fault("quota_exhausted", 10.0), 0.0)
    watch = target.begin(10.0, stream=False, probe=False)
    assert target.admits(10.1) == "no"
    watch.answered(10.2)
    watch.end(None, 10.2)
    assert target.admits(10.3) == "yes"


def test_a_whole_answer_tells_at_once_what_a_beginning_and_an_end_tell() -> None:
    target = health().of(PROVIDER, "m", ONE)
    for number in range(64):
        target.begin(float(number), stream=False, probe=False).whole(number + 0.1)
    assert target.p95_s(stream=False) == pytest.approx(0.1)
    assert (target.in_flight, target.provider.in_flight) == (0, 0)
    assert not target.provider.waiting
    for number in range(64, 128):  # the window forgets the good ones
        target.begin(float(number), stream=False, probe=False).whole(number + 0.9)
    assert target.provider.circuit.state == "open"


def test_the_providers_circuit_takes_the_blame_from_its_targets() -> None:
    known = health()
    one, two = known.of(PROVIDER, "m", ONE), known.of(PROVIDER, "m", TWO)
    for number in range(5):
        call((one, two)[number % 2], DOWN, 1.0)
    assert [one.admits(1.0), two.admits(1.0)] == ["no", "no"]
    assert {one.circuit.state, two.circuit.state} == {"closed"}
    call(two, None, 7.0, probe=True)
    assert known.providers["p"].circuit.state == "ramp"
    assert one.admits(10.1) == "yes"


def test_one_key_that_fails_alone_is_left_alone() -> None:
    known = health()
    one, two = known.of(PROVIDER, "m", ONE), known.of(PROVIDER, "m", TWO)
    for number in range(5):
        call(one, DOWN, float(number))
        call(two, None, float(number))
    assert (one.admits(4.1), two.admits(4.1)) == ("no", "yes")
    assert one.admits(12.0) == "probe"
    call(one, None, 12.0, probe=True)
    assert one.admits(15.1) == "yes"


@pytest.mark.parametrize("kind", ["caller_timeout", "gateway_stopped", "hedged_away"])
def test_what_is_not_the_providers_doing_is_not_held_against_it(kind: str) -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    for _ in range(9):
        call(target, Failure(Blame.PROVIDER, kind, "said"), 1.0)
    assert target.admits(1.0) == "yes"
    assert known.providers["p"].in_flight == target.in_flight == 0


def test_a_refused_request_shows_that_the_provider_is_alive() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    for number in range(40):
        bad = Failure(Blame.CALLER, "bad_request", "said", 400)
        call(target, DOWN if number % 5 else bad, number * 60.0)
    assert known.providers["p"].circuit.state == "closed"


def test_a_probe_that_is_broken_off_makes_room_for_the_next() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    for _ in range(5):
        call(target, DOWN, 0.0)
    watch = target.begin(6.0, stream=True, probe=True)
    assert target.admits(6.1) == "no"
    watch.leave()
    watch.end(DOWN, 6.2)  # a second end is not heard
    assert target.admits(6.3) == "probe"
    assert target.in_flight == 0


def test_a_brown_out_is_noticed_against_what_was_usual() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    at_s = 0.0
    for took_s in [0.1] * 64 + [1.0] * 40:
        watch = target.begin(at_s, stream=True, probe=False)
        at_s += took_s
        watch.answered(at_s)
        watch.end(None, at_s)
        if target.admits(at_s) == "no":
            break
    assert known.providers["p"].circuit.state == "open"
    assert target.patience_s(stream=True) == 1.0
    assert target.patience_s(stream=False) is None


def test_a_reload_forgets_refused_and_changed_keys_and_keeps_the_rest() -> None:
    known = health()
    call(known.of(PROVIDER, "m", ONE), target_fault("upstream_auth"), 0.0)
    call(known.of(PROVIDER, "m", TWO), target_fault("quota_exhausted", 900.0), 0.0)
    after = known.successor(CONFIG)
    assert after.of(PROVIDER, "m", ONE).admits(1.0) == "yes"
    assert after.of(PROVIDER, "m", TWO).admits(1.0) == "no"
    changed = replace(PROVIDER, keys=(ONE, Key("p#2", Secret("another"))))
    after = known.successor(replace(CONFIG, providers={"p": changed}))
    assert after.of(changed, "m", changed.keys[1]).admits(1.0) == "yes"


def test_models_that_callers_make_up_do_not_grow_it_without_end() -> None:
    known = health()
    for number in range(10_000):
        call(known.of(PROVIDER, f"m{number}", ONE), None, 0.0)
    assert len(known.targets) <= 4096
    assert len(known.providers["p"].targets) <= 4096


def test_it_says_how_the_providers_stand() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    call(target, target_fault("rate_limited", 9.0), 0.0)
    target.begin(0.0, stream=False, probe=False)
    (standing,) = known.standings(1.0)
    assert (standing.circuit, standing.in_flight, standing.resting) == ("closed", 1, 1)


def test_it_says_when_the_next_probe_of_an_open_circuit_is_due() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    assert target.probe_wait_s(0.0) is None
    for _ in range(5):
        call(target, DOWN, 0.0)
    wait_s = target.probe_wait_s(1.0)
    assert wait_s is not None
    assert 5.0 <= wait_s <= 6.0
    assert target.probe_wait_s(100.0) == 0.0


def usual(target: TargetHealth, took_s: float) -> None:
    """Teach *target* how long its streams take to begin."""
    for number in range(64):
        watch = target.begin(float(number), stream=True, probe=False)
        watch.answered(number + took_s)
        watch.end(None, number + took_s)


def test_calls_that_are_overdue_open_the_circuit_before_their_bounds() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    usual(target, 0.5)
    begun = [100.0, 100.2, 100.4, 100.6, 100.8, 101.0]
    watches = [target.begin(at_s, stream=True, probe=False) for at_s in begun]
    assert target.admits(102.2) == "yes"  # four are overdue
    assert target.admits(102.4) == "no"
    assert known.providers["p"].circuit.state == "open"
    for watch in watches:
        watch.leave()
    assert not known.providers["p"].waiting


def test_a_few_late_calls_beside_answers_are_no_outage() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    usual(target, 0.5)
    for at_s in (100.0, 100.2, 100.4, 100.6, 100.8, 101.0):
        target.begin(at_s, stream=True, probe=False)
    call(target, None, 101.5)
    assert target.admits(110.0) == "yes"


def test_without_knowing_what_is_usual_nothing_is_overdue() -> None:
    target = health().of(PROVIDER, "m", ONE)
    for _ in range(9):
        target.begin(100.0, stream=True, probe=False)
    assert target.admits(129.0) == "yes"


def test_a_probe_keeps_its_place_whatever_else_happens_meanwhile() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    for _ in range(5):
        call(target, DOWN, 0.0)
    probe = target.begin(6.0, stream=True, probe=True)
    call(target, None, 7.0)  # the last resort of somebody, answered: the ramp begins
    for _ in range(2):
        call(target, DOWN, 8.0)
    assert known.providers["p"].circuit.state == "open"
    assert target.admits(30.0) == "no"
    probe.end(DOWN, 30.0)
    assert target.admits(40.0) == "probe"


def test_who_may_be_well_already_is_least_bad() -> None:
    known = health()
    one, two = known.of(PROVIDER, "m", ONE), known.of(PROVIDER, "m", TWO)
    call(one, target_fault("rate_limited", 9.0), 0.0)
    call(two, target_fault("upstream_auth"), 0.0)
    assert [t.standing(1.0).rank for t in (one, two)] == [2, 4]
    one.begin(9.5, stream=False, probe=False)  # finds out whether the limit is over
    assert one.standing(9.6) == (1, 0.0)
    third = known.of(PROVIDER, "other", ONE)
    for number in range(5):
        call(third, DOWN, 20.0 + number)
        call(known.of(PROVIDER, "fine", ONE), None, 20.0 + number)
    assert third.standing(24.5).rank == 2
    third.begin(31.0, stream=False, probe=True)
    assert third.standing(31.0).rank == 1


def test_a_reload_keeps_the_circuit_that_calls_under_way_will_end_in() -> None:
    known = health()
    target = known.of(PROVIDER, "m", ONE)
    for _ in range(5):
        call(target, DOWN, 0.0)
    probe = target.begin(6.0, stream=False, probe=True)
    after = known.successor(replace(CONFIG, breaker=Breaker(probe_s=20.0)))
    fresh = after.of(PROVIDER, "m", ONE)
    assert fresh.admits(7.0) == "no"  # the probe is still under way
    probe.end(DOWN, 8.0)
    assert fresh.admits(27.9) == "no"
    assert fresh.admits(28.0) == "probe"


def test_a_reload_does_not_open_a_full_gate() -> None:
    tight = replace(PROVIDER, limits=Limits(concurrent_max=1))
    config = Config(providers={"p": tight})
    known = Health(config, lambda: 0.0)
    target = known.of(tight, "m", ONE)
    assert target.provider.gate is not None
    assert target.provider.gate.enter()
    wider = replace(tight, limits=Limits(concurrent_max=2))
    fresh = known.successor(replace(config, providers={"p": tight})).of(tight, "m", ONE)
    assert fresh.admits(0.0) == "no"
    after = known.successor(replace(config, providers={"p": wider}))
    assert after.of(wider, "m", ONE).admits(0.0) == "yes"

"""140 worlds of ten minutes each; and proof that a broken policy would be found."""

from collections.abc import Callable

import pytest

from heliograph.gateway.routing.allowance import Allowance
from heliograph.gateway.routing.circuit import Circuit
from heliograph.gateway.routing.failover import Walk
from heliograph.gateway.routing.target_health import TargetHealth, Watch
from heliograph.gateway.types import Failure
from routing_simulation import world
from routing_simulation.invariants import INVARIANTS, violations
from routing_simulation.world import World

SEEDS = 140
ROWS = 20
FOUND_WITHIN = 100


@pytest.mark.parametrize("row", range(ROWS))
def test_no_weather_breaks_an_invariant(row: int) -> None:
    seeds = range(row * SEEDS // ROWS, (row + 1) * SEEDS // ROWS)
    assert [said for seed in seeds for said in violations(seed)] == []


def test_the_same_seed_is_the_same_world() -> None:
    def story(seed: int) -> list[tuple[float, list[str], int]]:
        played = World(seed)
        played.run()
        return [(ask.ended_s, ask.ends, len(ask.calls)) for ask in played.asks]

    assert story(3) == story(3)
    assert story(3) != story(4)


def watch_forgets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Watch, "leave", lambda watch: setattr(watch, "ended", True))


def off_goes_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world, "may_go_on", lambda _conduct, _failure: True)


def circuits_stay_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Circuit, "open", lambda *_: None)


def probes_crowd(patch: pytest.MonkeyPatch) -> None:
    right = Circuit.admits

    def admits(self: Circuit, now_s: float, draw: Callable[[], float]) -> str:
        self.probing = False
        return right(self, now_s, draw)

    patch.setattr(Circuit, "admits", admits)


def deadlines_are_ignored(patch: pytest.MonkeyPatch) -> None:
    right = World.__init__

    def begin(self: World, seed: int) -> None:
        right(self, seed)
        self.total_s = 1e9

    patch.setattr(World, "__init__", begin)


def everything_is_repeated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Walk, "may_repeat", lambda _walk, _target, repeats: repeats < 3)


def everybody_is_admitted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TargetHealth, "admits", lambda _target, _now_s: "yes")


def allowances_have_no_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Allowance, "spend", lambda _allowance, _now_s: True)
    patch.setattr(Circuit, "open", lambda *_: None)
    patch.setattr(
        Walk,
        "may_repeat",
        lambda walk, _target, repeats: (
            repeats < 1
            and walk.failure is not None
            and walk.failure.kind == "server_error"
        ),
    )


def failures_end_the_plan(patch: pytest.MonkeyPatch) -> None:
    right = Walk.note

    def note(self: Walk, target: TargetHealth, failure: Failure | None) -> None:
        right(self, target, failure)
        self.over = True

    patch.setattr(Walk, "note", note)


BROKEN = {
    "one_end_each": watch_forgets,
    "nothing_after_the_commit_point": off_goes_on,
    "few_calls_in_a_full_outage": circuits_stay_closed,
    "one_probe_at_a_time": probes_crowd,
    "every_wait_ends_in_time": deadlines_are_ignored,
    "nobody_is_asked_again_in_vain": everything_is_repeated,
    "who_rests_is_asked_last": everybody_is_admitted,
    "repeats_stay_within_the_allowance": allowances_have_no_end,
    "who_could_be_answered_was": failures_end_the_plan,
}


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_broken_on_purpose_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    BROKEN[name](monkeypatch)
    for seed in range(FOUND_WITHIN):
        if any(f": {name}: " in said for said in violations(seed)):
            return
    pytest.fail(f"{name} was not found broken within {FOUND_WITHIN} seeds")

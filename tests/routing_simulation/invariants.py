"""What must hold in every world, whatever the weather."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from heliograph.gateway.routing.allowance import TOKENS_MAX
from routing_simulation.world import TIMEOUTS, WHOLE, Ask, World

EPSILON_S = 1e-6
SILENT = frozenset({"first_byte_timeout", "idle_timeout", "connect_timeout"})
OUTAGE_SHARE = 1.1
OPENING_CALLS = 12
"""Calls a provider may get before its circuit opens: five in a row, those already
under way with them, and the repeats that the allowance has at the start."""


def one_end_each(world: World) -> Iterator[str]:
    """Every exchange ends exactly once, in one of the ways there are."""
    for ask in world.asks:
        if len(ask.ends) != 1:
            yield f"exchange {ask.number} ended {len(ask.ends)} times"
    for target in world.health.targets.values():
        if target.in_flight or target.provider.in_flight:
            yield f"{target.target.name} has calls under way that ended"


def nothing_after_the_commit_point(world: World) -> Iterator[str]:
    """What has begun to be sent is gone on with only where rescue is wanted."""
    for ask in world.asks:
        more = len(ask.calls) - ask.calls_at_commit
        if ask.committed and ask.conduct == "off" and more:
            yield f"exchange {ask.number} made {more} calls after its commit point"


def few_calls_in_a_full_outage(world: World) -> Iterator[str]:
    """While everything is down, calls are about as many as requests."""
    spells = [world.weather[p.name] for p in world.providers]
    if not all(len(s) == 1 and s[0].kind in WHOLE for s in spells):
        return
    from_s, to_s = spells[0][0].from_s, spells[0][0].to_s
    asked = [ask for ask in world.asks if from_s <= ask.began_s < to_s]
    calls = sum(len(ask.calls) for ask in asked)
    allowed = OUTAGE_SHARE * len(asked) + OPENING_CALLS * len(world.providers)
    if calls > allowed:
        yield f"{calls} calls for {len(asked)} requests in a full outage"


def one_probe_at_a_time(world: World) -> Iterator[str]:
    """No provider is probed twice at once."""
    if world.probing_max > 1:
        yield f"{world.probing_max} probes of one provider were under way at once"


def every_wait_ends_in_time(world: World) -> Iterator[str]:
    """No exchange outlives its deadline, and no call its exchange."""
    for ask in world.asks:
        if ask.ended_s > ask.began_s + TIMEOUTS.total_s + EPSILON_S:
            yield f"exchange {ask.number} took {ask.ended_s - ask.began_s:.1f} s"


def nobody_is_asked_again_in_vain(world: World) -> Iterator[str]:
    """A target is repeated once at most, and never after it was silent."""
    for ask in world.asks:
        times = Counter(call.step.health for call in ask.calls)
        if times and max(times.values()) > 2:  # once, and one repeat
            yield f"exchange {ask.number} asked one target {max(times.values())} times"
        silent = set()
        for call in ask.calls:
            name = call.step.health.provider.name
            if name in silent:
                yield f"exchange {ask.number} asked {name} again after its silence"
            if call.failure is not None and call.failure.kind in SILENT:
                silent.add(name)


def who_rests_is_asked_last(world: World) -> Iterator[str]:
    """A target that is not admitted is called only when nobody else is there."""
    for ask in world.asks:
        for call in ask.calls:
            if not call.admitted and not call.repeat and call.others:
                name = call.step.health.target.name
                others = f"although {call.others} others were well"
                yield f"exchange {ask.number} called {name}, which rests, {others}"


def repeats_stay_within_the_allowance(world: World) -> Iterator[str]:
    """Repeats of a provider are a tenth of its exchanges, a floor, and what was saved.

    Counted minute by minute, so that quiet times do not hide a storm.
    """
    repeats: Counter[tuple[str, int]] = Counter()
    exchanges: Counter[tuple[str, int]] = Counter()
    for ask in world.asks:
        for call in ask.calls:
            minute = (call.step.health.provider.name, int(call.began_s / 60.0))
            (repeats if call.repeat else exchanges)[minute] += 1
    for minute, number in repeats.items():
        allowed = 0.1 * exchanges[minute] + 0.3 * 60.0 + TOKENS_MAX
        if number > allowed:
            yield f"{minute[0]} was repeated {number} times in minute {minute[1]}"


def who_could_be_answered_was(world: World) -> Iterator[str]:
    """With a provider that was well for long enough, no exchange fails."""
    for ask in world.asks:
        if "failed" in ask.ends and well_throughout(world, ask):
            kinds = [call.failure.kind for call in ask.calls if call.failure]
            yield f"exchange {ask.number} failed ({kinds}) beside one that was well"


def well_throughout(world: World, ask: Ask) -> bool:
    """Say whether some provider was well from long before *ask* until its end.

    A stream that has begun and may not be gone on with fails with its own target. A key
    that was once refused rests until the config changes, which it does not here.
    """
    if ask.committed:
        return False
    return any(
        all(
            weather.from_s > ask.ended_s
            or (weather.to_s < ask.began_s - 70.0 and weather.kind != "bad_key")
            for weather in world.weather[provider.name]
        )
        for provider in world.providers
    )


Invariant = Callable[[World], Iterator[str]]
INVARIANTS: Mapping[str, Invariant] = {
    invariant.__name__: invariant
    for invariant in (
        one_end_each,
        nothing_after_the_commit_point,
        few_calls_in_a_full_outage,
        one_probe_at_a_time,
        every_wait_ends_in_time,
        nobody_is_asked_again_in_vain,
        who_rests_is_asked_last,
        repeats_stay_within_the_allowance,
        who_could_be_answered_was,
    )
}


def violations(seed: int) -> list[str]:
    """Play one seed; say which invariants it broke, and how."""
    world = World(seed)
    world.run()
    return [
        f"seed {seed}: {name}: {said}"
        for name, invariant in INVARIANTS.items()
        for said in invariant(world)
    ]

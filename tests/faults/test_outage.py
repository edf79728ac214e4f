"""A minute of outage under 20 requests a second, on a clock that jumps.

On that clock an exchange takes as long as it waits for: what computing adds is measured
by `bench/outage.py`, in real time and with a process of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from faults.jumps import between, in_flight_max, in_jumps
from faults.pair import Pair, Told, assert_answered

BEGINS_S, ENDS_S, OVER_S = 10.0, 70.0, 90.0
PER_S = 20
KINDS: dict[str, Mapping[str, object]] = {
    "overloaded": {"status": 503},
    "errors": {"status": 500},
    "resets": {"kind": "reset"},
}
ATTEMPTS_MAX = 15
ADDED_S_MAX = 0.05
BACK_S_MAX = 10.0


async def through_an_outage(both: Pair, what: Mapping[str, object]) -> list[Told]:
    """Ask 20 times a second, before, in and after an outage of a minute."""
    begins_s = asyncio.get_running_loop().time()
    both.falls_sick(what, from_s=BEGINS_S, to_s=ENDS_S)
    both.sim.reset()  # its clock begins with ours
    times = [begins_s + n / PER_S for n in range(int(OVER_S * PER_S))]
    told = await both.ask_at(times)
    return [each._replace(began_s=each.began_s - begins_s) for each in told]


def assert_back_by_a_ramp(told: Sequence[Told]) -> None:
    """Who was out comes back within ten seconds, and not with all traffic at once."""
    by = [each.line["provider"] for each in between(told, ENDS_S, OVER_S)]
    back = by.index("sick")
    whole = len(by) - by[::-1].index("well")
    assert whole <= BACK_S_MAX * PER_S
    assert by[back:whole].count("well") >= PER_S  # a second's worth, over three
    assert set(by[whole:]) == {"sick"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_minute_of_outage_is_not_noticed(kind: str) -> None:
    async def play(both: Pair) -> None:
        told = await through_an_outage(both, KINDS[kind])
        assert len(told) == OVER_S * PER_S
        for each in told:
            assert_answered(each, by=each.line["provider"])
        out = between(told, BEGINS_S, ENDS_S)
        assert {each.line["provider"] for each in out} == {"well"}
        assert sum(each.targets.count("sick") for each in out) <= ATTEMPTS_MAX
        tried = [seen for seen in both.calls() if BEGINS_S <= seen.started_s < ENDS_S]
        took_s = sorted(each.took_s for each in between(told, BEGINS_S + 1, ENDS_S))
        assert took_s[int(0.99 * len(took_s))] <= ADDED_S_MAX
        assert_back_by_a_ramp(told)
        probes = [seen for seen in tried if seen.started_s >= BEGINS_S + 1]
        assert probes
        assert in_flight_max(probes) <= 1  # most take no time at all
        # A reset on a kept connection is answered by a call on a new one, at once.
        times_s = sorted({seen.started_s for seen in probes})
        assert min(b - a for a, b in pairwise(times_s)) >= 6.0

    in_jumps(play)


def test_a_minute_of_silence_costs_those_who_find_it_out_and_the_probes() -> None:
    async def play(both: Pair) -> None:
        told = await through_an_outage(both, {"kind": "silent"})
        for each in told:
            assert_answered(each, by=each.line["provider"])
            assert each.took_s < 1.0
        took_s = sorted(each.took_s for each in between(told, BEGINS_S + 1, ENDS_S))
        assert took_s[int(0.99 * len(took_s))] <= ADDED_S_MAX
        probes = [s for s in both.calls() if BEGINS_S + 1 <= s.started_s < ENDS_S]
        assert in_flight_max(probes) == 1
        assert_back_by_a_ramp(told)

    in_jumps(play, {"first_byte_s": 0.5})

"""A provider that is slow but alive, one that flaps, one that fails now and then."""

import asyncio
from collections.abc import Sequence

from faults.jumps import between, in_jumps
from faults.pair import Pair, Told, assert_answered

PER_S = 20
USUAL_S = 0.1


async def for_seconds(both: Pair, seconds: float) -> list[Told]:
    """Ask 20 times a second from now."""
    begins_s = asyncio.get_running_loop().time()
    times = [begins_s + n / PER_S for n in range(int(seconds * PER_S))]
    told = await both.ask_at(times)
    return [each._replace(began_s=each.began_s - begins_s) for each in told]


def share_of(told: Sequence[Told], provider: str) -> float:
    """Say how much of the traffic a provider answered."""
    return [each.line["provider"] for each in told].count(provider) / len(told)


def test_a_provider_that_is_ten_times_slower_is_left_until_it_is_well() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"delay_s": USUAL_S})
        before = await for_seconds(both, 10)
        assert share_of(before, "sick") == 1
        both.falls_sick({"delay_s": 10 * USUAL_S})
        slow = await for_seconds(both, 60)
        for each in before + slow:
            assert_answered(each, by=each.line["provider"])
        assert share_of(between(slow, 15, 60), "well") > 0.9
        both.falls_sick({"delay_s": USUAL_S})
        after = await for_seconds(both, 30)
        assert share_of(between(after, 15, 30), "sick") == 1

    in_jumps(play)


def test_a_provider_a_little_slower_is_not_left() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"delay_s": USUAL_S})
        await for_seconds(both, 10)
        both.falls_sick({"delay_s": 1.5 * USUAL_S})
        told = await for_seconds(both, 30)
        assert share_of(told, "sick") == 1

    in_jumps(play)


def test_flapping_costs_nobody_an_answer_and_is_not_followed_each_time() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"status": 503}, period_s=20, from_s=10, to_s=20)
        both.sim.reset()
        told = await for_seconds(both, 300)
        for each in told:
            assert_answered(each, by=each.line["provider"])
        attempts = sum(len(each.attempts) for each in told)
        assert attempts <= 1.1 * len(told)
        failed = [s for s in both.calls() if s.outcome == "fault"]
        assert len(failed) <= 15 * 10  # fifteen outages of ten seconds

    in_jumps(play)


def test_one_answer_in_five_missing_opens_the_circuit_for_nobody() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"status": 500}, probability=0.2, seed=7)
        told = await for_seconds(both, 60)
        for each in told:
            assert_answered(each, by=each.line["provider"])
        assert share_of(told, "sick") > 0.7
        repeats = sum(each.targets.count("sick") - 1 for each in told
                      if each.targets.count("sick") > 1)  # fmt: skip
        assert repeats <= 0.1 * len(told) + 0.3 * 60 + 20  # the budget of repeats

    in_jumps(play)

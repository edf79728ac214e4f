"""Thousands of clients who come back at once, when the provider is back as well."""

import asyncio

from faults.jumps import in_flight_max, in_jumps
from faults.pair import Pair, Told, assert_answered

CLIENTS = 200
WAVES = 10
WAVE_S = 0.1


async def wave(both: Pair) -> list[Told]:
    """Let all clients ask at the same moment."""
    now_s = asyncio.get_running_loop().time()
    return await both.ask_at([now_s] * CLIENTS)


def test_a_herd_meets_one_probe_and_a_ramp() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"status": 503})
        await both.ask_often(10)
        await asyncio.sleep(60)
        both.falls_sick({"delay_s": 0.05})
        since = both.sim.elapsed_s
        first = await wave(both)
        probes = [seen for seen in both.calls() if seen.started_s >= since]
        assert len(probes) == 1  # of two hundred who came at the same moment
        told = list(first)
        for _ in range(WAVES):
            told += await wave(both)
            await asyncio.sleep(WAVE_S)
        for each in told:
            assert_answered(each, by=each.line["provider"])
        calls = [seen for seen in both.calls() if seen.started_s >= since]
        assert len(calls) < 0.4 * len(told)  # about two seconds of a ramp of three
        assert in_flight_max(calls[: CLIENTS // 2]) < CLIENTS // 2
        await asyncio.sleep(10)
        settled = await wave(both)
        assert {each.line["provider"] for each in settled} == {"sick"}

    in_jumps(play)


def test_a_herd_that_meets_a_dead_provider_is_one_attempt() -> None:
    async def play(both: Pair) -> None:
        both.falls_sick({"status": 503})
        await both.ask_often(10)
        await asyncio.sleep(7)
        before = len(both.calls())
        for each in await wave(both):
            assert_answered(each)
        assert len(both.calls()) == before + 1

    in_jumps(play)

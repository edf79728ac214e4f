"""What befalls the process: clocks that jump, no descriptors, signals, bad configs."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from faults.pair import PAIR, PROMPT_S, TWO_KEYS, assert_answered, pair, seen_by
from gateway.process import Served, config_file, heliograph
from gateway.raw_client import Answer, RawClient
from gateway.running import SAID, request
from gateway.test_reloading import FAILED, until_read
from heliograph.simulation.providers import SimulatedProviders

HOUR_S = 3600.0
JUMPS_S = [HOUR_S, -HOUR_S, 40 * 365 * 24 * HOUR_S]
DESCRIPTORS = 64
CALLERS = 150


class JumpingClock:
    """A clock whose wall time can be put forward or back, as NTP or a person does."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def wall_s(self) -> float:
        """Seconds since 1970, by a clock that was put forward."""
        return time.time() + self.ahead_s

    def monotonic_s(self) -> float:
        """Seconds that nobody can put back."""
        return time.monotonic()


@pytest.mark.parametrize("jump_s", JUMPS_S)
async def test_a_clock_that_jumps_moves_no_deadline(
    jump_s: float, *, stream: bool
) -> None:
    clock = JumpingClock()
    async with pair(clock=clock, bounds={"first_byte_s": 0.6}) as both:
        both.falls_sick({"kind": "silent"})
        asking = asyncio.create_task(both.ask(stream=stream))
        await both.sim.until(lambda log: len(log) == 1)
        clock.ahead_s = jump_s
        told = await asking
        assert_answered(told)
        assert 0.5 < told.took_s < 0.6 + PROMPT_S
        assert told.kinds == ["first_byte_timeout", None]
        assert 500 < told.line["duration_ms"] < 1e3 * (0.6 + PROMPT_S)


@pytest.mark.parametrize("jump_s", JUMPS_S)
async def test_a_clock_that_jumps_ends_no_rest(jump_s: float) -> None:
    clock = JumpingClock()
    async with pair(TWO_KEYS, clock=clock) as both:
        limited = {"status": 429, "headers": {"retry-after": "900"}}
        both.falls_sick(limited, key="a111")
        await both.ask_often(20)
        clock.ahead_s = jump_s
        for told in await both.ask_often(20):
            assert_answered(told, by="sick")
        assert seen_by(both.calls(), "a111") == 1


async def connected(served: Served, count: int) -> AsyncExitStack:
    """Hold as many connections as are let in."""
    held = AsyncExitStack()
    for _ in range(count):
        try:
            async with asyncio.timeout(1):
                await held.enter_async_context(RawClient.to(served.port))
        except (OSError, TimeoutError):
            break
    return held


def cpu_s(pid: int) -> float:
    """Read the CPU time a process has used."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    fields = told.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def test_without_descriptors_streams_live_on_and_it_recovers_by_itself(
    tmp_path: Path,
) -> None:
    async with SimulatedProviders() as sim:
        path = config_file(tmp_path, PAIR.replace("{sim}", sim.base_url))
        limit = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")
        async with heliograph("serve", "-c", path, "--port", "0", before=limit) as it:
            await it.listens()
            assert (await it.ask(model="sick/m")).text == SAID
            sim.set_rules([{"fault": {"event_delay_s": 0.25}}])
            async with RawClient.to(it.port) as client:
                client.send(request({"model": "sick/m", "stream": True}))
                status, headers = await client.head()
                held = await connected(it, CALLERS)
                before_s = cpu_s(it.process.pid)
                got = Answer(status, headers, await client.chunked_rest())
                spent_s = cpu_s(it.process.pid) - before_s
            assert got.text == SAID
            assert got.events[-1] == "[DONE]"
            assert spent_s < 1.0  # the stream took two seconds: it did not spin
            await held.aclose()
            sim.set_rules([])
            assert await answers_again(it)
            it.process.terminate()
            assert (await it.ends())[0] == 0


async def answers_again(served: Served) -> bool:
    """Ask until it answers, for a while."""
    for _ in range(50):
        try:
            if (await served.ask(model="sick/m")).status == 200:
                return True
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        await asyncio.sleep(0.1)
    return False


async def test_a_signal_finishes_the_streams_under_way_and_exits_0(
    tmp_path: Path,
) -> None:
    async with SimulatedProviders(rules=[{"fault": {"event_delay_s": 0.1}}]) as sim:
        path = config_file(tmp_path, PAIR.replace("{sim}", sim.base_url))
        async with heliograph("serve", "-c", path, "--port", "0") as served:
            await served.listens()
            async with RawClient.to(served.port) as client:
                client.send(request({"model": "sick/m", "stream": True}))
                status, headers = await client.head()
                served.send_signal(signal.SIGTERM)
                got = Answer(status, headers, await client.chunked_rest())
            assert (got.text, got.events[-1]) == (SAID, "[DONE]")
            code, log = await served.ends()
            assert code == 0
            assert log.count('"answered"') == 1


async def test_a_config_that_breaks_on_reload_leaves_the_last_good_one(
    tmp_path: Path,
) -> None:
    async with SimulatedProviders() as sim:
        good = PAIR.replace("{sim}", sim.base_url)
        path = config_file(tmp_path, good)
        async with heliograph("serve", "-c", path, "--port", "0") as served:
            await served.listens()
            for number, bad in enumerate(("", "providers: [", good[: len(good) // 3])):
                config_file(tmp_path, bad)
                served.send_signal(signal.SIGHUP)
                await until_read(served, FAILED, number + 1)
                assert (await served.ask(model="sick/m")).text == SAID

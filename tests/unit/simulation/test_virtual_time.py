"""The virtual clock: a wait costs nothing; what is sent arrives before it moves."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from heliograph.simulation.providers import SimulatedProviders
from heliograph.simulation.virtual_time import (
    NEW_YEAR_2026_S,
    VirtualClock,
    VirtualLoop,
)

T = TypeVar("T")
DAY_S = 86_400.0


def play(what: Callable[[], Awaitable[T]]) -> T:
    """Run *what* on a virtual clock."""

    async def whole() -> T:
        return await what()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


def now_s() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def echo() -> AsyncIterator[
    tuple[asyncio.StreamReader, asyncio.StreamWriter, list[float]]
]:
    """Connect to a server that echoes each line, and notes when it came."""
    came: list[float] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while line := await reader.readline():
            came.append(now_s())
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    try:
        yield reader, writer, came
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()


def test_a_day_passes_in_no_time_and_is_counted() -> None:
    async def a_day() -> float:
        await asyncio.sleep(DAY_S)
        return now_s()

    began_s = time.monotonic()
    assert play(a_day) == pytest.approx(DAY_S)
    assert time.monotonic() - began_s < 30


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    async def sleepers() -> list[tuple[float, float]]:
        woke: list[tuple[float, float]] = []

        async def sleeper(wait_s: float) -> None:
            await asyncio.sleep(wait_s)
            woke.append((wait_s, now_s()))

        await asyncio.gather(*map(sleeper, (3.0, 0.5, 1000.0, 0.0, 2.0)))
        return woke

    woke = play(sleepers)
    assert [wait_s for wait_s, _ in woke] == [0.0, 0.5, 2.0, 3.0, 1000.0]
    assert all(at_s == pytest.approx(wait_s) for wait_s, at_s in woke)


def test_two_runs_have_the_same_times_to_the_last_bit() -> None:
    async def chatter() -> list[float]:
        async with echo() as (reader, writer, came):
            for number in range(50):
                writer.write(b"x\n")
                await reader.readline()
                await asyncio.sleep(0.1 / (number + 1))
            return came

    assert play(chatter) == play(chatter)


async def tick() -> None:
    """Give the clock something to jump to, all the time."""
    while True:  # noqa: ASYNC110 - it polls for nothing
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("size", [1, 60_000])
def test_the_clock_stands_while_an_answer_is_on_its_way(size: int) -> None:
    async def there_and_back() -> tuple[list[float], float]:
        async with echo() as (reader, writer, came):
            restless = asyncio.create_task(tick())
            line = b"y" * size + b"\n"
            writer.write(line)
            assert await reader.readline() == line
            restless.cancel()
            return came, now_s()

    assert play(there_and_back) == ([0.0], 0.0)


def test_the_clock_stands_while_more_is_sent_than_a_window_holds() -> None:
    assert play(send_much) == 0.0


async def send_much() -> float:
    """Send five megabytes beside a restless timer; return when all had come."""
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def swallow(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await reader.read(10_000):
            pass
        done.set_result(now_s())
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    restless = asyncio.create_task(tick())
    writer.write(b"z" * 5_000_000)
    writer.write_eof()
    came_s = await done
    restless.cancel()
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return came_s


def test_the_clock_stands_while_a_thread_works() -> None:
    async def work() -> tuple[float, float]:
        late = asyncio.create_task(asyncio.sleep(0.01))
        await asyncio.to_thread(time.sleep, 0.2)
        worked_s = now_s()
        await late
        return worked_s, now_s()

    worked_s, late_s = play(work)
    assert worked_s == 0.0
    assert late_s == pytest.approx(0.01)


def test_the_clock_stands_while_a_name_is_looked_up() -> None:
    async def look_up() -> float:
        late = asyncio.create_task(asyncio.sleep(0.001))
        found = await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        assert found
        at_s = now_s()
        await late
        return at_s

    assert play(look_up) == 0.0


def test_a_thread_may_call_in_while_nothing_else_is_to_come() -> None:
    async def wait_for_call() -> float:
        loop = asyncio.get_running_loop()
        called: asyncio.Future[None] = loop.create_future()
        timer = threading.Timer(
            0.05, loop.call_soon_threadsafe, (called.set_result, None)
        )
        timer.start()
        await called
        return now_s()

    assert play(wait_for_call) == 0.0


def test_a_timeout_comes_at_its_time() -> None:
    async def time_out() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.get_running_loop().create_future()
        return now_s()

    assert play(time_out) == pytest.approx(30)


def test_the_calendar_follows_the_loop() -> None:
    async def read() -> tuple[float, float]:
        clock = VirtualClock(asyncio.get_running_loop())
        await asyncio.sleep(60)
        return clock.wall_s(), clock.monotonic_s()

    wall_s, monotonic_s = play(read)
    assert wall_s == pytest.approx(NEW_YEAR_2026_S + 60)
    assert monotonic_s == pytest.approx(60)


def test_a_slow_provider_is_slow_in_virtual_time_only() -> None:
    async def ask() -> tuple[bytes, float]:
        clock = VirtualClock(asyncio.get_running_loop())
        await asyncio.sleep(60)
        slow = [{"fault": {"delay_s": 600}}]
        async with SimulatedProviders(rules=slow, wall_s=clock.wall_s) as sim:
            reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
            body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}'
            writer.write(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
                b"connection: close\r\nauthorization: Bearer k\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer, now_s()

    began_s = time.monotonic()
    answer, at_s = play(ask)
    assert b'"created":1767225660' in answer
    assert at_s == pytest.approx(660)
    assert time.monotonic() - began_s < 30

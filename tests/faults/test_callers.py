"""Callers who leave, in every phase; who read or write slowly; who are half there."""

import asyncio
import socket
from collections.abc import Mapping
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from faults.pair import PAIR, TWO_KEYS, Pair, pair
from gateway.raw_client import RawClient
from gateway.running import SAID, request, until
from heliograph.gateway.types import Limits, Retries

CLOSED_WITHIN_S = 1.0
"""Typically a few milliseconds, 100 at most; a busy machine may need this."""
AFTERWARDS_S = 0.3
WORDS = 50_000
NARROW = Limits(concurrent_max=1, queue_max=10, queue_s=30)
LATE = Retries(backoff_s=60)
"""A backoff that a test never sees the end of."""
ANTHROPIC = """
providers:
  sick:
    base_url: {sim}/anthropic/v1
    dialect: anthropic
    keys: [sk-sick-a111]
    models: [m]
"""


class Phase(NamedTuple):
    """Where in an exchange the caller leaves: what makes it last, and its calls."""

    fault: Mapping[str, object]
    calls: int = 1
    text: str = PAIR


PHASES = {
    "before headers": Phase({"kind": "silent"}),
    "after headers": Phase({"kind": "headers_then_silence"}),
    "at the second key": Phase({"kind": "silent"}, 2, TWO_KEYS),
    "at the fallback": Phase({"status": 504}, 2),
}


async def all_closed(both: Pair) -> None:
    """Wait until no call is under way at any provider."""
    await both.sim.until(
        lambda log: all(seen.outcome != "open" for seen in log),
        timeout_s=CLOSED_WITHIN_S,
    )


async def assert_gone(both: Pair, calls: int, exchanges: int = 1) -> None:
    """The calls end with the caller, nothing is tried afterwards, and it is noted."""
    await all_closed(both)
    await until(lambda: len(both.gateway.lines) == exchanges)
    await asyncio.sleep(AFTERWARDS_S)
    assert len(both.sim.log) == calls
    gone = [line for line in both.gateway.lines if line["outcome"] == "client_gone"]
    assert len(gone) == 1
    assert gone[0]["failure"] == "client_gone"
    assert gone[0]["duration_ms"] < 1e3 * (CLOSED_WITHIN_S + AFTERWARDS_S + 5)


@pytest.mark.parametrize("leaves", ["FIN", "RST"])
@pytest.mark.parametrize("phase", PHASES)
async def test_a_caller_who_leaves_takes_the_call_along(
    phase: str, leaves: str, *, stream: bool
) -> None:
    what = PHASES[phase]
    async with pair(what.text) as both:
        rules: list[dict[str, object]] = [
            {"when": {"provider": "sick"}, "fault": what.fault},
            {"when": {"provider": "well"}, "fault": {"kind": "silent"}},
        ]
        if phase == "at the second key":
            rules.insert(0, {"when": {"first": 1}, "fault": {"status": 429}})
        both.sim.set_rules(rules)
        async with RawClient.to(both.gateway.port) as client:
            client.send(request({"model": "sick/m", "stream": stream}))
            await both.sim.until(
                lambda log: len(log) == what.calls and log[-1].outcome == "open"
            )
            await asyncio.sleep(0.05)  # let headers arrive where the phase has them
            if leaves == "RST":
                client.writer.transport.abort()
            else:
                client.writer.close()
            await assert_gone(both, what.calls)


@pytest.mark.parametrize("max_tokens", [64, 4096])
async def test_a_caller_who_leaves_in_the_middle_of_a_stream_is_not_rescued(
    max_tokens: int,
) -> None:
    async with pair() as both:
        both.falls_sick({"event_delay_s": 0.02, "stall_after_events": 6})
        async with RawClient.to(both.gateway.port) as client:
            client.send(
                request({"model": "sick/m", "stream": True, "max_tokens": max_tokens})
            )
            await both.sim.until(lambda log: len(log) == 1)
            if max_tokens > 256:
                await client.head()
                await client.chunk()
            await asyncio.sleep(0.2)
            client.writer.close()
            await assert_gone(both, 1)


async def test_what_a_stream_had_used_when_the_caller_left_is_noted() -> None:
    async with pair(ANTHROPIC) as both:
        both.sim.set_rules([{"fault": {"stall_after_events": 6}}])
        async with RawClient.to(both.gateway.port) as client:
            client.send(request({"model": "sick/m", "stream": True}))
            await client.head()
            await client.chunk()
            client.writer.close()
            await assert_gone(both, 1)
        (line,) = both.gateway.lines
        assert line["attempts"][0]["input_tokens"] > 0
        assert line["input_tokens"] > 0
        assert line["finish"] is None


async def test_a_caller_who_leaves_during_a_backoff_is_the_end_of_it(
    *, stream: bool
) -> None:
    async with pair(changed={"retries": LATE}) as both:
        both.falls_sick({"status": 500})
        async with RawClient.to(both.gateway.port) as client:
            client.send(request({"model": "sick/m", "stream": stream}))
            await both.sim.until(lambda log: len(log) == 1)
            await asyncio.sleep(0.2)
            assert both.gateway.lines == []  # it waits
            client.writer.close()
            await assert_gone(both, 1)


@pytest.mark.parametrize("where", ["the gateway", "the provider"])
async def test_a_caller_who_leaves_a_queue_asks_nobody_and_blocks_nobody(
    where: str, *, stream: bool
) -> None:
    async with pair(PAIR.partition("fallbacks")[0]) as both:
        engine = both.gateway.engine
        if where == "the gateway":
            engine.gate.limits = NARROW
        else:
            narrow_provider(both)
        both.falls_sick({"delay_s": 0.8}, first=1)
        first = asyncio.create_task(both.ask(stream=stream))
        await both.sim.until(lambda log: len(log) == 1)
        async with RawClient.to(both.gateway.port) as client:
            client.send(request({"model": "sick/m", "stream": stream}))
            await asyncio.sleep(0.1)
            client.writer.close()
            await until(lambda: len(both.gateway.lines) == 1)
        assert both.gateway.lines[0]["outcome"] == "client_gone"
        assert both.gateway.lines[0]["attempts"] == []
        assert (await first).answer.text == SAID
        assert len(both.sim.log) == 1
        assert (await both.ask(stream=stream)).answer.text == SAID


def narrow_provider(both: Pair) -> None:
    """Let one call at a time go to the sick one."""
    engine = both.gateway.engine
    config = engine.config
    sick = replace(config.providers["sick"], limits=NARROW)
    engine.reload(replace(config, providers={**config.providers, "sick": sick}))


async def test_a_caller_who_reads_slowly_gets_it_all_and_little_is_held() -> None:
    async with pair(bounds={"idle_s": 0.5}) as both:
        both.falls_sick({"answer_words": WORDS})
        async with RawClient.to(both.gateway.port) as client:
            # A system may keep megabytes for a reader who does not read.
            own: socket.socket = client.writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.send(request({"model": "sick/m", "stream": True}))
            await client.head()
            busy = both.gateway.engine.pool.busy
            await until(lambda: [each.paused for each in busy] == [True])
            await asyncio.sleep(0.8)  # longer than the provider's idle bound
            assert [each.paused for each in busy] == [True]
            assert [each.unread_bytes < 1_000_000 for each in busy] == [True]
            body = await client.chunked_rest()
        assert body.endswith(b"data: [DONE]\n\n")
        assert body.count(b"data: ") > WORDS
        assert (await both.gateway.recorded())["outcome"] == "answered"


async def test_a_caller_who_writes_slowly_is_waited_for_and_asks_once(
    *, stream: bool
) -> None:
    async with pair() as both:
        body = request({"model": "sick/m", "stream": stream})
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        sent = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        async with RawClient.to(both.gateway.port) as client:
            for at in range(0, len(sent), 8):
                client.writer.write(sent[at : at + 8])
                await asyncio.sleep(0.01)
            assert (await client.answer()).text == SAID
        assert len(both.sim.log) == 1


async def test_a_caller_who_closes_one_half_is_taken_for_one_who_leaves(
    *, stream: bool
) -> None:
    async with pair() as both:
        both.falls_sick({"delay_s": 30})
        async with RawClient.to(both.gateway.port) as client:
            client.send(request({"model": "sick/m", "stream": stream}))
            await both.sim.until(lambda log: len(log) == 1)
            client.writer.write_eof()
            async with asyncio.timeout(5):
                said = await client.reader.read()
            await all_closed(both)
            await until(lambda: len(both.gateway.lines) == 1)
        (line,) = both.gateway.lines
        assert (line["outcome"], said) == ("client_gone", b"")
        assert len(both.sim.log) == 1


async def test_pipelined_requests_are_answered_in_their_order_through_a_failover(
    *, stream: bool
) -> None:
    async with pair() as both:
        both.falls_sick({"status": 504}, first=1)
        async with RawClient.to(both.gateway.port) as client:
            for _ in range(3):
                client.send(request({"model": "sick/m", "stream": stream}))
            got = [await client.answer() for _ in range(3)]
        assert [each.text for each in got] == [SAID] * 3
        by = [each.headers["x-heliograph-provider"] for each in got]
        assert by == ["well", "sick", "sick"]

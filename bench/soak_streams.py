"""512 slow streams at once: no chunk may be late, none may be lost.

Each chunk's word is the time at which the mock sent it, by the clock that all
processes of a machine share; what comes out is how long it was on its way.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from callers import call, request
from cpu_per_request import say
from process_tree import cpu_s
from servers import Cores, gateway, mock
from verdicts import Judged, at_most
from workloads import QUESTION, Pace, chat

STREAMS = 512
PAUSE_MS = 33
LATE_S = 0.5
RAMP_S = 2.0
GRACE_S = 30.0
SENT_AT = re.compile(rb"@(\d+\.\d+)@")
DONE = b"data: [DONE]"


def streams(where: Cores, folder: Path, seconds: int) -> Iterator[Judged]:
    """Hold the streams open for *seconds*."""
    pace = Pace(seconds * 1000 // PAUSE_MS, PAUSE_MS, stamped=True)
    with (
        mock(folder, where, streams=True) as behind,
        gateway(folder, where, behind) as ours,
    ):
        say(f"{STREAMS} streams of {pace.chunks} chunks")
        before_s = cpu_s(ours.pid)
        waits, whole = asyncio.run(watch(ours.port, pace))
        used_s = cpu_s(ours.pid) - before_s
    wanted = STREAMS * (pace.chunks - 1)  # the last chunk has no word, only an end
    cuts = quantiles(waits, n=1000)
    chunk_us = 1e6 * used_s / wanted
    what = f"{STREAMS} streams at {1000 / PAUSE_MS:.0f} chunks/s for {seconds} s"
    longest_s = max(waits)
    told = f"{longest_s:.3f} s (p50 {cuts[499]:.4f}, p99.9 {cuts[998]:.4f})"
    told += f", {chunk_us:.0f} µs CPU a chunk"
    target = f"≤ {LATE_S:.1f} s"
    yield Judged(f"{what}: longest way of a chunk", target, told, longest_s <= LATE_S)
    yield at_most(f"{what}: streams not whole", 0, STREAMS - whole, "{:.0f}")
    yield at_most(f"{what}: chunks lost", 0, wanted - len(waits), "{:.0f}")


async def watch(port: int, pace: Pace) -> tuple[list[float], int]:
    """Read all streams; return how long the chunks took, and how many were whole."""
    waits: list[float] = []

    def heard(data: bytes) -> None:
        now = time.monotonic()
        waits.extend(now - float(sent) for sent in SENT_AT.findall(data))

    body = chat("openai/gpt-4o", f"{QUESTION} {pace}", stream=True)
    asked = request(body)
    callers = []
    for _ in range(STREAMS):
        caller = await call(port, is_whole, heard)
        caller.say(asked)
        callers.append(caller)
        await asyncio.sleep(RAMP_S / STREAMS)
    patience_s = pace.chunks * pace.pause_s + GRACE_S
    await asyncio.wait([caller.over for caller in callers], timeout=patience_s)
    whole = sum(is_whole(caller.read) for caller in callers)
    for caller in callers:
        caller.leave()
    return waits, whole


def is_whole(read: bytearray) -> bool:
    """Say whether a stream has come to its end."""
    return DONE in read[-200:]

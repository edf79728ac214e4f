"""5,000 callers at once: everyone gets an answer or is told when to come again.

First each asks a small question, then each sends a picture: 1.3 GB in all, of which the
gateway may hold a part.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from callers import Caller, call, request
from cpu_per_request import say
from process_tree import peak_rss_mb, rss_mb
from servers import Cores, gateway, mock
from verdicts import Judged, at_most
from workloads import QUESTION, Pace, chat, picture

CALLERS = 5000
ANSWER_MS = 300
BODIES_MB = 256.0  # `limits.body_mb_in_flight` where the config says nothing
BODY_COSTS = 1.25
CALLER_KB = 16.0
PATIENCE_S = 60.0
STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)\r\n")
AGAIN = re.compile(rb"(?i)\r\nretry-after: \d+\r\n")
LATER = frozenset({429, 503})


def burst(where: Cores, folder: Path) -> Iterator[Judged]:
    """Let them ask small questions, and then about pictures."""
    pace = str(Pace(0, ANSWER_MS))
    small = chat("openai/gpt-4o", f"{QUESTION} {pace}")
    large = chat("openai/gpt-4o", [{"type": "text", "text": pace}, *picture()])
    yield from at_once(where, folder, f"{CALLERS:,} callers at once", small)
    yield from at_once(where, folder, f"{CALLERS:,} with a 200 kB picture", large)


def at_once(where: Cores, folder: Path, what: str, body: bytes) -> Iterator[Judged]:
    """Let them all connect, and then all ask; the provider takes a while to answer."""
    with (
        mock(folder, where, streams=True) as behind,
        gateway(folder, where, behind) as ours,
    ):
        say(what)
        idle_mb = rss_mb(ours.pid)
        callers, took_s = asyncio.run(ask_at_once(ours.port, request(body)))
        peak_mb = peak_rss_mb(ours.pid)
    said = Counter(map(told, callers))
    good = said[200] + said[429] + said[503]
    shown = ", ".join(f"{status}: {count:,}" for status, count in said.most_common())
    what = f"{what}, answers after {ANSWER_MS} ms"
    peak = f"{peak_mb:.0f} MB (idle {idle_mb:.0f}), all over in {took_s:.1f} s"
    bound_mb = may_hold_mb(idle_mb, len(body))
    told_mb = f"≤ {bound_mb:.0f} MB"
    yield Judged(f"{what}: RSS at its peak", told_mb, peak, peak_mb <= bound_mb)
    yield Judged(
        f"{what}: answered, or told when to come again",
        f"{CALLERS:,}",
        f"{good:,} ({shown})",
        good == CALLERS,
    )
    silent = [c for c in callers if told(c) in LATER and not AGAIN.search(c.read)]
    yield at_most(f"{what}: refused without Retry-After", 0, len(silent), "{:.0f}")


def may_hold_mb(idle_mb: float, body_bytes: int) -> float:
    """Bound the memory: idle, the bodies that may be held, the connections.

    A body is there twice while its pieces are joined, and what one left free does not
    always fit the next: a quarter on top.
    """
    bodies_mb = min(BODIES_MB, CALLERS * body_bytes / 1024**2)
    return idle_mb + BODY_COSTS * bodies_mb + CALLERS * CALLER_KB / 1024


async def ask_at_once(port: int, asked: bytes) -> tuple[list[Caller], float]:
    """Connect all, ask all, and wait until all have an answer or nothing comes."""
    callers = [await call(port, is_whole) for _ in range(CALLERS)]
    began = time.monotonic()
    for caller in callers:
        caller.say(asked)
    await asyncio.wait([caller.over for caller in callers], timeout=PATIENCE_S)
    took_s = time.monotonic() - began
    for caller in callers:
        caller.leave()
    return callers, took_s


def is_whole(read: bytearray) -> bool:
    """Say whether *read* is a whole answer."""
    end = read.find(b"\r\n\r\n")
    length = LENGTH.search(read)
    return length is not None and len(read) >= end + 4 + int(length[1])


def told(caller: Caller) -> int:
    """Return the status that *caller* was told; 0 if it got no whole answer."""
    status = STATUS.match(caller.read)
    return int(status[1]) if status is not None and is_whole(caller.read) else 0

"""1,000 slow connections beside honest callers: they must go, and not be felt.

A third send their headers byte by byte, a third say nothing, a third send their
bodies byte by byte. Honest callers are timed before and during, in turn.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from cpu_per_request import say
from load import Measured, drive
from servers import HERE, BenchError, Cores, Server, gateway, mock, stop
from slow_callers import KINDS, PATIENCE_S, SLOW
from verdicts import TIMES, Judged
from workloads import WORKLOADS

GONE_S = 15.0
WORSE = 1.2
ROUNDS = 3
HONEST_S = 6
HONEST_CALLERS = 16
HONEST_PAUSE_MS = 10


def slow(where: Cores, folder: Path) -> Iterator[Judged]:
    """Time honest callers alone and under attack, in turn, and the attackers' end."""
    alone: list[Measured] = []
    attacked: list[Measured] = []
    ends: dict[str, float] = {}
    with (
        mock(folder, where, streams=False) as behind,
        gateway(folder, where, behind) as ours,
    ):
        honest(ours, where, folder)
        for number in range(ROUNDS):
            say(f"honest callers alone, and beside {SLOW} slow ones: {number + 1}")
            alone.append(honest(ours, where, folder))
            with attack(ours, where) as attackers:
                attacked.append(honest(ours, where, folder))
                for kind, longest in stayed(attackers).items():
                    ends[kind] = max(longest, ends.get(kind, 0.0))
    for kind in KINDS:
        what = f"{SLOW:,} slow connections, {kind}: the last is gone after"
        stays = ends[kind] >= PATIENCE_S
        shown = f"{'more than ' if stays else ''}{ends[kind]:.1f} s"
        yield Judged(what, f"≤ {GONE_S:.0f} s", shown, ends[kind] <= GONE_S)
    before_us = median(one.p99_us for one in alone)
    during_us = median(one.p99_us for one in attacked)
    ratio = f"{during_us / before_us:.2f} {TIMES}"
    shown = f"{ratio} ({before_us:,.0f} → {during_us:,.0f} µs)"
    what = f"{SLOW:,} slow connections: p99 of {HONEST_CALLERS} honest callers"
    met = during_us <= WORSE * before_us
    yield Judged(what, f"≤ {WORSE:.2f} {TIMES} without", shown, met)


def honest(ours: Server, where: Cores, folder: Path) -> Measured:
    """Let honest callers ask, with rests, so that it is no queue that is timed."""
    return drive(
        ours,
        WORKLOADS[0],
        seconds=HONEST_S,
        core=where.load,
        folder=folder,
        connections=HONEST_CALLERS,
        pause_ms=HONEST_PAUSE_MS,
    )


@contextmanager
def attack(ours: Server, where: Cores) -> Iterator["subprocess.Popen[str]"]:
    """Connect the slow callers, from a process of their own."""
    command = ["taskset", "-c", str(where.load), sys.executable]
    command += [str(HERE / "slow_callers.py"), str(ours.port)]
    attackers = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if attackers.stdout is None or attackers.stdout.readline() != "ready\n":
            raise BenchError("the slow callers could not all connect")
        yield attackers
    finally:
        stop(attackers)


def stayed(attackers: "subprocess.Popen[str]") -> dict[str, float]:
    """Wait until all are gone; return how long the last of each kind stayed."""
    out, _ = attackers.communicate(timeout=2 * PATIENCE_S)
    longest: dict[str, float] = json.loads(out)
    return longest

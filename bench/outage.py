"""A minute of outage under 20 requests a second, in real time: each target met, or 1.

    bench/setup && .venv/bin/python bench/outage.py

The gateway, the primary and the fallback are processes of their own. `tests/faults`
plays the same on a clock that jumps; what computing adds is only seen here.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from callers import call, request
from cpu_per_request import say
from report import Found, keep, plain, tables, today
from servers import BenchError, Cores, Server, cores, free_port, running
from soak_burst import is_whole
from verdicts import Judged, at_most
from workloads import QUESTION, chat

NAME = "outage"
BEGINS_S, ENDS_S, OVER_S = 15.0, 75.0, 95.0
PER_S = 20
ANSWER_S = 0.02
PATIENCE_S = 60.0
ADDED_S_MAX = 0.05
ATTEMPTS_MAX = 15
BACK_S_MAX = 10.0
CONFIG = """\
providers:
  primary:
    base_url: http://127.0.0.1:{primary}/v1
    keys: [{{value: env.BENCH_OPENAI_KEY}}]
    models: [m]
  fallback:
    base_url: http://127.0.0.1:{fallback}/v1
    keys: [{{value: env.BENCH_OPENAI_KEY}}]
    models: [m]
fallbacks:
  - {{from: primary/m, to: fallback/m}}
"""
WELL = {"fault": {"delay_s": ANSWER_S}}
DOWN = {"when": {"from_s": BEGINS_S, "to_s": ENDS_S}, "fault": {"status": 503}}
BY = re.compile(rb"x-heliograph-provider: (\w+)\r\n")


class Asked(NamedTuple):
    """One request: when it was made, how long it took, who answered."""

    at_s: float
    took_s: float
    by: str


def main() -> int:
    """Play it, print the table, keep the results; a missed target is a failure."""
    parser = argparse.ArgumentParser(description="play an outage in real time")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to keep it")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    try:
        where = cores()
        os.sched_setaffinity(0, {where.load})
        with TemporaryDirectory(prefix="heliograph-outage-") as folder:
            asked, seen = play(where, Path(folder))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    found = Found("bench/outage.py", load, list(judged(asked, seen)))
    print("\n\n".join(map(plain, tables(found))))
    out: Path = options.out or today()
    keep(out, NAME, found)
    print(f"kept in {out}")
    return 0 if all(one.met for one in found.judged) else 1


def play(where: Cores, folder: Path) -> tuple[list[Asked], list[dict[str, Any]]]:
    """Run all three, and the outage; return what was asked and the primary's log."""
    with (
        provider("primary", where, folder) as primary,
        provider("fallback", where, folder) as fallback,
        before(primary, fallback, where, folder) as ours,
    ):
        tell(fallback, "PUT", "rules", [WELL])
        tell(primary, "PUT", "rules", [DOWN, WELL])
        tell(primary, "POST", "reset")
        say(f"{OVER_S:.0f} s of {PER_S} requests a second, {ENDS_S - BEGINS_S:.0f} out")
        asked = asyncio.run(keep_asking(ours.port))
        return asked, tell(primary, "GET", "log")


@contextmanager
def provider(name: str, where: Cores, folder: Path) -> Iterator[Server]:
    """Run a simulated provider, beside the load."""
    port = free_port()
    command = [sys.executable, "-m", "heliograph", "simulate", "providers"]
    command += ["--port", str(port)]
    core, poll = where.load, "/_control/health"
    with running(
        name, command, core=core, port=port, folder=folder, poll=poll
    ) as server:
        yield server


@contextmanager
def before(
    primary: Server, fallback: Server, where: Cores, folder: Path
) -> Iterator[Server]:
    """Run the gateway as a user does."""
    port = free_port()
    config = folder / "gateway.yaml"
    config.write_text(CONFIG.format(primary=primary.port, fallback=fallback.port))
    command = [sys.executable, "-m", "heliograph", "serve"]
    command += ["-c", str(config), "--port", str(port)]
    core = where.measured
    with running("gateway", command, core=core, port=port, folder=folder) as server:
        yield server


def tell(server: Server, method: str, what: str, value: object = None) -> Any:  # noqa: ANN401 - any JSON document
    """Ask something of a simulated provider's control."""
    connection = HTTPConnection("127.0.0.1", server.port)
    try:
        body = None if value is None else json.dumps(value)
        connection.request(method, f"/_control/{what}", body)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


async def keep_asking(port: int) -> list[Asked]:
    """Ask at an even pace, whatever becomes of what was asked before."""
    loop = asyncio.get_running_loop()
    begins_s = loop.time()
    body = request(chat("primary/m", QUESTION))
    tasks = []
    for number in range(int(OVER_S * PER_S)):
        at_s = number / PER_S
        await asyncio.sleep(max(0.0, begins_s + at_s - loop.time()))
        tasks.append(loop.create_task(ask(port, body, at_s)))
    return await asyncio.gather(*tasks)


async def ask(port: int, body: bytes, at_s: float) -> Asked:
    """Ask once; `by` is empty when it was not answered."""
    began_s = time.monotonic()
    caller = await call(port, is_whole)
    caller.say(body)
    await asyncio.wait({caller.over}, timeout=PATIENCE_S)
    took_s = time.monotonic() - began_s
    caller.leave()
    found = BY.search(caller.read)
    whole = caller.read.startswith(b"HTTP/1.1 200 ") and is_whole(caller.read)
    return Asked(at_s, took_s, found[1].decode() if found and whole else "")


def judged(asked: Sequence[Asked], seen: Sequence[dict[str, Any]]) -> Iterator[Judged]:
    """Hold what happened against what was promised."""
    lost = sum(not one.by for one in asked)
    yield at_most(f"requests not answered, of {len(asked):,}", 0, lost, "{:.0f}")
    usual_s = median(one.took_s for one in asked if one.at_s < BEGINS_S)
    out = sorted(o.took_s for o in asked if BEGINS_S + 1 <= o.at_s < ENDS_S)
    added_ms = 1000 * (out[int(0.99 * len(out))] - usual_s)
    what = "added after the outage's first second, p99"
    yield at_most(what, 1000 * ADDED_S_MAX, added_ms, "{:.1f} ms")
    tried = [each for each in seen if BEGINS_S <= each["started_s"] < ENDS_S]
    what = "attempts on the primary while it was out"
    yield at_most(what, ATTEMPTS_MAX, len(tried), "{:.0f}")
    probes = [each for each in tried if each["started_s"] >= BEGINS_S + 1]
    yield at_most("probes in flight at once", 1, in_flight_max(probes), "{:.0f}")
    by = [one.by for one in asked if one.at_s >= ENDS_S]
    whole = len(by) - by[::-1].index("fallback") if "fallback" in by else 0
    what = "all traffic back on the primary after"
    yield at_most(what, BACK_S_MAX, whole / PER_S, "{:.1f} s")
    first = by.index("primary") if "primary" in by else whole
    # Back with the first of its answers, it came with all traffic at once.
    ramp = by[first:whole] or by[first:]
    share = 100 * ramp.count("primary") / max(1, len(ramp))
    yield at_most("share of the primary while it came back", 90, share, "{:.0f} %")


def in_flight_max(calls: Sequence[dict[str, Any]]) -> int:
    """Count how many calls were under way at once, at most."""
    edges = sorted(
        edge
        for one in calls
        for edge in ((one["started_s"], 1), (one["ended_s"] or OVER_S, -1))
    )
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


if __name__ == "__main__":
    sys.exit(main())

"""CPU time a request costs the gateway, as a ratio to nginx in the same run.

    bench/setup && .venv/bin/python bench/cpu_per_request.py

Each workload runs on fresh servers: nginx as a keep-alive reverse proxy and the
gateway, both in front of the same mock and on the same core. Rounds alternate
between the two; the table shows medians. The run fails if a single answer is not as
it must be. See docs/performance.md.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from load import Measured, drive
from process_tree import rss_mb
from report import Memory, Row, keep, machine, plain_table
from servers import (
    BenchError,
    Cores,
    Server,
    ask,
    cores,
    gateway,
    mock,
    require_programs,
    yardstick,
)
from workloads import WORKLOADS, Workload

RUNS = Path(__file__).resolve().parent / "runs"
WARM_UP_S = 1.0
SETTLE_S = 0.3


def main() -> int:
    """Run, print the table, keep the results."""
    options = read_options()
    load = os.getloadavg()[0]
    chosen = [work for work in WORKLOADS if work.name in options.workloads]
    try:
        require_programs()
        where = cores()
        rows = [
            measure(work, where, seconds=options.seconds, rounds=options.rounds)
            for work in chosen
        ]
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(plain_table(rows))
    now = datetime.now(UTC)
    out: Path = options.out or RUNS / f"{now:%Y-%m-%d}-{machine()['machine']}"
    command = " ".join(("bench/cpu_per_request.py", *sys.argv[1:]))
    ended_at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    keep(out, rows, command=command, ended_at=ended_at, load=load)
    print(f"kept in {out}")
    return 0


def read_options() -> argparse.Namespace:
    """Read the command line."""
    names = [work.name for work in WORKLOADS]
    parser = argparse.ArgumentParser(description="CPU per request, gateway and nginx")
    parser.add_argument("--seconds", type=int, default=2, help="of load a round")
    parser.add_argument("--rounds", type=int, default=7, help="for each server")
    parser.add_argument(
        "--workloads", nargs="+", choices=names, default=names, metavar="NAME"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to keep it")
    options = parser.parse_args()
    if options.seconds < 1 or options.rounds < 1:
        parser.error("--seconds and --rounds must be at least 1")
    return options


def measure(workload: Workload, where: Cores, *, seconds: int, rounds: int) -> Row:
    """Measure one workload on fresh servers."""
    streams = workload.unit == "chunk"
    with TemporaryDirectory(prefix="heliograph-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker runs as another user when we are root
        behind = stack.enter_context(mock(folder, where, streams=streams))
        proxy = stack.enter_context(yardstick(folder, where, behind, streams=streams))
        ours = stack.enter_context(gateway(folder, where, behind))
        servers = (proxy, ours)
        first = {server.name: first_answer(server, workload) for server in servers}
        idle = {server.name: rss_mb(server.pid) for server in servers}
        results: dict[str, list[Measured]] = {server.name: [] for server in servers}
        for server in servers:
            drive(server, workload, seconds=WARM_UP_S, core=where.load, folder=folder)
        for _ in range(rounds):
            for server in servers:
                say(f"{workload.title}: {server.name}")
                time.sleep(SETTLE_S)
                found = drive(
                    server, workload, seconds=seconds, core=where.load, folder=folder
                )
                results[server.name].append(found)
        memory = {
            server.name: Memory(
                idle[server.name],
                rss_mb(server.pid),
                server.started_in_s + first[server.name],
            )
            for server in servers
        }
        for server in servers:
            first_answer(server, workload)
        check_log(folder / "gateway.out", results["gateway"])
    return Row(workload, results, memory)


def first_answer(server: Server, workload: Workload) -> float:
    """Ask once and judge the answer; return how long it took, in seconds."""
    began = time.monotonic()
    status, headers, body = ask(server, workload.body)
    took_s = time.monotonic() - began
    by_gateway = server.name == "gateway"
    if status != 200 or not workload.judge(body, by_gateway):
        shown = body[:300].decode(errors="replace")
        raise BenchError(f"{server.name}, {workload.title}: {status} {shown}")
    if by_gateway and headers.get("x-heliograph-fallback") != "false":
        raise BenchError(f"{workload.title}: the gateway needed a fallback")
    return took_s


def check_log(place: Path, rounds: Sequence[Measured]) -> None:
    """Hold the gateway to its exchange log: a line for every answer, all answered."""
    time.sleep(SETTLE_S)  # lines are written in batches, ten a second
    lines = place.read_bytes().splitlines()
    counted = sum(one.requests for one in rounds)
    if len(lines) < counted:
        raise BenchError(f"the exchange log has {len(lines)} lines of {counted}")
    if json.loads(lines[0])["outcome"] != "answered":
        raise BenchError(f"the first exchange was not answered: {lines[0].decode()}")


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

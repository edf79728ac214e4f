"""The targets of docs/performance.md, measured in one run beside nginx.

    bench/setup && .venv/bin/python bench/measure.py

CPU per request, added latency, memory, start and import; with `--peers` LiteLLM and
Portkey as well. The run fails if a single answer is not as it must be; a target that
is missed is written as missed, and is no failure of the run.
"""

import argparse
import os
import sys

import peers
from cpu_per_request import Effort, measure, say
from importing import import_s
from latency import added_latency
from quoting import add_keeping, finish
from report import Found
from servers import BenchError, cores, require_programs
from verdicts import judge
from workloads import WORKLOADS

NAME = "bench"


def main() -> int:
    """Run, print the tables, keep the results."""
    options = read_options()
    try:
        found = run(options)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finish(NAME, found, options)
    return 0


def run(options: argparse.Namespace) -> Found:
    """Measure what was asked for."""
    load = os.getloadavg()[0]
    require_programs()
    where = cores()
    versions: dict[str, str] = {}
    if options.peers:
        peers.require_peers()
        versions = peers.versions()
    # We look on from the load's core; what is measured has the other for itself.
    os.sched_setaffinity(0, {where.load})
    effort = Effort(options.seconds, options.rounds, options.peers)
    chosen = [work for work in WORKLOADS if work.name in options.workloads]
    rows = [measure(work, where, effort) for work in chosen]
    added = added_latency(where, effort) if "latency" in options.workloads else []
    imported_s = None
    if "import" in options.workloads:
        say("import")
        imported_s = import_s(where.measured)
    return Found(
        command=" ".join(("bench/measure.py", *sys.argv[1:])),
        load=load,
        judged=judge(rows, added, imported_s),
        rows=rows,
        added=added,
        versions=versions,
        figures={"import_s": imported_s},
    )


def read_options() -> argparse.Namespace:
    """Read the command line."""
    names = [*(work.name for work in WORKLOADS), "latency", "import"]
    parser = argparse.ArgumentParser(description="CPU, latency and memory by target")
    parser.add_argument("--seconds", type=int, default=2, help="of load a round")
    parser.add_argument("--rounds", type=int, default=7, help="for each server")
    parser.add_argument(
        "--workloads",
        nargs="+",
        choices=names,
        default=names,
        metavar="NAME",
        help=f"which of: {' '.join(names)}",
    )
    parser.add_argument(
        "--peers", action="store_true", help="also LiteLLM and Portkey (setup_peers)"
    )
    add_keeping(parser)
    options = parser.parse_args()
    if options.seconds < 1 or options.rounds < 1:
        parser.error("--seconds and --rounds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())

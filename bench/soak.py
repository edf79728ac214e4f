"""What only shows after long, or under attack: each target met, or exit status 1.

    bench/setup && .venv/bin/python bench/soak.py

A million requests through one gateway; 512 slow streams; 1,000 slow connections
beside honest callers; 5,000 callers at once; callers who leave.
"""

import argparse
import os
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from quoting import add_keeping, finish
from report import Found
from servers import BenchError, Cores, cores, require_programs
from soak_burst import CALLERS, burst
from soak_gone import gone
from soak_million import million
from soak_slow import slow
from soak_streams import streams
from verdicts import Judged

NAME = "soak"
Check = Callable[[Cores, Path], Iterator[Judged]]
DESCRIPTORS = 2 * CALLERS + 1000


def main() -> int:
    """Run, print the table, keep the results; a missed target is a failure."""
    options = read_options()
    load = os.getloadavg()[0]
    try:
        require_programs()
        allow_descriptors()
        where = cores()
        # We look on from the load's core; the gateway has the other for itself.
        os.sched_setaffinity(0, {where.load})
        judged = [
            one for check in chosen(options).values() for one in run(check, where)
        ]
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    found = Found(" ".join(("bench/soak.py", *sys.argv[1:])), load, judged)
    finish(NAME, found, options)
    return 0 if all(one.met for one in judged) else 1


def run(check: Check, where: Cores) -> list[Judged]:
    """Run one check in a folder of its own."""
    with TemporaryDirectory(prefix="heliograph-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker runs as another user when we are root
        return list(check(where, folder))


def chosen(options: argparse.Namespace) -> Mapping[str, Check]:
    """Name the checks that were asked for."""
    known: Mapping[str, Check] = {
        "gone": gone,
        "streams": partial(streams, seconds=options.stream_seconds),
        "burst": burst,
        "slow": slow,
        "million": partial(million, requests=options.requests),
    }
    return {name: known[name] for name in options.only}


def allow_descriptors() -> None:
    """Let us and what we start open a socket for each of so many callers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        raise BenchError(f"{DESCRIPTORS} open files are needed; see `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, DESCRIPTORS), hard))


def read_options() -> argparse.Namespace:
    """Read the command line."""
    names = ["gone", "streams", "burst", "slow", "million"]
    parser = argparse.ArgumentParser(description="soak the gateway, and attack it")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=names,
        metavar="NAME",
        help=f"which of: {' '.join(names)}",
    )
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--stream-seconds", type=int, default=15)
    add_keeping(parser)
    options = parser.parse_args()
    if options.requests < 1 or options.stream_seconds < 1:
        parser.error("--requests and --stream-seconds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())

"""What money, keys and memory cost an exchange in CPU: the ledger, a key, budgets.

The same gateway three times, on one core and before one mock: with nothing kept, with
a ledger, and with a ledger, a virtual key with two limits of its own and two budgets:
each exchange counts against four caps. Rounds alternate; the first of each warms
up. The request path is the event loop's thread; the ledger's own thread, which writes
what has ended, is shown beside it. `make kept`
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from load import drive
from process_tree import loop_cpu_s
from quoting import add_keeping, finish
from report import Found
from servers import (
    GATEWAY,
    BenchError,
    Cores,
    Server,
    ask,
    cores,
    free_port,
    mock,
    require_programs,
    running,
)
from verdicts import Judged, at_most, shown
from workloads import WORKLOADS, Workload

from heliograph.gateway.ledger.key_hash import VIRTUAL_PREFIX, new_id, new_secret
from heliograph.gateway.ledger.key_secret import KeySecret
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.virtual_keys import add
from heliograph.gateway.types import NANO, KeyLimits, Owner, UsdLimit, VirtualKey

NAME = "kept"
TARGET_US = 8.0
CAPS = 3
"""Of which an exchange of the last spends; the fourth counts who is under way."""
KEPT = "all"
WORDS = {
    "off": "nothing kept",
    "ledger": "a ledger",
    KEPT: "a ledger, a key and four caps",
}
SCENES = {
    "off": "ledger: off",
    "ledger": "ledger: plain.db",
    KEPT: """
ledger: kept.db
budgets:
  - name: everything
    usd: 900000000
    per: month
  - name: street
    for: {project: street}
    concurrent_max: 100000
""",
}


def key_in(folder: Path) -> str:
    """Make the ledger that has a key, and return the key."""
    database = SqliteDatabase(folder / "kept.db")
    migrate(database)
    limits = KeyLimits((UsdLimit(900_000_000 * NANO, "day"),), 10**8)
    owner = Owner(project="street")
    key = VirtualKey(new_id(), "bench", owner, limits=limits, created_at=1)
    secret = new_secret(VIRTUAL_PREFIX)
    add(database, key, secret, KeySecret(folder / "kept.secret").make())
    database.close()
    return secret


@contextmanager
def gateway(
    name: str, folder: Path, where: Cores, behind: Server, secret: str
) -> Iterator[Server]:
    """Run one of the gateways."""
    config = folder / f"{name}.yaml"
    config.write_text(f"{GATEWAY.format(mock=behind.port)}\n{SCENES[name]}\n")
    port = free_port()
    command = [sys.executable, "-m", "heliograph", "serve"]
    command += ["-c", str(config), "--port", str(port)]
    headers = {"authorization": f"Bearer {secret}"} if name == KEPT else {}
    with running(
        name,
        command,
        core=where.measured,
        port=port,
        folder=folder,
        headers=headers,
    ) as server:
        yield server


@dataclass
class Costs:
    """The CPU of an exchange, round by round: of the event loop, and of all threads."""

    loop_us: list[float] = field(default_factory=list)
    all_us: list[float] = field(default_factory=list)


def measure(workload: Workload, seconds: int, rounds: int) -> dict[str, Costs]:
    """Load the three in turn."""
    where = cores()
    found = {name: Costs() for name in SCENES}
    with TemporaryDirectory(prefix="heliograph-kept-") as place, ExitStack() as stack:
        folder = Path(place)
        folder.chmod(0o755)  # nginx's worker runs as another user when we are root
        behind = stack.enter_context(mock(folder, where, streams=False))
        secret = key_in(folder)
        servers = [
            stack.enter_context(gateway(name, folder, where, behind, secret))
            for name in SCENES
        ]
        for number in range(rounds + 1):
            for server in servers:
                before_s = loop_cpu_s(server.pid)
                one = drive(
                    server, workload, seconds=seconds, core=where.load, folder=folder
                )
                loop_us = 1e6 * (loop_cpu_s(server.pid) - before_s) / one.requests
                if number:
                    found[server.name].loop_us.append(loop_us)
                    found[server.name].all_us.append(one.cpu_us)
        see_that_all_is_kept(folder, servers, workload)
    return found


def see_that_all_is_kept(
    folder: Path, servers: list[Server], workload: Workload
) -> None:
    """Ask once more and look the exchange up: nothing may have been left out."""
    for server in servers:
        status, headers, _ = ask(server, workload.body)
        if status != 200 or "x-heliograph-cost-usd" not in headers:
            raise BenchError(f"{server.name} answered {status}")
    time.sleep(1.0)
    database = SqliteDatabase(folder / "kept.db")
    ((caps,),) = database.run("SELECT COUNT(DISTINCT cap) FROM budget_spent")
    database.close()
    if caps != CAPS:
        raise BenchError(f"{caps!r} caps were spent of, not {CAPS}")


def main() -> int:
    """Measure, print, judge and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=7)
    add_keeping(parser)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    require_programs()
    (workload,) = (each for each in WORKLOADS if each.name == "chat")
    costs = measure(workload, options.seconds, options.rounds)
    judged = list(judged_costs(costs))
    command = f"bench/kept.py --seconds {options.seconds} --rounds {options.rounds}"
    rounds = {name: asdict(one) for name, one in costs.items()}
    finish(NAME, Found(command, load, judged, figures={"rounds": rounds}), options)
    return 0 if all(one.met for one in judged) else 1


def judged_costs(found: Mapping[str, Costs]) -> Iterator[Judged]:
    """Hold what all that is kept costs the event loop against the target."""
    off = found["off"]
    for name, costs in found.items():
        loop, every = f"{WORDS[name]}: event loop", f"{WORDS[name]}: all threads"
        yield shown(loop, median(costs.loop_us), "{:.1f} µs")
        yield shown(every, median(costs.all_us), "{:.1f} µs")
    ledger_us = added(found["ledger"].loop_us, off.loop_us)
    yield shown("the ledger adds to the event loop", ledger_us, "{:.1f} µs")
    path_us = added(found[KEPT].loop_us, off.loop_us)
    yield at_most("all of it adds to the event loop", TARGET_US, path_us, "{:.1f} µs")


def added(costs: Sequence[float], others: Sequence[float]) -> float:
    """Say what one costs more than the other: the median of neighbouring rounds."""
    return median(one - other for one, other in zip(costs, others, strict=True))


if __name__ == "__main__":
    sys.exit(main())

"""What money, keys and memory cost an exchange in CPU: the ledger, a key, budgets.

The same gateway three times, on one core and before one mock: with nothing kept, with a
ledger, and with a ledger, a virtual key that has limits of its own and two budgets, so
that each exchange counts against eight caps. Rounds alternate; the first of each warms
up. The writer's thread is a part of it: all CPU of the process counts. `make kept`
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from load import drive
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
from verdicts import at_most
from workloads import WORKLOADS, Workload

from heliograph.gateway.ledger.key_hash import VIRTUAL_PREFIX, new_id, new_secret
from heliograph.gateway.ledger.key_secret import KeySecret
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.virtual_keys import add
from heliograph.gateway.types import NANO, KeyLimits, Owner, UsdLimit, VirtualKey

TARGET_US = 8.0
CAPS = 7
"""Of which an exchange of the last spends: three of the key, four of the budgets."""
KEPT = "all"
SCENES = {
    "off": "ledger: off",
    "ledger": "ledger: plain.db",
    KEPT: """
ledger: kept.db
budgets:
  - name: everything
    usd: 900000000
    per: month
    requests_per_minute: 100000000
    concurrent_max: 100000
  - name: street
    for: {project: street}
    usd: 900000000
    per: day
    tokens_per_minute: 100000000000
""",
}


def key_in(folder: Path) -> str:
    """Make the ledger that has a key, and return the key."""
    database = SqliteDatabase(folder / "kept.db")
    migrate(database)
    limits = KeyLimits((UsdLimit(900_000_000 * NANO, "day"),), 10**8, 10**11)
    owner = Owner(project="street")
    key = VirtualKey(new_id(), "bench", owner, limits=limits, created_at=1)
    secret = new_secret(VIRTUAL_PREFIX)
    add(database, key, secret, KeySecret(folder / "ledger.secret").make())
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


def measure(workload: Workload, seconds: int, rounds: int) -> dict[str, list[float]]:
    """Load the three in turn; return the CPU of an exchange by round."""
    where = cores()
    found: dict[str, list[float]] = {name: [] for name in SCENES}
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
                one = drive(
                    server, workload, seconds=seconds, core=where.load, folder=folder
                )
                if number:
                    found[server.name].append(one.cpu_us)
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


def main(seconds: int, rounds: int) -> int:
    """Measure, print, and judge."""
    require_programs()
    (workload,) = (each for each in WORKLOADS if each.name == "chat")
    found = measure(workload, seconds, rounds)
    off_us = median(found["off"])
    for name, costs in found.items():
        more_us = median(costs) - off_us
        spread = f"{min(costs):.1f} to {max(costs):.1f}"
        print(f"{name:7} {median(costs):7.1f} µs ({spread}), {more_us:+.1f} µs")
    judged = at_most(
        "ledger, key and budgets", TARGET_US, median(found[KEPT]) - off_us, "{:.1f} µs"
    )
    print(f"{judged.what}: {judged.measured}, target {judged.target}: {judged.verdict}")
    return not judged.met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    sys.exit(main(given.seconds, given.rounds))

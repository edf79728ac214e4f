"""`kill -9` under load, again and again: what was answered is on record.

Each round a gateway is started on the same ledger, callers ask it without a pause,
whole answers and streams, and it is killed with all its workers. Then the database must
open, every sum must agree, and whatever a caller had been answered more than `OLD_S`
before the kill must be in it. `make kills`
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from quoting import add_keeping, finish
from report import Found
from served import served
from verdicts import Judged, at_most, shown

from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.database import DatabaseError
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.simulation.providers import SimulatedProviders

NAME = "kills"
OLD_S = 0.2
CALLERS = 8
GATEWAY = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-kills]
    models: [gpt-4o, gpt-4o-mini]
ledger: {ledger}
budgets:
  - {{name: all, usd: 1000000, per: month}}
"""
BODY = (
    '{"model":"openai/%s","messages":[{"role":"user","content":"hello"}],"stream":%s}'
)
REQUEST = (
    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
)


@dataclass
class Round:
    """What came of one kill; *answered* holds the time at which each id was."""

    answered: dict[str, float] = field(default_factory=dict)
    killed_at: float = 0.0
    recorded: int = 0
    lost: list[float] = field(default_factory=list)
    """How old the answers were that are not on record, in seconds."""
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        newest = f", the oldest of them {max(self.lost):.3f} s" if self.lost else ""
        return (
            f"{len(self.answered)} answered, {len(self.lost)} of them not recorded"
            f"{newest}; {self.recorded} in the ledger"
        )


async def one_round(
    config: Path, ledger: Path, *, workers: int, load_s: float, old_s: float = OLD_S
) -> Round:
    """Load a gateway, kill it, and look at what it leaves."""
    found = Round()
    async with served(config, workers) as (process, port):
        calls = [asyncio.create_task(call(port, n, found)) for n in range(CALLERS)]
        await asyncio.sleep(load_s)
        found.killed_at = time.monotonic()
        os.killpg(process.pid, signal.SIGKILL)
        await asyncio.gather(*calls)
    judge(ledger, found, old_s)
    return found


async def call(port: int, number: int, found: Round) -> None:
    """Ask on one connection until it breaks; note what was answered, and when."""
    model = ("gpt-4o", "gpt-4o-mini")[number % 2]
    body = BODY % (model, ("false", "true")[number % 3 == 0])
    asked = (REQUEST % (len(body), body)).encode()
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                writer.write(asked)
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                names = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
                if "content-length" in names:
                    await reader.readexactly(int(names["content-length"]))
                else:
                    await reader.readuntil(b"\r\n0\r\n\r\n")
                found.answered[names["x-request-id"]] = time.monotonic()
        finally:
            writer.transport.abort()


def judge(ledger: Path, found: Round, old_s: float) -> None:
    """Say what is wrong with the ledger that was left."""
    store = SqliteFile(ledger)
    try:
        database = store.open()
        rows = database.run("SELECT request_id FROM exchanges")
        found.wrong += [*store.faults_of(database), *audit(database)]
        database.close()
    except DatabaseError as error:
        found.wrong.append(f"the database does not open: {error}")
        return
    recorded = {str(name) for (name,) in rows}
    found.recorded = len(recorded)
    found.lost = [
        found.killed_at - at_s
        for name, at_s in found.answered.items()
        if name not in recorded
    ]
    old = [age_s for age_s in found.lost if age_s > old_s]
    if old:
        found.wrong.append(f"{len(old)} answers older than {old_s} s are lost")
    if not any(found.killed_at - at_s > old_s for at_s in found.answered.values()):
        found.wrong.append("no answer was old enough to be judged")


async def play(rounds: int, *, old_s: float = OLD_S, seed: int = 1) -> list[Round]:
    """Kill a gateway *rounds* times, every other time one with two workers."""
    draw = random.Random(seed)
    played = []
    with tempfile.TemporaryDirectory(prefix="heliograph-kills-") as name:
        folder = Path(name)
        config, ledger = folder / "gateway.yaml", folder / "ledger.db"
        async with SimulatedProviders() as sim:
            config.write_text(GATEWAY.format(sim=sim.base_url, ledger=ledger))
            for number in range(rounds):
                found = await one_round(
                    config,
                    ledger,
                    workers=1 + number % 2,
                    load_s=old_s + draw.uniform(0.2, 1.0),
                    old_s=old_s,
                )
                played.append(found)
    return played


def main(arguments: Sequence[str] | None = None) -> int:
    """Play as many rounds as asked for, and say what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    add_keeping(parser)
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    played = asyncio.run(play(options.rounds, seed=options.seed))
    for number, found in enumerate(played, start=1):
        if found.wrong:
            print(f"round {number}: {found}; WRONG: {'; '.join(found.wrong)}")
    judged = list(judged_kills(played))
    command = f"bench/kills.py --rounds {options.rounds} --seed {options.seed}"
    finish(NAME, Found(command, load, judged), options)
    return 0 if all(one.met for one in judged) else 1


def judged_kills(played: Sequence[Round]) -> Iterator[Judged]:
    """Hold what came of all rounds against what is promised."""
    answered = sum(len(found.answered) for found in played)
    ages = [age_s for found in played for age_s in found.lost]
    yield shown(f"exchanges answered before {len(played)} kills", answered, "{:,}")
    yield shown("of them not on record", len(ages), "{:,}")
    oldest_s = max(ages, default=0.0)
    yield at_most("age of the oldest of these at the kill", OLD_S, oldest_s, "{:.3f} s")
    wrong = sum(bool(found.wrong) for found in played)
    yield at_most("kills after which anything was wrong", 0, wrong, "{:.0f}")


if __name__ == "__main__":
    sys.exit(main())

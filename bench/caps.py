"""A dollar, and two hundred callers at once who would spend more, again and again.

Each round a gateway with a ledger of its own has a cap of one dollar. Whole answers
and streams of random length cost cents; some calls fail, some break, some callers
leave. Then a few more ask until the dollar is gone. The store is looked at all the
while: what is spent and what is leased may never be more than the cap. `make caps`
"""

import argparse
import asyncio
import json
import logging
import os
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quoting import add_keeping, finish
from report import Found
from served import PATIENCE_S, served
from verdicts import Judged, at_most, shown

from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.simulation.providers import SimulatedProviders

NAME = "caps"
NANO = 10**9
CALLERS = 200
FEW = 10
FEW_TIMES = 100
LOOK_S = 0.005
GATEWAY = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-caps]
    models: [gpt-4o, gpt-4o-mini]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-caps]
    models: [claude-sonnet-4-6]
routes:
  quick:
    to: openai/gpt-4o
    hedge: {{share: 1.0, after_s: 0.05}}
fallbacks:
  - from: openai/gpt-4o
    to: anthropic/claude-sonnet-4-6
timeouts: {{connect_s: 5, first_byte_s: 5, idle_s: 1, total_s: 20}}
ledger: {ledger}
budgets:
  - {{name: dollar, usd: 1, per: month, output_tokens_max: 3000}}
"""
STANDS = """
SELECT (SELECT COALESCE(SUM(amount), 0) FROM budget_spent),
       (SELECT COALESCE(SUM(amount), 0) FROM budget_leases),
       (SELECT COALESCE(SUM(cost_nano), 0) FROM exchanges),
       (SELECT COALESCE(SUM(amount), 0) FROM budget_charges)
"""


@dataclass
class Round:
    """What came of one round, in nano-dollars; *wrong* is what must not be."""

    statuses: Counter[str] = field(default_factory=Counter)
    spent: int = 0
    highest: int = 0
    looks: int = 0
    wrong: list[str] = field(default_factory=list)


def rules(draw: random.Random) -> list[dict[str, Any]]:
    """Write what goes wrong, and how long the answers are."""

    def some(probability: float, **fault: object) -> dict[str, Any]:
        seed = draw.randrange(1 << 30)
        return {"when": {"probability": probability, "seed": seed}, "fault": fault}

    long = [some(0.3, answer_words=draw.randrange(1, 3000)) for _ in range(8)]
    return [
        some(0.08, status=500),
        some(0.04, status=429, headers={"retry-after": "1"}),
        some(0.05, kind="reset"),
        some(0.05, cut_after_events=draw.randrange(2, 30), answer_words=200),
        some(0.05, stall_after_events=3, answer_words=50),
        some(0.1, delay_s=draw.uniform(0.02, 0.3), answer_words=900),
        *long,
    ]


def question(draw: random.Random) -> dict[str, object]:
    """Write one caller's request."""
    asked: dict[str, object] = {
        "model": draw.choice(("openai/gpt-4o", "quick", "anthropic/claude-sonnet-4-6")),
        "messages": [{"role": "user", "content": "hello " * draw.randrange(1, 300)}],
        "stream": draw.random() < 0.5,
    }
    if draw.random() < 0.5:
        asked["max_tokens"] = draw.randrange(1, 3000)
    return asked


async def ask(port: int, asked: dict[str, object], leave_after_s: float | None) -> str:
    """Ask once; say how it ended, with the status or the caller leaving."""
    body = json.dumps(asked).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + body)
        async with asyncio.timeout(leave_after_s or PATIENCE_S):
            answer = await reader.read(-1)
    except TimeoutError:
        return "left" if leave_after_s else "stuck"
    except ConnectionError:
        return "hung up on"
    finally:
        writer.transport.abort()
    status = answer.partition(b"\r\n")[0].split()[1].decode()
    if status == "200" and b'"error"' in answer[-2000:]:
        return "broken stream"
    return status


async def play(port: int, ledger: Path, draw: random.Random) -> Round:
    """Let all ask at once, then some at a time, and look at the store meanwhile."""
    found = Round()
    looking = asyncio.create_task(look(ledger, found))
    found.statuses.update(await ask_at_once(port, CALLERS, draw))
    for _ in range(FEW_TIMES):
        if found.statuses["402"]:
            break
        found.statuses.update(await ask_at_once(port, FEW, draw))
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking  # what it has died of, if it has
    return found


async def ask_at_once(port: int, count: int, draw: random.Random) -> list[str]:
    """Let *count* ask; some of them leave early."""
    leaving = (
        draw.uniform(0, 0.4) if draw.random() < 0.2 else None for _ in range(count)
    )
    asks = [ask(port, question(draw), leave_after_s) for leave_after_s in leaving]
    return await asyncio.gather(*asks)


async def look(ledger: Path, found: Round) -> None:
    """Compare what is spent and leased with the cap, again and again."""
    with closing(sqlite3.connect(ledger)) as database:
        while True:
            spent, leased, _, _ = database.execute(STANDS).fetchone()
            found.looks += 1
            found.highest = max(found.highest, spent + leased)
            await asyncio.sleep(LOOK_S)


def judge(ledger: Path, found: Round) -> None:
    """Say what is wrong, now that all is over and the gateway has gone."""
    with closing(SqliteDatabase(ledger)) as kept:
        found.wrong += [f"the audit says: {said}" for said in audit(kept)]
    with closing(sqlite3.connect(ledger)) as database:
        spent, leased, cost, charged = database.execute(STANDS).fetchone()
        recorded = database.execute("SELECT COUNT(*) FROM exchanges").fetchone()[0]
    found.spent, asked = spent, found.statuses.total()
    checks = {
        f"${spent / NANO:.6f} was spent of a dollar": spent <= NANO,
        f"{found.highest} were spent and leased at once": found.highest <= NANO,
        f"{leased} are leased although nobody is there": leased == 0,
        f"exchanges cost {cost}, the budget says {spent}": spent == cost,
        f"charges say {charged}, the budget {spent}": spent == charged,
        f"{recorded} exchanges are recorded of {asked}": recorded <= asked,
        "nobody looked at the store meanwhile": found.looks > 0,
        "nobody was refused": found.statuses["402"] > 0,
        "nobody was answered": found.statuses["200"] > 0,
        "somebody was left waiting": found.statuses["stuck"] == 0,
    }
    found.wrong += [said for said, holds in checks.items() if not holds]


@asynccontextmanager
async def gateway(config: Path, workers: int) -> AsyncIterator[int]:
    """Run `heliograph serve` and yield its port; it is drained at the end."""
    async with served(config, workers) as (process, port):
        assert process.stderr is not None  # noqa: S101 - it was asked for
        drained = asyncio.create_task(process.stderr.read())
        yield port
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
            await drained


async def one_round(number: int, *, workers: int, folder: Path) -> Round:
    """Play one round from its beginning to its end, and judge it."""
    draw = random.Random(number)
    ledger = folder / f"round-{number}-{workers}.db"
    config = folder / f"round-{number}-{workers}.yaml"
    async with SimulatedProviders(rules=rules(draw)) as sim:
        config.write_text(GATEWAY.format(sim=sim.base_url, ledger=ledger))
        async with gateway(config, workers) as port:
            found = await play(port, ledger, draw)
    judge(ledger, found)
    return found


def told(number: int, found: Round) -> Iterator[str]:
    """Write a round as lines."""
    counts = ", ".join(f"{n} {what}" for what, n in found.statuses.most_common())
    yield (
        f"round {number:2}: ${found.spent / NANO:.4f} spent; spent and leased at most"
        f" ${found.highest / NANO:.4f} in {found.looks} looks; {counts}"
    )
    yield from (f"  WRONG: {said}" for said in found.wrong)


async def play_all(rounds: int, workers: int) -> list[Round]:
    """Play all rounds with so many workers."""
    played = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number in range(1, rounds + 1):
            found = await one_round(number, workers=workers, folder=Path(folder))
            print("\n".join(told(number, found)), flush=True)
            played.append(found)
    return played


def judged_caps(played: Sequence[Round], workers: int) -> Iterator[Judged]:
    """Hold what came of all rounds against the cap."""
    whose = f"{workers} process{'es' if workers > 1 else ''}"
    asked = sum(found.statuses.total() for found in played)
    yield shown(f"{whose}: exchanges in {len(played)} rounds", asked, "{:,}")
    spent = max(found.spent for found in played) / NANO
    yield at_most(f"{whose}: most that was spent", 1, spent, "${:.9f}")
    highest = max(found.highest for found in played) / NANO
    looks = sum(found.looks for found in played)
    what = f"{whose}: most that was spent and leased, in {looks:,} looks"
    yield at_most(what, 1, highest, "${:.9f}")
    wrong = sum(bool(found.wrong) for found in played)
    yield at_most(f"{whose}: rounds with anything wrong", 0, wrong, "{:.0f}")


def main() -> int:
    """Play, print, judge and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    add_keeping(parser)
    options = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # callers leave on purpose
    load = os.getloadavg()[0]
    judged: list[Judged] = []
    for workers in options.workers:
        played = asyncio.run(play_all(options.rounds, workers))
        judged += judged_caps(played, workers)
    command = " ".join(("bench/caps.py", *sys.argv[1:]))
    finish(NAME, Found(command, load, judged), options)
    return 0 if all(one.met for one in judged) else 1


if __name__ == "__main__":
    sys.exit(main())

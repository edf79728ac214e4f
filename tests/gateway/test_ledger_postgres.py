"""Gateways in processes of their own that keep their ledger in PostgreSQL."""

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from gateway.process import PATIENCE_S, Served, config_file, heliograph
from gateway.running import CLAUDE_FIRST
from heliograph.gateway.ledger.database import Row
from heliograph.gateway.ledger.stores.opening import DRIVER_MISSING, open_database
from heliograph.simulation.providers import SimulatedProviders
from postgres_server import PostgresServer

SERVE = ("serve", "--port", "0", "-c")
NO_DRIVER = "import sys; sys.modules['psycopg'] = None; sys.argv[0] = 'heliograph'"


@pytest.fixture
def config(sim: SimulatedProviders, tmp_path: Path, postgres_url: str) -> str:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    return config_file(tmp_path, f"{text}\nledger: {postgres_url}\n")


def asked(url: str, sql: str) -> list[Row]:
    with closing(open_database(url)) as database:
        return database.run(sql)


async def stop(served: Served) -> set[str]:
    """End a gateway in an orderly way; return the exchanges that it logged."""
    served.process.terminate()
    code, log = await served.ends()
    assert code == 0, served.said
    return {json.loads(line)["request_id"] for line in log.splitlines()}


async def test_two_gateways_share_one_ledger(config: str, postgres_url: str) -> None:
    async with AsyncExitStack() as stack:
        # Begun together, on an empty database: both would make its tables.
        gateways = await asyncio.gather(
            *(stack.enter_async_context(heliograph(*SERVE, config)) for _ in range(2))
        )
        for served in gateways:
            await served.listens()
            await served.says("exchanges are recorded in postgresql://postgres@/")
        answers = await asyncio.gather(
            *(served.ask() for served in gateways for _ in range(20))
        )
        assert Counter(got.status for got in answers) == {200: 40}
        logged = set.union(*[await stop(served) for served in gateways])
    rows = asked(postgres_url, "SELECT request_id FROM exchanges")
    assert {name for (name,) in rows} == logged
    assert len(rows) == 40
    sums = "SELECT SUM(exchanges), SUM(attempts) FROM hours"
    assert asked(postgres_url, sums) == [(40, 40)]


async def test_a_server_that_crashes_under_load_costs_no_answer_and_no_row(
    config: str, postgres_url: str, frail_postgres: PostgresServer
) -> None:
    statuses: Counter[int] = Counter()
    calling = True

    async def call(served: Served) -> None:
        while calling:
            statuses[(await served.ask()).status] += 1

    async with heliograph(*SERVE, config) as served:
        await served.listens()
        callers = [asyncio.ensure_future(call(served)) for _ in range(4)]
        for outage in (1, 2):
            await answered(statuses, 20)
            frail_postgres.kill()
            await served.says("cannot be written: it cannot be opened", times=outage)
            assert (await served.get("/health")).json["status"] == "degraded"
            await answered(statuses, 20)
            frail_postgres.start()
            said = "the ledger is written again; nothing was lost"
            await served.says(said, times=outage)
        calling = False
        await asyncio.gather(*callers)
        logged = await stop(served)
    assert [*statuses] == [200]
    rows = asked(postgres_url, "SELECT request_id FROM exchanges")
    assert {name for (name,) in rows} == logged
    assert len(rows) == len(logged) == statuses[200]
    sums = "SELECT SUM(exchanges), SUM(attempts) FROM hours"
    assert asked(postgres_url, sums) == [(len(rows), len(rows))]


async def answered(statuses: Counter[int], more: int) -> None:
    """Wait until so many more have been answered."""
    wanted = statuses.total() + more
    async with asyncio.timeout(PATIENCE_S):
        while statuses.total() < wanted:  # noqa: ASYNC110 -- the callers count, and tell nobody
            await asyncio.sleep(0.01)


async def test_a_server_that_is_away_at_the_start_is_no_reason_not_to_serve(
    config: str, postgres_url: str, frail_postgres: PostgresServer
) -> None:
    frail_postgres.kill()
    async with heliograph(*SERVE, config) as served:
        await served.listens()
        await served.says("cannot be written: it cannot be opened")
        assert (await served.ask()).status == 200
        frail_postgres.start()
        await served.says("the ledger is written again; nothing was lost")
        logged = await stop(served)
    rows = asked(postgres_url, "SELECT request_id FROM exchanges")
    assert {name for (name,) in rows} == logged
    assert len(logged) == 1


async def test_a_key_made_anywhere_is_known_to_all_who_share_the_secret(
    config: str, postgres_url: str
) -> None:
    environ = {"HELIOGRAPH_LEDGER": postgres_url, "HELIOGRAPH_LEDGER_SECRET": "s" * 43}

    async def keys(*arguments: str) -> str:
        async with heliograph("keys", *arguments, environ=environ) as done:
            code, wrote = await done.ends()
            assert code == 0, done.said
            return wrote.strip()

    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(heliograph(*SERVE, config, environ=environ))
            for _ in range(2)
        ]
        for served in gateways:
            await served.listens()
        secret = await keys("create", "--name", "night")
        for served in gateways:
            await served.comes_to(401)
            await served.comes_to(200, secret)
        await keys("revoke", "night")
        for served in gateways:
            await served.comes_to(401, secret)
    rows = asked(postgres_url, "SELECT name FROM virtual_keys")
    assert rows == [("night",)]


async def test_without_the_driver_it_does_not_start_and_says_what_to_install(
    config: str,
) -> None:
    program = (
        f"{NO_DRIVER}\nfrom heliograph.cli import main\nsys.exit(main(sys.argv[4:]))"
    )
    before = (sys.executable, "-c", program)
    async with heliograph(*SERVE, config, before=before) as served:
        code, _ = await served.ends()
    assert code == 1
    assert served.said == f"error: {DRIVER_MISSING}\n"

"""Two gateways, one budget in PostgreSQL: the cap holds, also when one of them dies."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest

from gateway.process import PATIENCE_S, Served, config_file, heliograph
from gateway.running import TWO, fault
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.stores.opening import open_database
from heliograph.simulation.providers import SimulatedProviders

CAP_NANO = 50_000_000
CONFIG = f"""
providers:{TWO}
budgets:
  - {{name: purse, usd: 0.05, per: month, output_tokens_max: 1200}}
"""
STANDS = """
SELECT (SELECT COALESCE(SUM(amount), 0) FROM budget_spent),
       (SELECT COALESCE(SUM(amount), 0) FROM budget_leases)
"""
SUMS = """
SELECT (SELECT SUM(cost_nano) FROM exchanges),
       (SELECT SUM(cost_nano) FROM hours),
       (SELECT SUM(amount) FROM budget_charges),
       (SELECT SUM(amount) FROM budget_spent)
"""
WAITING = {"model": "anthropic/claude-sonnet-4-6", "max_tokens": 900}
QUICK = {"model": "openai/gpt-4o"}


@asynccontextmanager
async def two_gateways(
    sim: SimulatedProviders, folder: Path, url: str
) -> AsyncIterator[list[Served]]:
    text = CONFIG.replace("{sim}", sim.base_url) + f"ledger: {url}\n"
    path = config_file(folder, text)
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(
                heliograph("serve", "-c", path, "--port", "0")
            )
            for _ in range(2)
        ]
        for served in gateways:
            await served.listens()
        yield gateways


@pytest.fixture
def store(postgres_url: str) -> Iterator[Database]:
    with closing(open_database(postgres_url)) as database:
        yield database


def taken(store: Database) -> tuple[int, int]:
    """What is spent, and what is leased: never more than the cap together."""
    ((spent, leased),) = store.run(STANDS)
    assert int(spent or 0) + int(leased or 0) <= CAP_NANO
    return int(spent or 0), int(leased or 0)


async def test_together_they_spend_no_more_than_the_cap(
    sim: SimulatedProviders, tmp_path: Path, postgres_url: str, store: Database
) -> None:
    sim.set_rules([{"fault": {"answer_words": 250}}])
    statuses: Counter[int] = Counter()

    async def spend(served: Served) -> None:
        while (status := (await served.ask(**QUICK)).status) != 402:
            statuses[status] += 1

    async with two_gateways(sim, tmp_path, postgres_url) as gateways:
        callers = [spend(served) for served in gateways for _ in range(4)]
        spending = asyncio.gather(*callers)
        while not spending.done():
            taken(store)
            await asyncio.sleep(0.02)
        await spending
        for served in gateways:
            served.process.terminate()
            code, _ = await served.ends()
            assert code == 0, served.said
    spent, leased = taken(store)
    assert leased == 0
    assert store.run(SUMS) == [(spent,) * 4]
    assert store.run("SELECT COUNT(*) FROM exchanges WHERE cost_nano > 0") == [
        (statuses[200],)
    ]
    # Less is left than one more call may cost: two thirds were not lost in slices.
    assert spent > CAP_NANO * 2 // 3


async def test_what_the_dead_had_reserved_is_free_again(
    sim: SimulatedProviders, tmp_path: Path, postgres_url: str, store: Database
) -> None:
    sim.set_rules([fault("anthropic", {"delay_s": 600})])
    async with two_gateways(sim, tmp_path, postgres_url) as (dying, alive):
        under_way = [asyncio.ensure_future(dying.ask(**WAITING)) for _ in range(3)]
        async with asyncio.timeout(PATIENCE_S):
            while len(sim.log) < 3:  # noqa: ASYNC110 -- what it is asked comes from another process
                await asyncio.sleep(0.02)
        refused = await alive.ask(**QUICK)
        assert (refused.status, refused.error["code"]) == (429, "budget_held")
        assert taken(store)[1] > CAP_NANO * 3 // 4
        dying.process.kill()
        async with asyncio.timeout(PATIENCE_S):
            while (await alive.ask(**QUICK)).status != 200:
                taken(store)
        ended = await asyncio.gather(*under_way, return_exceptions=True)
        assert all(isinstance(each, Exception) for each in ended)
        alive.process.terminate()
        await alive.ends()
    spent, leased = taken(store)
    assert leased == 0
    assert store.run(SUMS) == [(spent,) * 4]

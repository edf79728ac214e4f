"""Budgets while the ledger cannot be asked, or does not record an exchange."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from gateway.kept import bounded
from gateway.running import until
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.budgets import WAIT_S
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.simulation.providers import SimulatedProviders

DOLLAR = "  - {name: purse, usd: 1, per: day}\n"
ASKED_AWAY = 6
"""How many ask while the ledger cannot be asked."""


REFUSE = (
    "CREATE TRIGGER refuse BEFORE INSERT ON exchanges "
    "BEGIN SELECT RAISE(ABORT, 'no such row'); END"
)


@pytest.mark.parametrize("refused", [False, True], ids=["turned away", "refused"])
async def test_an_exchange_that_is_not_recorded_is_paid_for_all_the_same(
    sim: SimulatedProviders, tmp_path: Path, *, refused: bool
) -> None:
    async with bounded(sim, tmp_path, DOLLAR) as kept:
        ledger = kept.gateway.engine.ledger
        assert ledger is not None
        if refused:
            kept.rows(REFUSE)
        else:
            ledger.recorder.held_max = 0  # it holds as much as it may
        assert (await kept.gateway.ask(model="openai/gpt-4o")).status == 200
        cost = (await kept.gateway.recorded())["attempts"][0]["cost_nano"]
        await until(lambda: kept.rows("SELECT 1 FROM budget_spent"))
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(cost,)]
        assert kept.gateway.engine.budgets is not None
        (cap,) = kept.gateway.engine.budgets.caps.values()
        await until(lambda: cap.unposted == 0)
        assert (await kept.gateway.ask(model="openai/gpt-4o")).status == 200
    assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(2 * cost,)]
    assert kept.rows("SELECT * FROM budget_leases") == []
    assert kept.rows("SELECT 1 FROM exchanges") == []
    assert ledger.standing.unrecorded == 2
    with closing(SqliteDatabase(kept.path)) as database:
        assert audit(database) == []


@pytest.mark.parametrize("policy", ["refuse", "allow"])
async def test_when_the_ledger_cannot_be_asked_it_does_as_it_is_told(
    sim: SimulatedProviders, tmp_path: Path, policy: str
) -> None:
    budgets = f"  - {{name: purse, usd: 1, per: day, store_down: {policy}}}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        assert (await kept.gateway.ask()).status == 200
        budgets_of = kept.gateway.engine.budgets
        assert budgets_of is not None
        other = sqlite3.connect(kept.path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            assert (await kept.gateway.ask()).status == 200  # it has a slice
            await until(lambda: budgets_of.is_blind)
            began_s = time.monotonic()
            for _ in range(ASKED_AWAY):
                got = await kept.gateway.ask()
            assert time.monotonic() - began_s < ASKED_AWAY * WAIT_S / 2  # nobody waits
        finally:
            other.execute("ROLLBACK")
            other.close()
        if policy == "allow":
            assert got.status == 200
        else:
            assert (got.status, got.error["code"]) == (503, "budget_unknown")
            assert got.headers["retry-after"] == "1"
        await until(lambda: not budgets_of.is_blind)
        assert (await kept.gateway.ask()).status == 200
        answered = 3 + (ASKED_AWAY if policy == "allow" else 0)
        told = "SELECT 1 FROM exchanges WHERE outcome = 'answered'"
        await until(lambda: len(kept.rows(told)) == answered)
        ((cost, spent),) = kept.rows(
            "SELECT (SELECT SUM(cost_nano) FROM exchanges),"
            " (SELECT SUM(amount) FROM budget_spent)"
        )
        assert cost == spent

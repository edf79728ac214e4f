"""A process with budgets, and its store in memory: the test's thread is its loop."""

import asyncio
from contextlib import suppress
from pathlib import Path

from gateway.running import SteppedClock
from heliograph.gateway.ledger.budgets import Budgets
from heliograph.gateway.ledger.caps import Amount, Cap, Hold
from heliograph.gateway.ledger.database import DatabaseError
from heliograph.gateway.ledger.leases import Leases
from heliograph.gateway.ledger.migrate import migrate, migrations
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.types import Budget


class Kept:
    """A process with its store; *down*: the store does not answer."""

    def __init__(self, *budgets: Budget) -> None:
        self.database = SqliteDatabase(Path(":memory:"))
        migrate(self.database, [s for s in migrations() if s.name == "budgets"])
        self.clock = SteppedClock()
        self.down = False
        self.told: list[str] = []
        self.leases = Leases("own", self.clock.monotonic_s)
        self.budgets = Budgets(
            budgets,
            leases=self.leases,
            wake=self.turn_soon,
            clock=self.clock,
            loop=asyncio.get_running_loop(),
            notify=lambda cap: self.told.append(cap.key),
        )

    def turn_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self.turn)

    def turn(self) -> None:
        """Do the chore, as the ledger's thread does: not at all while it is down."""
        if not self.down:
            with suppress(DatabaseError):
                self.leases.do_chore(self.database)

    async def reserve(self, number: int, wait_s: float = 0.2) -> Hold | Cap:
        account = self.budgets.account(None, ())
        assert account is not None
        return await self.budgets.wait_for(
            account.spending.caps, amount(number), wait_s
        )

    async def hold(self, number: int) -> Hold:
        found = await self.reserve(number)
        assert isinstance(found, Hold)
        return found

    @property
    def cap(self) -> Cap:
        (cap,) = self.budgets.accounts.caps.values()
        return cap


def amount(number: int) -> Amount:
    return (number, number, 1, 1)

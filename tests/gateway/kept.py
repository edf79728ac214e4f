"""A gateway with a ledger of its own, in the test's own loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from gateway.running import Gateway, config_of, plain, running
from heliograph.gateway.ledger.database import Row
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.types import Config

PROVIDERS = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-first-b111]
    models: [gpt-4o, gpt-4o-mini]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-first-a111]
    models: [claude-haiku-4-5]
"""


class Reached(Protocol):
    """Whoever plays the providers."""

    @property
    def base_url(self) -> str:
        """Where they are."""


class Kept:
    """The gateway, and what its ledger holds."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        self.gateway = gateway
        self.path = path

    def rows(self, sql: str) -> list[Row]:
        """Ask the ledger."""
        database = SqliteDatabase(self.path)
        try:
            return database.run(sql)
        finally:
            database.close()

    @property
    def reserved(self) -> int:
        """What calls under way hold of all caps."""
        budgets = self.gateway.engine.budgets
        assert budgets is not None
        return sum(cap.reserved for cap in budgets.caps.values())


@asynccontextmanager
async def kept(
    config: Config, path: Path, keys: KeyRing | None = None
) -> AsyncIterator[Kept]:
    """Run a gateway with *config*, whose ledger is at *path*."""
    ledger = Ledger(SqliteFile(path), print)
    ledger.start()
    try:
        async with running(config, ledger=ledger, keys=keys) as gateway:
            yield Kept(gateway, path)
    finally:
        ledger.close()


@asynccontextmanager
async def bounded(
    sim: Reached,
    folder: Path,
    budgets: str,
    more: str = "",
    *,
    keys: KeyRing | None = None,
) -> AsyncIterator[Kept]:
    """Run a gateway before *sim* with *budgets*, items of the config's list."""
    path = folder / "ledger.db"
    text = f"{PROVIDERS}{more}\nledger: {path}\nbudgets:\n{budgets}"
    config = plain(config_of(text, sim.base_url))
    async with kept(config, path, keys) as running_kept:
        yield running_kept

"""Virtual keys for the tests of what is done with them."""

from pathlib import Path

from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.key_hash import VIRTUAL_PREFIX, new_id, new_secret
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.key_secret import KeySecret
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.types import VirtualKey

NOW_S = 1_700_000_000


class KeptKeys:
    """A ledger in *folder*, the ring that follows it, and keys made on the way."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self.secret = KeySecret(folder / "ledger.secret")
        self.database = database or SqliteDatabase(folder / "ledger.db")
        migrate(self.database)
        self.said: list[str] = []
        self.ring = KeyRing(self.secret, say=self.said.append)

    def add(self, name: str = "night", **terms: object) -> tuple[VirtualKey, str]:
        """Keep a new key, and have the ring know it; return it and its secret."""
        members: dict[str, object] = {"created_at": NOW_S, **terms}
        key = VirtualKey(new_id(), name, **members)  # type: ignore[arg-type] # the members are a key's own
        secret = new_secret(VIRTUAL_PREFIX)
        assert store.add(self.database, key, secret, self.secret.make())
        self.follow()
        return key, secret

    def follow(self) -> None:
        """Do what the ledger's thread does each turn."""
        self.ring.follow(self.database)

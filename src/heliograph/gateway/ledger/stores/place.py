"""From a ledger's place in the configuration to its store."""

from pathlib import Path

from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping


def store_at(keeping: Keeping) -> Store | None:
    """Name the store of a ledger; None where there is none."""
    if keeping.place is None:
        return None
    return SqliteFile(Path(keeping.place.reveal()))

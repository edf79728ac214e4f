"""From a ledger's place in the configuration to its store."""

from pathlib import Path

from heliograph.gateway.config.postgres_url import is_postgres_url, shown_postgres_url
from heliograph.gateway.ledger.database import Database, DatabaseError
from heliograph.gateway.ledger.migrate import migrated
from heliograph.gateway.ledger.stores.opening import load_driver, open_database
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping


class ServerStore:
    """A database on a server, which looks after it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = shown_postgres_url(url)

    def open(self) -> Database:
        """Connect, and bring the database to our tables."""
        return migrated(open_database(self.url))

    def exists(self) -> bool:
        """Leave it to the server to say."""
        return True

    def faults_of(self, _database: Database) -> list[str]:
        """Leave it to those who run the server."""
        return []

    def size_bytes(self, _database: Database) -> int:
        """Say 0: the server's disk is not ours."""
        return 0

    def give_back(self, _database: Database) -> None:
        """Leave it to the server, which keeps it for what comes."""

    def is_open_at(self, _database: Database) -> bool:
        """Tell that it is: a connection that was lost is made anew."""
        return True

    def set_aside(self, _database: Database | None) -> None:
        """Leave a corrupt database to those who run the server."""

    def salvage(self, _aside: str, _database: Database) -> str:
        """Say that there was nothing to take over: nothing is put away here."""
        return ""


def fault_of_keeping(keeping: Keeping) -> str | None:
    """Load what the ledger's database needs; say what is missing."""
    try:
        load_driver("" if keeping.place is None else keeping.place.reveal())
    except DatabaseError as error:
        return str(error)
    return None


def store_at(keeping: Keeping) -> Store | None:
    """Name the store of a ledger; None where there is none."""
    if keeping.place is None:
        return None
    place = keeping.place.reveal()
    return ServerStore(place) if is_postgres_url(place) else SqliteFile(Path(place))

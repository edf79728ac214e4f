"""Opens the database that a ledger is kept in."""

from importlib import import_module
from pathlib import Path

from heliograph.gateway.config.postgres_url import is_postgres_url
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase

DRIVER_MISSING = (
    "a ledger in PostgreSQL needs its driver, which is not installed; run: "
    "pip install 'heliograph[postgres]'"
)


def open_database(place: str) -> Database:
    """Open what is at *place*: a file, or the address of a PostgreSQL database."""
    if not is_postgres_url(place):
        return SqliteDatabase(Path(place))
    load_driver(place)
    from heliograph.gateway.ledger.stores.postgres import PostgresDatabase  # noqa: PLC0415 -- the same

    return PostgresDatabase(place)


def load_driver(place: str) -> None:
    """Load what the database at *place* needs; raise `DatabaseError` if it is missing.

    Done before a fork, all share it.
    """
    if is_postgres_url(place):
        try:
            # Only here: who keeps the ledger in a file needs no driver, nor its 10 MB.
            import_module("heliograph.gateway.ledger.stores.postgres")
        except ImportError as error:
            raise DatabaseError(Trouble.UNREACHABLE, DRIVER_MISSING) from error

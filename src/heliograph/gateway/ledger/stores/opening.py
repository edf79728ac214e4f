"""Opens the database that a ledger is kept in."""

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
    try:
        # Only here: who keeps the ledger in a file needs no driver, nor its 10 MB.
        from heliograph.gateway.ledger.stores.postgres import PostgresDatabase  # noqa: PLC0415
    except ImportError as error:
        raise DatabaseError(Trouble.UNREACHABLE, DRIVER_MISSING) from error
    return PostgresDatabase(place)

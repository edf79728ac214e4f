"""Takes over from a corrupt file what cannot be earned again: keys, and what was spent.

A file is seldom corrupt from end to end. Exchanges stay where they are; a new ledger
without its keys would know no caller, and one without its budgets spend them twice.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from heliograph.gateway.ledger.database import (
    Database,
    DatabaseError,
    Row,
    Trouble,
)
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase

TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "virtual keys": (
            "key_hashing",
            "virtual_keys",
            "virtual_key_secrets",
            "admin_keys",
        ),
        "budgets": ("budget_spent", "budget_charges"),
    }
)
"""What is taken over whole or not at all, and the tables it stands in."""
NEWS = "UPDATE counters SET value = ? WHERE name = 'virtual_keys'"
ONCE = "INSERT INTO writers VALUES (?, 0, ?) ON CONFLICT DO NOTHING RETURNING writer"
THERE: Mapping[str, str] = MappingProxyType(
    {
        "budget_spent": "ON CONFLICT (cap, bucket_s) DO UPDATE "
        "SET amount = budget_spent.amount + excluded.amount"
    }
)
"""What is done with a row whose key is there already; others stay as they are there."""


def salvage(aside: Path, database: Database) -> str:
    """Copy from *aside* what can be read of it, once; say what came of it."""
    found = {name: read(aside, tables) for name, tables in TABLES.items()}
    lost = [name for name, rows in found.items() if rows is None]
    try:
        take_over(aside.name, [rows for rows in found.values() if rows], database)
    except DatabaseError as error:
        if error.trouble is not Trouble.REFUSED:
            raise  # it is done again
        lost = list(TABLES)  # what was read is not what was written
    if not lost:
        return "its virtual keys and budgets were taken over"
    return f"its {' and '.join(lost)} cannot be read: restore them from a copy"


def take_over(
    name: str, found: Sequence[Mapping[str, list[Row]]], database: Database
) -> None:
    """Write all that was *found* in the file *name*, unless that was done before."""
    now_s = time.time()
    with database.transaction():
        # Of a commit that failed nobody knows whether it came through.
        if database.run(ONCE, (f"salvage of {name}", int(now_s * 1e3))):
            for rows in found:
                for table, some in rows.items():
                    insert(database, table, some)
            # Whoever knows the keys of the file before looks at those of this one.
            database.run(NEWS, (int(now_s),))


def read(aside: Path, tables: tuple[str, ...]) -> dict[str, list[Row]] | None:
    """Read whole tables of a corrupt file; None if that cannot be done."""
    try:
        with closing(SqliteDatabase(aside)) as old:
            return {
                table: old.run(f"SELECT * FROM {table}")  # noqa: S608 - names of ours
                for table in tables
            }
    except DatabaseError as error:
        if error.trouble is Trouble.LOCKED:
            raise  # it may be read later
        return None


def insert(database: Database, table: str, rows: list[Row]) -> None:
    """Write rows beside those that are there already."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        rest = THERE.get(table, "ON CONFLICT DO NOTHING")
        database.run_many(f"INSERT INTO {table} VALUES ({places}) {rest}", rows)  # noqa: S608 - the same

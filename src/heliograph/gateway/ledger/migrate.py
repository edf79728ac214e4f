"""Brings a database to the tables this program knows, from wherever it stands.

Each file of `migrations/` is one step, `NNNN_name.sql`, done once and in their order.
A step that was ever released is never changed: what it got wrong, a later one mends.
"""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

from msgspec import Struct

from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble

FOLDER = files("heliograph.gateway.ledger") / "migrations"
STEPS_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version "
    "(version BIGINT PRIMARY KEY, name TEXT NOT NULL)"
)


class Migration(Struct, frozen=True):
    """One step."""

    version: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """Read the steps that come with the program, in order."""
    found = []
    for file in FOLDER.iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql"):
            found.append(Migration(int(number), name, file.read_text("utf-8")))
    return sorted(found, key=lambda step: step.version)


def migrate(database: Database, steps: Iterable[Migration] | None = None) -> None:
    """Do the steps that *database* has not been through; if there are none, only read.

    Raise `DatabaseError` where it has been through one that nobody here knows.
    """
    known = {step.version: step for step in (migrations() if steps is None else steps)}
    try:
        if not due(database, known):
            return
    except DatabaseError as error:
        if error.trouble is not Trouble.UNKNOWN:
            raise
        # There is no table of them yet; what else it may be is found out below.
    with database.transaction(alone=True, unhurried=True):
        database.run(STEPS_TABLE)
        for version in due(database, known):  # another may have done some meanwhile
            step = known[version]
            for statement in statements(step.sql, database):
                database.run(statement)
            database.run(
                "INSERT INTO schema_version (version, name) VALUES (?, ?)",
                (version, step.name),
            )


def due(database: Database, known: Mapping[int, Migration]) -> list[int]:
    """Say which of the *known* steps are to be done."""
    rows = database.run("SELECT version FROM schema_version")
    done = {int(version or 0) for (version,) in rows}
    if unknown := done - set(known):
        raise DatabaseError(
            Trouble.NEWER,
            f"a later version of heliograph has written {database.name} (its step "
            f"{max(unknown)} is not known here): use that version, or another file",
        )
    return sorted(set(known) - done)


def migrated(database: Database) -> Database:
    """Bring *database* to our tables, or close it and raise."""
    try:
        migrate(database)
    except DatabaseError:
        database.close()
        raise
    return database


def statements(sql: str, database: Database) -> list[str]:
    """Split *sql* into its statements, in the words of *database*.

    A statement ends with a semicolon at the end of a line; a comment has its own line.
    """
    lines = (line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    text = "\n".join(lines)
    for word, meaning in database.words.items():
        text = re.sub(rf"\b{word}\b", meaning, text)
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", text) if part.strip()]

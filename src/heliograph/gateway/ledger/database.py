"""What the ledger asks of a database, whichever it is.

SQL is written once, in the part of it that SQLite and Postgres both understand: `?` for
a value, TEXT and BIGINT, `ON CONFLICT ... DO UPDATE`, `RETURNING`. What they name
differently is a word of `WORDS`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

Value = str | int | None
Row = tuple[Value, ...]

WORDS = ("ROW_ID", "KEYED", "ROW_PLACE")
"""Words that every database has an answer to. For migrations: the type of a whole
number that names a row; what follows the columns of a table that is found by its
primary key alone. For statements: the column that says where a row is, where no key
does.
"""


class Trouble(StrEnum):
    """What keeps a database from doing what it was asked."""

    FULL = "full"  # no room left on the disk
    READ_ONLY = "read_only"
    LOCKED = "locked"  # somebody else holds it
    CORRUPT = "corrupt"  # what is there is no database, or not a whole one
    UNREACHABLE = "unreachable"  # it cannot be opened, or does not answer
    NEWER = "newer"  # a later version of this program has written it
    IO_ERROR = "io_error"  # the disk itself, or a quota of ours
    REFUSED = "refused"  # it takes no such row: a fault of ours
    UNKNOWN = "unknown"  # whatever else; no row is given up for it


class DatabaseError(Exception):
    """The database did not do it; *trouble* says of what kind, the text says more."""

    def __init__(self, trouble: Trouble, said: str) -> None:
        super().__init__(said)
        self.trouble = trouble


class Database(Protocol):
    """One connection, used by one thread at a time; every method may raise the above.

    Outside a transaction each call is one of its own.
    """

    name: str
    """Where it is, for people: no password in it."""

    words: Mapping[str, str]
    """What each of `WORDS` is here."""

    def run(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and return its rows."""

    def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run one statement for each of *rows*; no two of an insert have one key."""

    def transaction(
        self, *, alone: bool = False, unhurried: bool = False
    ) -> AbstractContextManager[None]:
        """Do all within or nothing; *alone*, no other process is in one like it.

        *unhurried*, it may take as long as it takes.
        """

    def interrupt(self) -> None:
        """End the statement that runs, which then raises; other threads may call it.

        Where none runs nothing happens.
        """

    def close(self) -> None:
        """Let go of it; a second time does nothing."""

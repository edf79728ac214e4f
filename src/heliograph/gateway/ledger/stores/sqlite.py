"""A ledger in one file, which several processes of one machine may share."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from heliograph.gateway.ledger.database import DatabaseError, Row, Trouble, Value

WAIT_S = 2.0
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "ROW_ID": "INTEGER PRIMARY KEY",
        "KEYED": "WITHOUT ROWID",
        "ROW_PLACE": "rowid",
    }
)
VALUES = re.compile(r"(?<=VALUES )(\([?, ]+\))")
VALUES_MAX = 16_384  # SQLite takes twice as many in a statement, or more
PRIMARY_CODE = 0xFF  # the rest of an error code says more than we tell apart
TROUBLES: Mapping[int, Trouble] = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: Trouble.FULL,
        sqlite3.SQLITE_IOERR: Trouble.IO_ERROR,
        sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
        sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
        sqlite3.SQLITE_BUSY: Trouble.LOCKED,
        sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
        sqlite3.SQLITE_INTERRUPT: Trouble.LOCKED,  # ended by another thread of ours
        sqlite3.SQLITE_CORRUPT: Trouble.CORRUPT,
        sqlite3.SQLITE_NOTADB: Trouble.CORRUPT,
        sqlite3.SQLITE_PROTOCOL: Trouble.LOCKED,
        sqlite3.SQLITE_CANTOPEN: Trouble.UNREACHABLE,
        # Of these, and these alone, the row itself is at fault.
        sqlite3.SQLITE_CONSTRAINT: Trouble.REFUSED,
        sqlite3.SQLITE_MISMATCH: Trouble.REFUSED,
        sqlite3.SQLITE_TOOBIG: Trouble.REFUSED,
        sqlite3.SQLITE_RANGE: Trouble.REFUSED,
    }
)


class SqliteDatabase:
    """A connection to the file at *path*, which is made if there is none.

    Commits are not synced to the disk one by one: the end of the process loses none,
    a loss of power may lose the last second, and neither leaves half of one.
    """

    words = WORDS

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        self.name = str(path)
        self.path = path
        with told():
            self.connection = sqlite3.connect(
                path, timeout=wait_s, isolation_level=None, check_same_thread=False
            )
        try:
            # Before anything is in it; later it would wait for whoever writes.
            if self.run("PRAGMA page_count") == [(0,)]:
                self.run("PRAGMA auto_vacuum = INCREMENTAL")
            self.run("PRAGMA journal_mode = WAL")
            self.run("PRAGMA synchronous = NORMAL")
        except DatabaseError:
            self.close()
            raise
        self.file = file_at(path)

    def run(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and return its rows."""
        with told():
            return self.connection.execute(sql, values).fetchall()

    def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run one statement for each of *rows*."""
        with told():
            for text, values in grouped(sql, rows):
                self.connection.execute(text, values)

    @contextmanager
    def transaction(
        self, *, alone: bool = False, unhurried: bool = False
    ) -> Iterator[None]:
        """Do all within or nothing; one process at a time is in one, alone or not."""
        del alone, unhurried  # nobody hurries it
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # A full disk may have rolled it back already.
            with suppress(DatabaseError):
                self.run("ROLLBACK")
            raise

    def shorten(self, pages: int) -> None:
        """Give back to the disk at most *pages* that nothing is in any more."""
        with told():
            # Of a statement without columns `execute` takes one step alone.
            self.connection.executescript(f"PRAGMA incremental_vacuum({pages})")

    def is_at_its_path(self) -> bool:
        """Tell whether nobody has moved the file away, or put another in its place."""
        return self.file is not None and self.file == file_at(self.path)

    def interrupt(self) -> None:
        """End the statement that runs."""
        with told():
            self.connection.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        with told():
            self.connection.close()


def grouped(
    sql: str, rows: Sequence[Sequence[Value]]
) -> Iterator[tuple[str, list[Value]]]:
    """Write many rows into each statement, with the values of all.

    For every statement the interpreter is let go and asked for again, which takes up to
    5 ms while somebody else is busy with it; a statement a row would take as long for
    each. Groups are of sizes that come again, so that their statements are kept.
    """
    before, found, after = VALUES.split(sql, 1) if VALUES.search(sql) else (sql, "", "")
    at = 0
    while at < len(rows):
        size = 1
        if found:
            most = min(len(rows) - at, VALUES_MAX // len(rows[at]))
            size = 1 << (most.bit_length() - 1)
        text = before + ", ".join([found] * size) + after
        yield text, list(chain.from_iterable(rows[at : at + size]))
        at += size


def file_at(path: Path) -> tuple[int, int] | None:
    """Say which file *path* leads to."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


@contextmanager
def told() -> Iterator[None]:
    """Tell SQLite's errors in the ledger's words."""
    try:
        yield
    except (OverflowError, UnicodeError) as error:  # a value that it cannot be given
        raise DatabaseError(Trouble.REFUSED, str(error)) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
        raise DatabaseError(TROUBLES.get(code, Trouble.UNKNOWN), str(error)) from error

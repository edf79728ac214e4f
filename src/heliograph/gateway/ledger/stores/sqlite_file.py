"""The file a ledger is kept in: made for its owner's eyes, put away when corrupt."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.migrate import migrated
from heliograph.gateway.ledger.stores.salvage import salvage
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be renamed anyway
    fcntl = None  # type: ignore[assignment]

FOLDER_MODE = 0o700
FILE_MODE = 0o600
GIVEN_BACK_PAGES = 2_000
BESIDE = ("", "-wal", "-shm")
TROUBLES: Mapping[int, Trouble] = MappingProxyType(
    {
        errno.ENOSPC: Trouble.FULL,
        errno.EDQUOT: Trouble.FULL,
        errno.EROFS: Trouble.READ_ONLY,
        errno.EACCES: Trouble.READ_ONLY,
        errno.EPERM: Trouble.READ_ONLY,
    }
)


class SqliteFile:
    """The SQLite database at *path*; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def open(self) -> Database:
        """Open the database, make it if there is none, and bring it to our tables."""
        try:
            self.path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, FILE_MODE))
        except OSError as error:
            raise told(error) from error
        return migrated(SqliteDatabase(self.path))

    def exists(self) -> bool:
        """Tell whether the file is there."""
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise told(error) from error
        return True

    def faults_of(self, database: Database) -> list[str]:
        """Look through all of the file for what is not as it was written."""
        found = database.run("PRAGMA integrity_check")
        return [str(said) for (said,) in found if said != "ok"]

    def size_bytes(self, database: Database) -> int:
        """Say how much of the file is in use."""
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (
            int(database.run(f"PRAGMA {name}")[0][0] or 0) for name in names
        )
        return (pages - free) * size

    def give_back(self, database: Database) -> None:
        """Shorten the file by some of the pages that are free."""
        if isinstance(database, SqliteDatabase):
            database.shorten(GIVEN_BACK_PAGES)

    def is_open_at(self, database: Database) -> bool:
        """Tell whether the file still is the one that *database* has open."""
        return not isinstance(database, SqliteDatabase) or database.is_at_its_path()

    def set_aside(self, database: Database | None) -> str | None:
        """Give a corrupt file another name, unless another process has done so.

        SQLite sees that it was moved, and leaves alone what takes its place.
        """
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = f"{self.path}.corrupt-{at}"
        try:
            with self.alone():
                if database is None:
                    if not self.is_corrupt():
                        return ""
                elif not self.is_open_at(database):
                    return ""
                for end in BESIDE:
                    with suppress(FileNotFoundError):
                        os.replace(f"{self.path}{end}", f"{aside}{end}")  # noqa: PTH105 - three names, not paths
        except OSError:  # the folder may not be written
            return None
        return aside

    def salvage(self, aside: str, database: Database) -> str:
        """Take over the keys and budgets of a file that was put away."""
        return salvage(Path(aside), database)

    def is_corrupt(self) -> bool:
        """Tell whether it cannot be opened because of what is in it."""
        try:
            self.open().close()
        except DatabaseError as error:
            return error.trouble is Trouble.CORRUPT
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process put the file away meanwhile."""
        if fcntl is None:
            yield
            return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def told(error: OSError) -> DatabaseError:
    """Tell a trouble with the file itself in the ledger's words."""
    trouble = TROUBLES.get(error.errno or 0, Trouble.UNREACHABLE)
    return DatabaseError(trouble, error.strerror or str(error))

"""Where a ledger is kept: whoever opens its database, and begins a new one."""

from typing import Protocol

from heliograph.gateway.ledger.database import Database


class Store(Protocol):
    """One place; opened once for the writer, and once for whoever reads."""

    name: str
    """Where it is, for people: no password in it."""

    def open(self) -> Database:
        """Open the database, make it if there is none, and bring it to our tables."""

    def is_open_at(self, database: Database) -> bool:
        """Tell whether *database* still is what would be opened here."""

    def exists(self) -> bool:
        """Tell whether there is anything to open; opening it makes it.

        Raise `DatabaseError` where that cannot be seen.
        """

    def faults_of(self, database: Database) -> list[str]:
        """Look through all of *database* for what is not as it was written."""

    def size_bytes(self, database: Database) -> int:
        """Say how much is in *database*; 0 where its size is not ours to bound."""

    def give_back(self, database: Database) -> None:
        """Give back to the disk what was taken away from *database*."""

    def set_aside(self, database: Database | None) -> str | None:
        """Put away a corrupt database, *database* if it was open; return its new name.

        It is "" where another process has done so, and None where there is no way to.
        """

    def salvage(self, aside: str, database: Database) -> str:
        """Take over from what was put away what can be; say what came of it.

        Done again, it takes over nothing twice.
        """

"""What an operator is told of a database in trouble, and what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType

from heliograph.gateway.ledger.database import DatabaseError, Trouble

FIXES: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.FULL: "make room, bound it by ledger.size_mb_max, or keep it elsewhere "
        "(ledger.url)",
        Trouble.READ_ONLY: "let this user write the file and its folder, or keep it "
        "elsewhere (ledger.url)",
        Trouble.LOCKED: "end whatever else holds it open",
        Trouble.CORRUPT: "move it away, and a new one is begun",
        Trouble.UNREACHABLE: "check the path or URL (ledger.url), and what is there",
        Trouble.NEWER: "use the newer heliograph, or another place (ledger.url)",
        Trouble.IO_ERROR: "check the disk, and the limits on the size of files",
        Trouble.REFUSED: "this is a fault of heliograph: please report it",
        Trouble.UNKNOWN: "look in the database's own log; if it has none, or tells "
        "nothing, please report it",
    }
)
WORDS: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.FULL: "the disk is full",
        Trouble.READ_ONLY: "it may not be written",
        Trouble.LOCKED: "another program holds it",
        Trouble.CORRUPT: "it is no whole database",
        Trouble.UNREACHABLE: "it cannot be opened",
        Trouble.NEWER: "a later version has written it",
        Trouble.IO_ERROR: "the disk fails",
        Trouble.REFUSED: "it did not take what it was given",
        Trouble.UNKNOWN: "it failed in a way that is not known here",
    }
)


def told(name: str, error: DatabaseError) -> str:
    """Say that the ledger *name* is not written, why, and what to do."""
    trouble = error.trouble
    return (
        f"warning: the ledger {name} cannot be written: {WORDS[trouble]} ({error}). "
        f"Requests are served on, and recorded once it can be: {FIXES[trouble]}"
    )


def put_away(name: str, aside: str, error: DatabaseError) -> str:
    """Say that a corrupt ledger was put away."""
    return (
        f"warning: the ledger {name} was corrupt ({error}): it is kept as {aside}, and "
        "a new one is begun"
    )

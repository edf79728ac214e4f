"""How caps stand in the store: what is spent of them, and what is leased."""

from collections.abc import Sequence
from typing import NamedTuple

from heliograph.gateway.ledger.database import Database

SUMS = (
    "SELECT SUM(amount), MIN(bucket_s) FROM budget_spent "
    "WHERE cap = ? AND bucket_s >= ? AND amount > 0"
)
LEASED = "SELECT SUM(amount) FROM budget_leases WHERE cap = ?"


class CapSum(NamedTuple):
    """Of one cap: spent in its window, since which bucket, and leased by all."""

    spent: int
    oldest_s: int | None
    leased: int


def sums_of(database: Database, caps: Sequence[tuple[str, int]]) -> list[CapSum]:
    """Read how *caps* stand: each by its key, and since when its window counts."""
    found = []
    for key, since_s in caps:
        ((spent, oldest_s),) = database.run(SUMS, (key, since_s))
        ((leased,),) = database.run(LEASED, (key,))
        oldest = None if oldest_s is None else int(oldest_s)
        found.append(CapSum(int(spent or 0), oldest, int(leased or 0)))
    return found

"""Parts for tests of the ledger: a database with its tables, a recorder, its rows."""

from collections.abc import Callable
from pathlib import Path

from exchange_cases import attempt, exchange
from heliograph.gateway.ledger.database import Database, Row
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Exchange, Keeping, Secret

AT_S = 1_790_000_000.25

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT COUNT(*) FROM n"
)
"""A question that has no answer, on either store."""


def answered(number: int, **members: object) -> Exchange:
    """Make an exchange that was answered and cost its number of nano-dollars."""
    made = attempt(None)
    made.cost_nano, made.cost_basis = number, "usage"
    named = {"request_id": f"hg-{number}", "started_at": AT_S, "usage": None}
    return exchange(made, **{**named, **members})


def ids(database: Database) -> list[str]:
    """Name the exchanges that are recorded, in order."""
    rows = database.run("SELECT request_id FROM exchanges ORDER BY exchange_id")
    return [str(name) for (name,) in rows]


def one(database: Database, sql: str) -> Row:
    """Return the one row of a question."""
    (row,) = database.run(sql)
    return row


class Told:
    """What an operator was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, text: str) -> None:
        self.lines.append(text)

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)


def recorder_at(
    place: Path | str, say: Callable[[str], None], **more: object
) -> Recorder:
    """Make a recorder, without its thread: the test takes the turns."""
    store = store_at(Keeping(Secret(str(place))))
    assert store is not None
    return Recorder(store, say, **more)  # type: ignore[arg-type] # they are a recorder's own

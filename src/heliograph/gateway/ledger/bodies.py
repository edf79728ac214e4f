"""Bodies in the ledger, where they were switched on: written, and read again."""

from collections.abc import Sequence

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.redaction import redacted
from heliograph.gateway.types import Exchange

INSERT = "INSERT INTO bodies (exchange_id, request, answer) VALUES (?, ?, ?)"


def post(database: Database, exchanges: Sequence[Exchange], first_id: int) -> None:
    """Write what was said in *exchanges*, with their rows."""
    rows = []
    for exchange_id, exchange in enumerate(exchanges, first_id):
        said = exchange.said
        if said is not None:
            most = said.bytes_max
            answer = redacted(said.answer, most, cut=said.cut)
            rows.append((exchange_id, redacted(said.request, most), answer))
    if rows:
        database.run_many(INSERT, rows)

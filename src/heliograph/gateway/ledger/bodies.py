"""What was said: held within bounds until it is written, where that is kept."""

from collections.abc import Sequence

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.redaction import redacted
from heliograph.gateway.types import Exchange

INSERT = "INSERT INTO bodies (exchange_id, request, answer) VALUES (?, ?, ?)"
HELD_BYTES_MAX = 64_000_000


class HeldBodies:
    """How much of what was said waits to be written, and what had to go unwritten.

    The request path takes in and the ledger's thread lets go: each counts for itself,
    so that neither waits for the other.
    """

    def __init__(self, bytes_max: int = HELD_BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        self.taken_bytes = 0
        self.turned_away = 0
        self.let_go_bytes = 0
        self.dropped = 0

    @property
    def held_bytes(self) -> int:
        """How many bytes wait, as they were received."""
        return self.taken_bytes - self.let_go_bytes

    @property
    def lost(self) -> int:
        """Of how many exchanges what was said will never be recorded."""
        return self.turned_away + self.dropped

    def take(self, exchange: Exchange, *, away: bool) -> None:
        """Take in what was said, unless there is too much, or the store is *away*."""
        said = exchange.said
        if said is None:
            return
        size = len(said.request) + len(said.answer)
        if away or self.held_bytes + size > self.bytes_max:
            exchange.said = None
            self.turned_away += 1
        else:
            said.held_bytes = size
            self.taken_bytes += size

    def let_go(self, exchange: Exchange) -> None:
        """Note that what was said waits no longer."""
        if exchange.said is not None:
            self.let_go_bytes += exchange.said.held_bytes

    def drop(self, exchange: Exchange) -> None:
        """Hold it no longer, though it was not written."""
        if exchange.said is not None:
            self.let_go(exchange)
            exchange.said = None
            self.dropped += 1


def redact(exchange: Exchange) -> None:
    """Make what was said ready to be kept: long work, for before a transaction."""
    said = exchange.said
    if said is not None and said.kept is None:
        most = said.bytes_max
        request = redacted(said.request, most)
        said.kept = request, redacted(said.answer, most, cut=said.cut)
        said.request, said.answer = b"", bytearray()


def post(database: Database, exchanges: Sequence[Exchange], first_id: int) -> None:
    """Write what was said in *exchanges*, with their rows."""
    rows = [
        (exchange_id, *exchange.said.kept)
        for exchange_id, exchange in enumerate(exchanges, first_id)
        if exchange.said is not None and exchange.said.kept is not None
    ]
    if rows:
        database.run_many(INSERT, rows)

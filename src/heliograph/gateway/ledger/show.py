"""One exchange with all that the ledger has of it."""

import json

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.database import Database, Row
from heliograph.gateway.ledger.export import COLUMNS

ATTEMPT_COLUMNS = (
    "position",
    "provider",
    "model",
    "started_us",
    "ended_us",
    "error_blame",
    "error_kind",
    "error_status",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano",
    "provider_key",
    "cost_basis",
)
EXCHANGE = (
    f"SELECT {', '.join(COLUMNS)} FROM exchanges "  # noqa: S608 - no value is in it
    "JOIN askers ON askers.asker_id = exchanges.asker_id WHERE request_id = ?"
)
ATTEMPTS = (
    f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM every_attempt "  # noqa: S608 - the same
    "WHERE exchange_id = ? ORDER BY position"
)
BODIES = "SELECT request, answer FROM bodies WHERE exchange_id = ?"


def shown(database: Database, request_id: str) -> str | None:
    """Write the exchange of that id as JSON; None if there is none."""
    found = database.run(EXCHANGE, (request_id,))
    if not found:
        return None
    exchange = members(COLUMNS, found[0])
    number = int(found[0][0] or 0)
    exchange["cost_usd"] = print_usd(int(found[0][COLUMNS.index("cost_nano")] or 0))
    exchange["attempts"] = [
        members(ATTEMPT_COLUMNS, row) for row in database.run(ATTEMPTS, (number,))
    ]
    for request, answer in database.run(BODIES, (number,)):
        exchange["request"], exchange["answer"] = request, answer
    return json.dumps(exchange, indent=2, ensure_ascii=False)


def members(names: tuple[str, ...], row: Row) -> dict[str, object]:
    """Write a row as the members of a JSON object; what is empty is left out."""
    pairs = zip(names, row, strict=True)
    return {name: value for name, value in pairs if value not in {None, ""}}

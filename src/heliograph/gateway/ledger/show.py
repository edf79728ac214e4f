"""One exchange with all that the ledger has of it."""

import json

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.database import Database, Row
from heliograph.gateway.ledger.search import (
    ATTEMPT_COLUMNS,
    COLUMNS,
    Sought,
    attempts_of,
    said_in,
    search,
)


def shown(database: Database, request_id: str) -> str | None:
    """Write the exchange of that id as JSON; None if there is none."""
    found = search(database, Sought(request_id=request_id), None, 1).rows
    if not found:
        return None
    exchange = members(COLUMNS, found[0])
    number = int(found[0][COLUMNS.index("exchange_id")] or 0)
    exchange["cost_usd"] = print_usd(int(found[0][COLUMNS.index("cost_nano")] or 0))
    exchange["attempts"] = [
        members(ATTEMPT_COLUMNS, row) for row in attempts_of(database, number)
    ]
    said = said_in(database, number)
    if said is not None:
        exchange["request"], exchange["answer"] = said
    return json.dumps(exchange, indent=2, ensure_ascii=False)


def members(names: tuple[str, ...], row: Row) -> dict[str, object]:
    """Write a row as the members of a JSON object; what is empty is left out."""
    pairs = zip(names, row, strict=True)
    return {name: value for name, value in pairs if value not in {None, ""}}

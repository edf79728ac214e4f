"""How caps stand in the store, whichever it is and whoever asks."""

import asyncio

from heliograph.gateway.admin.desk import Desk
from heliograph.gateway.ledger.budget_sums import CapSum, sums_of
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Keeping, Secret

DAY = "everything|usd|exchanges|day|calendar|UTC"


def test_what_counts_in_the_window_is_added_up(database: Database) -> None:
    migrate(database)
    database.run_many(
        "INSERT INTO budget_spent VALUES (?, ?, ?)",
        [(DAY, 100, 7), (DAY, 200, 5), (DAY, 300, 1 << 40), ("other", 300, 9)],
    )
    database.run_many(
        "INSERT INTO budget_leases VALUES (?, ?, ?, ?)",
        [(DAY, "one", 30, 0), (DAY, "two", 12, 0), ("other", "one", 5, 0)],
    )
    assert sums_of(database, [(DAY, 200), (DAY, 301), ("none", 0)]) == [
        CapSum((1 << 40) + 5, 200, 42),
        CapSum(0, None, 42),
        CapSum(0, None, 0),
    ]


async def test_threads_ask_by_turns_with_the_same_connection(place: str) -> None:
    store = store_at(Keeping(Secret(place)))
    desk = Desk(store)
    try:
        for _ in range(3):
            asked = [desk.ask(lambda d: sums_of(d, [(DAY, 0)])) for _ in range(4)]
            assert await asyncio.gather(*asked) == [[CapSum(0, None, 0)]] * 4
        assert 1 <= len(desk.spare) <= 2
    finally:
        desk.close()

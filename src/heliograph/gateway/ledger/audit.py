"""Whether the ledger's sums agree: exchanges, attempts, hours, owners and budgets.

Each question is one statement, so that what is written meanwhile cannot come between
its two sides: it adds up the one, takes the other off, and asks where anything is left.
"""

from collections.abc import Iterator

from msgspec import Struct

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.rows import HOUR_MS

SHOWN_MAX = 20

KEPT_FROM = "(SELECT value FROM counters WHERE name = 'kept_from_hour')"

# No value is in any of these.
BY_HOUR = f"""
SELECT hour, SUM(n), SUM(cost), SUM(unknown) FROM (
    SELECT started_ms / {HOUR_MS} AS hour, 1 AS n, cost_nano AS cost,
        unknown_costs AS unknown
    FROM exchanges
    UNION ALL SELECT hour, -exchanges, -cost_nano, -unknown_costs FROM hours
) AS sides WHERE hour >= {KEPT_FROM} GROUP BY hour
HAVING SUM(n) <> 0 OR SUM(cost) <> 0 OR SUM(unknown) <> 0 ORDER BY hour
"""  # noqa: S608 - see above
BY_DAY = """
SELECT day, SUM(n), SUM(cost) FROM (
    SELECT day, provider, model, asker_id, exchanges AS n, cost_nano AS cost FROM days
    UNION ALL
    SELECT hour / 24, provider, model, asker_id, -exchanges, -cost_nano FROM hours
) AS sides GROUP BY day, provider, model, asker_id
HAVING SUM(n) <> 0 OR SUM(cost) <> 0 ORDER BY day
"""
BY_TARGET = f"""
SELECT hour, provider, model, SUM(n), SUM(cost) FROM (
    SELECT e.started_ms / {HOUR_MS} AS hour, a.provider, a.model, 1 AS n,
        COALESCE(a.cost_nano, 0) AS cost
    FROM every_attempt AS a JOIN exchanges AS e ON e.exchange_id = a.exchange_id
    UNION ALL SELECT hour, provider, model, -attempts, -cost_nano FROM hours
) AS sides WHERE hour >= {KEPT_FROM} GROUP BY hour, provider, model
HAVING SUM(n) <> 0 OR SUM(cost) <> 0 ORDER BY hour
"""  # noqa: S608 - see above
BY_OWNER = f"""
SELECT asker_id, SUM(n), SUM(cost) FROM (
    SELECT asker_id, started_ms / {HOUR_MS} AS hour, 1 AS n, cost_nano AS cost
    FROM exchanges
    UNION ALL SELECT asker_id, hour, -exchanges, -cost_nano FROM hours
) AS sides WHERE hour >= {KEPT_FROM} GROUP BY asker_id
HAVING SUM(n) <> 0 OR SUM(cost) <> 0
    OR NOT EXISTS (SELECT 1 FROM askers WHERE askers.asker_id = sides.asker_id)
"""  # noqa: S608 - see above
BY_ATTEMPT = """
SELECT exchange_id, SUM(cost), SUM(unknown) FROM (
    SELECT exchange_id, cost_nano AS cost, unknown_costs AS unknown FROM exchanges
    WHERE cost_basis = ''
    UNION ALL
    SELECT exchange_id, -COALESCE(cost_nano, 0),
        CASE WHEN cost_nano IS NULL THEN -1 ELSE 0 END
    FROM attempts
) AS sides GROUP BY exchange_id HAVING SUM(cost) <> 0 OR SUM(unknown) <> 0
"""
TWICE = "SELECT request_id FROM exchanges GROUP BY request_id HAVING COUNT(*) > 1"
BY_BUDGET = """
SELECT cap, bucket_s, SUM(amount) FROM (
    SELECT cap, bucket_s, amount FROM budget_charges
    UNION ALL SELECT cap, bucket_s, -amount FROM budget_spent WHERE cap LIKE '%|usd|%'
) AS sides GROUP BY cap, bucket_s HAVING SUM(amount) <> 0
"""
OVERCHARGED = """
SELECT c.exchange_id, c.cap, SUM(c.amount), MAX(e.cost_nano)
FROM budget_charges AS c JOIN exchanges AS e ON e.exchange_id = c.exchange_id
GROUP BY c.exchange_id, c.cap HAVING SUM(c.amount) > MAX(e.cost_nano)
"""
QUESTIONS = (
    (
        BY_HOUR,
        (
            "hour {}: exchanges and their sum differ by {} exchanges, {} nano-dollars, "
            "{} unknown costs"
        ),
    ),
    (
        BY_DAY,
        "day {}: its hours and their sum differ by {} exchanges, {} nano-dollars",
    ),
    (
        BY_TARGET,
        "hour {}, {}/{}: attempts and their sum differ by {} attempts, {} nano-dollars",
    ),
    (
        BY_OWNER,
        (
            "asker {}: not known, or its exchanges and their sum differ by {} "
            "exchanges, {} nano-dollars"
        ),
    ),
    (
        BY_ATTEMPT,
        (
            "exchange {}: its cost and that of its attempts differ by {} nano-dollars, "
            "{} unknown costs"
        ),
    ),
    (TWICE, "{} is recorded more than once"),
    (
        BY_BUDGET,
        "budget {}, window {}: charged and spent differ by {} nano-dollars",
    ),
    (
        OVERCHARGED,
        "exchange {}: budget {} was charged {} nano-dollars, and it cost {}",
    ),
)
"""What is asked, and how a row that should not be there is told."""
TOTALS = """
SELECT (SELECT COUNT(*) FROM exchanges), (SELECT COUNT(*) FROM hours),
    (SELECT COALESCE(SUM(cost_nano), 0) FROM hours),
    (SELECT COALESCE(SUM(unknown_costs), 0) FROM hours),
    (SELECT COUNT(*) FROM budget_spent)
"""


class Totals(Struct, frozen=True):
    """What was looked at."""

    exchanges: int
    hours: int
    cost_nano: int
    unknown_costs: int
    budget_windows: int

    def __str__(self) -> str:
        return (
            f"{self.exchanges} exchanges, {self.hours} sums of hours, "
            f"{self.budget_windows} windows of budgets; ${print_usd(self.cost_nano)} "
            f"spent, {self.unknown_costs} attempts of unknown cost"
        )


def audit(database: Database) -> list[str]:
    """Say what does not agree, a line each; nothing when all does."""
    found = [*findings(database)]
    if len(found) > SHOWN_MAX:
        return [*found[:SHOWN_MAX], f"and {len(found) - SHOWN_MAX} more"]
    return found


def totals(database: Database) -> Totals:
    """Say how much there is to agree."""
    ((*numbers,),) = database.run(TOTALS)
    return Totals(*(int(number or 0) for number in numbers))


def findings(database: Database) -> Iterator[str]:
    """Ask every question."""
    for sql, said in QUESTIONS:
        for row in database.run(sql):
            yield said.format(*map(str, row))

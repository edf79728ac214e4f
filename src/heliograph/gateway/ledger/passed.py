"""Forgets what was spent in windows that have passed, a little at a time.

A charge goes together with what was spent by it, so that the two agree all the while,
also of a month of which there are many charges. Whoever writes waits for no more than
one step, and each is of a bounded number of rows.
"""

from collections import Counter
from collections.abc import Mapping

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.write import NUMBER

KEPT_S = 3600
"""What has passed is kept for so long, for charges that come late."""
STEP_ROWS = 2_000
LOOK_ROWS = 20
"""To look at a cap of which nothing has passed counts as so many rows of a step."""

ANYTHING = "SELECT 1 FROM budget_spent WHERE cap = ? AND bucket_s < ? LIMIT 1"
TAKE_CHARGES = (
    "DELETE FROM budget_charges WHERE {place} IN "
    "(SELECT {place} FROM budget_charges WHERE cap = ? AND bucket_s < ? LIMIT ?) "
    "RETURNING bucket_s, amount"
)
TAKE_OFF = "UPDATE budget_spent SET amount = amount - ? WHERE cap = ? AND bucket_s = ?"
TAKE_SPENT = (
    "DELETE FROM budget_spent WHERE cap = ? AND bucket_s IN "
    "(SELECT bucket_s FROM budget_spent WHERE cap = ? AND bucket_s < ? LIMIT ?) "
    "RETURNING bucket_s"
)


class Passed:
    """What is to be forgotten: of each cap what was spent before its window."""

    def __init__(self) -> None:
        self.due: dict[str, int] = {}  # before when, by cap

    def note(self, since_s: Mapping[str, int]) -> None:
        """Have forgotten what is long before *since_s*, by cap."""
        for cap, second in since_s.items():
            self.due[cap] = second - KEPT_S

    def do_chore(self, database: Database) -> None:
        """Take one step, so that writing goes on."""
        left = STEP_ROWS
        while self.due and left > 0:
            cap, before_s = next(iter(self.due.items()))
            taken = take_away(database, cap, before_s, left)
            if taken < left:
                del self.due[cap]
            left -= max(taken, LOOK_ROWS)


def take_away(database: Database, cap: str, before_s: int, most: int) -> int:
    """Take away what *cap* was charged *before_s*, then that it was spent.

    Return how many rows were taken: where they are *most*, there may be more.
    """
    if not database.run(ANYTHING, (cap, before_s)):
        return 0
    take_charges = TAKE_CHARGES.format(place=database.words["ROW_PLACE"])
    with database.transaction():
        database.run(NUMBER, (0, 0, 0))  # in turn with those who write
        charges = database.run(take_charges, (cap, before_s, most))
        sums: Counter[int] = Counter()
        for bucket_s, amount in charges:
            sums[int(bucket_s or 0)] += int(amount or 0)
        off = [(amount, cap, bucket_s) for bucket_s, amount in sorted(sums.items())]
        database.run_many(TAKE_OFF, off)
        left = most - len(charges)
        spent = database.run(TAKE_SPENT, (cap, cap, before_s, left)) if left else ()
    return len(charges) + len(spent)

"""Forgets what was spent of caps that nobody leases any more, a little at a time.

A process has forgotten what passed before the windows of the caps that it leases
(`passed`). Of a key that was revoked, and of a budget that the config has no longer,
nobody says so: once a day all caps are gone through, by their names, and what is older
than any window goes. Leases stay: they end with who holds them.
"""

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.passed import KEPT_S, LOOK_ROWS, STEP_ROWS, take_away

WINDOW_S_MAX = 33 * 86_400
"""Longer than any window: a month of 31 days, and an hour that the clocks go back."""
AGAIN_S = 86_400
NEXT = (
    "SELECT MIN(cap) FROM ("
    "SELECT MIN(cap) AS cap FROM budget_spent WHERE cap > ? "
    "UNION ALL SELECT MIN(cap) FROM budget_notices WHERE cap > ?) AS firsts"
)
FORGET_NOTICES = (
    "DELETE FROM budget_notices WHERE cap = ? AND window_s < ? AND (window_s > 0 "
    "OR NOT EXISTS (SELECT 1 FROM budget_leases WHERE cap = ?))"
)
"""The window of calls at once is one for ever, and began at 0."""


class Abandoned:
    """What is to be forgotten, and how far all caps have been gone through."""

    def __init__(self) -> None:
        self.after = ""
        self.next_s = 0.0

    def step(self, database: Database, now_s: float) -> bool:
        """Look at the next caps; say whether there are more to look at now."""
        if now_s < self.next_s:
            return False
        before_s = int(now_s) - WINDOW_S_MAX - KEPT_S
        left = STEP_ROWS
        while left > 0:
            ((found,),) = database.run(NEXT, (self.after, self.after))
            if found is None:
                self.after, self.next_s = "", now_s + AGAIN_S
                return False
            cap = str(found)
            taken = take_away(database, cap, before_s, left)
            if taken < left:
                database.run(FORGET_NOTICES, (cap, before_s, cap))
                self.after = cap
            left -= max(taken, LOOK_ROWS)
        return True

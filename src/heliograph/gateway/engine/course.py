"""Where one exchange stands: its record, its time, and how its stream is treated."""

from heliograph.gateway.catalog.estimate import Input, input_of
from heliograph.gateway.engine.shared import Shared
from heliograph.gateway.ledger.accounts import Account
from heliograph.gateway.ledger.caps import Hold
from heliograph.gateway.routing.rescue import Conduct
from heliograph.gateway.types import Budget, Chat, Exchange


class Course:
    """What every call of an exchange needs to know of it."""

    def __init__(self, shared: Shared, exchange: Exchange, began_s: float) -> None:
        self.shared = shared
        self.exchange = exchange
        self.began_s = began_s
        self.deadline_at = 0.0  # loop time, as the pool's bounds are
        self.tightened = False  # the caller's own deadline is the nearer one
        self.conduct: Conduct = "off"
        self.account: Account | None = None  # the budgets that bound it, if any do
        self.entry: Hold | None = None  # what it took of them as it began
        self.refused_by: Budget | None = None
        self.known_input: tuple[tuple[object, str, str], Input] | None = None
        self.clock_s = shared.clock.monotonic_s
        """Monotonic seconds: the time that health is kept in."""

    def input_of(self, chat: Chat, vendor: str, model: str) -> Input:
        """Estimate the prompt of *chat*; what was estimated last is known still."""
        asked = (chat.fields["messages"], vendor, model)
        known = self.known_input
        if known is None or known[0] != asked:
            known = self.known_input = (asked, input_of(chat, vendor, model))
        return known[1]

    def now_s(self) -> float:
        """Seconds since the exchange began."""
        return self.clock_s() - self.began_s

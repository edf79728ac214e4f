"""Where one exchange stands: its record, its time, and how its stream is treated."""

from collections.abc import Callable

from msgspec import Struct

from heliograph.gateway.catalog.estimate import Input, input_of
from heliograph.gateway.engine.caller import Caller
from heliograph.gateway.engine.shared import Shared
from heliograph.gateway.ledger.accounts import Account
from heliograph.gateway.ledger.caps import Hold
from heliograph.gateway.ledger.purse import Purse
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.rescue import Conduct
from heliograph.gateway.types import Budget, Chat, Exchange


class Course(Struct, eq=False):
    """What every call of an exchange needs to know of it."""

    shared: Shared
    exchange: Exchange
    caller: Caller
    health: Health
    """What was known when it began; a reload begins another."""
    clock_s: Callable[[], float]
    """Monotonic seconds: the time that health is kept in."""
    began_s: float
    named_s: float = 0.0  # when it was known, by the same clock, who may answer
    deadline_at: float = 0.0  # loop time, as the pool's bounds are
    tightened: bool = False  # the caller's own deadline is the nearer one
    conduct: Conduct = "off"
    account: Account | None = None  # the budgets that bound it, if any do
    entry: Hold | None = None  # what it took of them as it began
    purse: Purse | None = None  # or what it took that out of
    drawn: bool = False  # a share for its call as well, which is not settled yet
    refused_by: Budget | None = None
    known_input: tuple[tuple[object, str, str], Input] | None = None

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

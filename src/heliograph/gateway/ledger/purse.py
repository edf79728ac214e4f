"""What some exchanges of one account take of its caps in one go: a purse. Pure.

To reserve of four caps and to settle with each of them costs more than all else that
budgets ask of an exchange. Where there is plenty, what many exchanges may come to is
taken of all caps of their account at once. Each takes one share, if its own worst is
not more, and those that have ended are settled in a row. What is in a purse is reserved
of its caps, as by any hold: they cannot be overdrawn by it.
"""

import math
from typing import NamedTuple

from heliograph.gateway.ledger.caps import CONCURRENT, Amount, Cap
from heliograph.gateway.types import Attempt, ChargedTo

SHARES = 64
"""As many there are in a purse at most."""
SHARES_LEAST = 2
"""For fewer it is not worth its while."""
PART = 2
"""A purse takes at most one part in so many of what is free of a cap."""
NO_CAPS: tuple[Cap, ...] = ()


class Share(NamedTuple):
    """What is taken for one exchange: enough for a call that costs and uses so much.

    A call by *way* whose prompt is text of at most *size* bytes, with an answer of at
    most *output* tokens, comes to no more, before the Unix time `until_s`.
    """

    nano: int
    tokens: int
    way: object = None
    size: int = 0
    output: int = 0
    until_s: float = math.inf

    @property
    def amount(self) -> Amount:
        """What it takes of caps."""
        return (self.nano, self.tokens, 1, 1)


NOTHING = Share(0, 0)


class Purse:
    """What is left for exchanges that begin, and the calls of those that have ended.

    Of *shares* each is as much as *share*: of *entry* for an exchange as it begins, of
    *spending* for its call. They were taken at `at_s`, and are good until `until_s` by
    the monotonic clock. What is made holds nothing before it is filled.
    """

    __slots__ = (
        "amount",
        "at_s",
        "charged_to",
        "ended",
        "entry",
        "left",
        "nano",
        "output",
        "shares",
        "size",
        "spending",
        "tokens",
        "until_s",
        "way",
    )

    def __init__(
        self,
        entry: tuple[Cap, ...] = NO_CAPS,
        spending: tuple[Cap, ...] = NO_CAPS,
        share: Share = NOTHING,
        shares: int = 0,
    ) -> None:
        self.entry = entry
        self.spending = spending
        self.nano, self.tokens, self.way, self.size, self.output, _ = share
        self.amount = share.amount
        self.shares = shares
        self.left = 0
        self.at_s = 0.0
        self.until_s = -math.inf
        self.charged_to: ChargedTo = ()
        self.ended: list[Attempt] = []

    def fill(self, wall_s: float) -> float:
        """Take what it is to hold; return how long the buckets last that it is of."""
        amount, shares = self.amount, self.shares
        self.at_s = wall_s
        self.left = shares
        lasts_s = math.inf
        places = []
        for cap in (*self.entry, *self.spending):
            measure = cap.measure
            cap.last = amount[measure]
            cap.free -= cap.last * shares
            if not cap.bucket_s <= wall_s < cap.until_s:
                cap.enter(wall_s)
            lasts_s = min(lasts_s, cap.until_s - wall_s)
            if measure != CONCURRENT:
                places.append((cap.key, cap.bucket_s, measure))
        self.charged_to = tuple(places)
        return lasts_s

    def close(self) -> None:
        """Give back the shares that nobody has taken; nobody will any more."""
        left, amount = self.left, self.amount
        for cap in (*self.entry, *self.spending):
            cap.free += left * amount[cap.measure]
        self.left = 0

    def settle(self) -> None:
        """Settle with the caps what those calls came to that have ended."""
        nano = tokens = 0
        for attempt in self.ended:
            nano += attempt.cost_nano or 0
            usage = attempt.usage
            if usage is not None:
                tokens += usage.input_tokens + usage.output_tokens
        ended, amount = len(self.ended), self.amount
        self.ended.clear()
        truth = (nano, tokens, ended, 0)
        for cap in (*self.entry, *self.spending):
            measure = cap.measure
            used = truth[measure]
            cap.free += ended * amount[measure] - used
            cap.charged += used


EMPTY = Purse()
"""There is nothing in it, ever."""

"""One cap as a process sees it: the slice it has leased, and the holds on it. Pure.

What a process may spend of a cap is its slice, leased from the store. A call reserves
its worst case of it, and settles with the truth:

    slice = free + reserved + unposted

`reserved` is held by calls under way. `unposted` has been spent and is not yet written
to the store, where it passes from the lease to what is spent. The store sees to it that
all slices and all that is spent in the window never exceed the cap.
"""

import math
from collections.abc import Sequence

from heliograph.gateway.ledger.windows import Span, Window, window_of
from heliograph.gateway.types import Budget, CapRule, Charge

USD, TOKENS, REQUESTS, CONCURRENT = range(4)
MEASURES = {
    "usd": USD,
    "tokens": TOKENS,
    "requests": REQUESTS,
    "concurrent": CONCURRENT,
}

Amount = tuple[int, int, int, int]
"""What one call takes: nano-dollars, tokens, requests, calls at once."""
ENTRY: Amount = (0, 0, 1, 1)
"""What an exchange takes as it begins; and a call of which no more is counted."""


class Cap:
    """One cap of one budget.

    `left` is what the store last knew to be unspent, whoever holds it, while the clock
    has not reached `left_until_s`.
    """

    __slots__ = (
        "__weakref__",
        "bucket_s",
        "budget",
        "charged",
        "free",
        "idle",
        "key",
        "label",
        "last",
        "left_until_s",
        "measure",
        "oldest_s",
        "others",
        "posted",
        "refused",
        "room",
        "room_at",
        "rule",
        "seen",
        "since_s",
        "slice",
        "soft_told",
        "spare",
        "spent",
        "until_s",
        "waiting",
        "window",
        "yields",
    )

    def __init__(self, key: str, rule: CapRule, budget: Budget) -> None:
        self.key = key
        self.rule = rule
        self.budget = budget
        self.label = (
            rule.kind if rule.kind == "concurrent" else f"{rule.kind}/{rule.per}"
        )
        self.measure = MEASURES[rule.kind]
        self.window: Window = window_of(rule, budget.zone)
        self.bucket_s = self.since_s = self.until_s = 0
        self.slice = 0
        self.free = 0
        self.charged = 0  # all that was ever spent of it here
        self.posted = 0  # how much of that is in the store
        self.room, self.room_at = rule.limit, 0
        self.left_until_s = -math.inf
        self.spent = 0  # in the window, by all, as the store last said
        self.oldest_s = 0  # the oldest bucket in which some of it was spent
        self.others = 0  # what others have leased of it
        self.last = 0  # the last hold since the slice was renewed
        self.seen = 0  # what was charged by then
        self.idle = 0  # for how many turns it has not been used
        self.spare = 0  # what is to be free
        self.yields = False  # somebody else lacks some of it
        self.waiting = 0  # how many wait for some of it
        self.refused = 0
        self.soft_told = 0

    @property
    def reserved(self) -> int:
        """Held by calls under way."""
        return self.slice - self.free - self.unposted

    @property
    def left(self) -> int:
        """What was unspent as the store last said, less what was spent here since."""
        return self.room + self.room_at - self.charged

    @left.setter
    def left(self, number: int) -> None:
        """Note what the store says is unspent."""
        self.room, self.room_at = number, self.charged

    @property
    def unposted(self) -> int:
        """Spent here, and not yet in the store."""
        return self.charged - self.posted

    @property
    def outstanding(self) -> int:
        """What no other may be given: it is spent, or may be."""
        return self.slice - self.free

    @property
    def is_in_use(self) -> bool:
        """Whether it has a slice here, or somebody waits for one."""
        return bool(self.free or self.outstanding or self.waiting)

    def follow(self, rule: CapRule, budget: Budget) -> None:
        """Take a limit that may have changed; what is held and spent stays."""
        if rule.limit != self.rule.limit:
            self.left_until_s = -math.inf
        self.rule = rule
        self.budget = budget

    def enter(self, wall_s: float) -> Span:
        """Stand in the bucket of that moment from now on."""
        span = self.window.span(wall_s)
        self.bucket_s, self.since_s, self.until_s = span
        return span

    @property
    def span(self) -> Span:
        """The bucket at hand."""
        return Span(self.bucket_s, self.since_s, self.until_s)

    def is_used_up(self, amount: int, wall_s: float) -> bool:
        """Say whether *amount* would not even fit if all holds were given back."""
        return amount > self.left and wall_s < self.left_until_s

    def bucket_of(self, at_s: float) -> int:
        """Name the bucket of a moment that is not in the one at hand."""
        if at_s >= self.until_s:
            return self.enter(at_s).bucket_s
        return self.window.span(at_s).bucket_s


class Hold:
    """What one call has reserved of some caps, until it is settled: once."""

    __slots__ = ("amount", "at_s", "caps", "ended")

    def __init__(self, caps: Sequence[Cap], amount: Amount, at_s: float) -> None:
        self.caps = caps
        self.amount = amount
        self.at_s = at_s
        self.ended = False

    def settle(self, truth: Amount, charges: list[Charge]) -> None:
        """End it with the *truth*; add what is charged to *charges*.

        What a hold is charged stands in the bucket in which it was taken.
        """
        if self.ended:
            return
        self.ended = True
        amount, at_s = self.amount, self.at_s
        for cap in self.caps:
            measure = cap.measure
            used = truth[measure]
            cap.free += amount[measure] - used
            if used:
                cap.charged += used
                bucket_s = cap.bucket_s
                if not bucket_s <= at_s < cap.until_s:
                    bucket_s = cap.bucket_of(at_s)
                charges.append((cap.key, bucket_s, used))


def reserve(caps: Sequence[Cap], amount: Amount, wall_s: float) -> Hold | Cap:
    """Reserve *amount* of all *caps*, or of none: then the first that lacks it."""
    for cap in caps:
        if cap.free < amount[cap.measure]:
            return cap
    return overdraw(caps, amount, wall_s)


def overdraw(caps: Sequence[Cap], amount: Amount, wall_s: float) -> Hold:
    """Reserve *amount* of all *caps*, be it that some lack it: it is only counted."""
    for cap in caps:
        number = cap.last = amount[cap.measure]
        cap.free -= number
    return Hold(caps, amount, wall_s)

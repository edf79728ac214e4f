"""Allowances that grow with traffic: for repeats of a provider, for hedges."""

TOKENS_MAX = 20.0
TOKENS_AT_START = 3.0


class Allowance:
    """A bucket that every exchange adds a *share* to, and time a floor.

    See https://sre.google/sre-book/handling-overload/ (per-client retry budget).
    """

    __slots__ = ("filled_s", "floor_per_s", "share", "tokens")

    def __init__(self, share: float, floor_per_s: float = 0.0) -> None:
        self.share = share
        self.floor_per_s = floor_per_s
        self.tokens = TOKENS_AT_START if floor_per_s else 0.0
        self.filled_s: float | None = None

    def earn(self) -> None:
        """Add what one exchange allows."""
        self.tokens = min(TOKENS_MAX, self.tokens + self.share)

    def take_back(self) -> None:
        """Take back what one exchange allowed: it came to nothing."""
        self.tokens = max(0.0, self.tokens - self.share)

    def spend(self, now_s: float) -> bool:
        """Take one, if there is one."""
        if self.filled_s is not None:
            floor = self.floor_per_s * (now_s - self.filled_s)
            self.tokens = min(TOKENS_MAX, self.tokens + floor)
        self.filled_s = now_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

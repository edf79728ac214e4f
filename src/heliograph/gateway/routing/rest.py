"""How long a key is left alone, after a limit, a used-up quota or a refusal."""

LEASE_S = 5.0


class Rest:
    """How long a key, or a key's share of a model, is left alone, and why."""

    __slots__ = ("is_lease", "kind", "strikes", "until_s")

    def __init__(self) -> None:
        self.end()

    def end(self) -> None:
        """Use it again."""
        self.until_s = 0.0
        self.kind = ""
        self.strikes = 0
        self.is_lease = False

    def begin(self, kind: str, until_s: float) -> None:
        """Leave it alone until then; a longer rest stays."""
        self.strikes += 1
        if until_s >= self.until_s or kind != self.kind or self.is_lease:
            self.kind = kind
            self.until_s = until_s
            self.is_lease = False

    def lease(self, now_s: float) -> None:
        """Let one call find out whether it is over; others wait for that a while."""
        if self.until_s and self.until_s <= now_s:
            self.until_s = now_s + LEASE_S
            self.is_lease = True

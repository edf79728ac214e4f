"""When a worker that died is started again, and when that has no sense: pure."""

QUICK_S = 5.0
WAIT_S = 0.1
WAIT_S_MAX = 10.0
GIVE_UP_AFTER = 6


class Restarts:
    """The starts of one worker's seat.

    A worker that served for a while is replaced at once. One that dies at once would
    die again: each time it is waited twice as long.
    """

    def __init__(self) -> None:
        self.quick = 0

    def died(self, lived_s: float) -> float:
        """Take in that a worker died after *lived_s*; return how long to wait."""
        self.quick = self.quick + 1 if lived_s < QUICK_S else 0
        if self.quick <= 1:
            return 0.0
        return min(WAIT_S * 2.0 ** (self.quick - 2), WAIT_S_MAX)

    @property
    def hopeless(self) -> bool:
        """So many died at once, one after the other, that none will ever come up."""
        return self.quick >= GIVE_UP_AFTER

"""How much a process holds of the bodies of requests, and the bound on that.

Bodies are gathered before an exchange is admitted: without a bound of their own, as
many callers as there may be connections could each have a large one here.
"""


class Bodies:
    """Counts what is held, from the first byte read until the exchange is over.

    Who took gives back, once: a cycle does both (`LaneCycle.hold`, `let_go`).
    """

    __slots__ = ("bytes_max", "held_bytes")

    def __init__(self) -> None:
        self.bytes_max = 0
        self.held_bytes = 0

    def fits(self, more_bytes: int, own_bytes: int) -> bool:
        """Say whether a body of which *own_bytes* are held may grow.

        One that is alone may, whatever the bound: it could never come in otherwise.
        """
        held_bytes = self.held_bytes
        return held_bytes + more_bytes <= self.bytes_max or held_bytes == own_bytes

    def take(self, more_bytes: int, own_bytes: int) -> bool:
        """Count *more_bytes* if they fit, and say so."""
        held_bytes = self.held_bytes
        grown_bytes = held_bytes + more_bytes
        if grown_bytes > self.bytes_max and held_bytes != own_bytes:
            return False
        self.held_bytes = grown_bytes
        return True

    def give(self, own_bytes: int) -> None:
        """Take back what a body was counted for."""
        self.held_bytes -= own_bytes

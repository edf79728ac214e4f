"""Who may come in: a bounded number at once, a bounded queue, the rest is refused.

Pure: a place in the queue is whatever the engine waits on.
"""

from collections import deque
from typing import Generic, TypeVar

from heliograph.gateway.types import Limits

Place = TypeVar("Place")


class Gate(Generic[Place]):
    """Counts those inside and keeps the order of those who wait."""

    __slots__ = ("inside", "limits", "waiting")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0
        self.waiting: deque[Place] = deque()

    @property
    def full(self) -> bool:
        """Nobody more may come in now."""
        return self.inside >= self.limits.concurrent_max

    @property
    def may_wait(self) -> bool:
        """There is a place in the queue."""
        return len(self.waiting) < self.limits.queue_max

    def enter(self) -> bool:
        """Come in, if there is room and nobody waits."""
        if self.waiting or self.inside >= self.limits.concurrent_max:
            return False
        self.inside += 1
        return True

    def wait(self, place: Place) -> None:
        """Take a place at the end of the queue."""
        self.waiting.append(place)

    def give_up(self, place: Place) -> None:
        """Leave the queue."""
        if place in self.waiting:
            self.waiting.remove(place)

    def leave(self) -> Place | None:
        """Go out; return the place whose turn it is, who is then inside."""
        if self.waiting and self.inside <= self.limits.concurrent_max:
            return self.waiting.popleft()
        self.inside -= 1
        return None

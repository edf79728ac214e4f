"""The newest windows of a stream, in bounded memory, by running numbers. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

HELD_BYTES = 600
"""What a window costs beside its content."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A window from *begin_us* to *end_us*; `bytes` is what its content takes up.

    The content is of whoever made it: a ring does not look into it.
    """

    begin_us: int
    end_us: int
    content: Any
    bytes: int


class WindowRing:
    """Windows of the last *keep_us*, and no more than *bytes_max* of them.

    Window number `first` is the oldest one here, `end` the one to come.
    """

    def __init__(self, *, keep_us: int, bytes_max: int) -> None:
        self._keep_us = keep_us
        self._bytes_max = bytes_max
        self._held: deque[Held] = deque()
        self.first = 0
        self.bytes = 0

    @property
    def end(self) -> int:
        """The number of the window to come."""
        return self.first + len(self._held)

    def is_full_for(self, window: Held) -> bool:
        """Say whether the oldest would have to give way to *window*."""
        size = window.bytes + HELD_BYTES
        return bool(self._held) and self.bytes + size > self._bytes_max

    def push(self, window: Held, *, needed: int) -> None:
        """Add *window*. What is old goes, unless its number is *needed* or above.

        For want of memory the oldest go all the same.
        """
        while self.is_full_for(window):
            self._pop()
        old_us = window.end_us - self._keep_us
        while self._held and self._held[0].end_us < old_us and self.first < needed:
            self._pop()
        self._held.append(window)
        self.bytes += window.bytes + HELD_BYTES

    def number_at(self, t_us: int) -> int:
        """Return the number of the first window here that ends behind *t_us*."""
        behind = 0
        for window in reversed(self._held):
            if window.end_us <= t_us:
                break
            behind += 1
        return self.end - behind

    def since(self, number: int, *, until_us: int, bytes_max: int) -> Sequence[Held]:
        """Return windows from *number* on that begin before *until_us*.

        They are at most *bytes_max* and the one that goes beyond it.
        """
        found: list[Held] = []
        size = 0
        for window in islice(self._held, max(0, number - self.first), None):
            if window.begin_us >= until_us or size > bytes_max:
                break
            found.append(window)
            size += window.bytes
        return found

    def __getitem__(self, number: int) -> Held:
        """Return window *number*; raises `IndexError` where it is not here."""
        if number < self.first:
            raise IndexError(f"window {number} is gone")
        return self._held[number - self.first]

    def _pop(self) -> None:
        gone = self._held.popleft()
        self.bytes -= gone.bytes + HELD_BYTES
        self.first += 1

"""Which picture is asked about next, and which is thrown away. Values in, values out.

Every alert has an entry from the moment it is chosen until a model's caption of it is
in the sinks. What is under way is *held*: the live queue asks about it. What was not
answered in time is free: it is asked about later, the newest of the highest priority
first, no faster than the rate. Times are monotonic seconds of this process.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from heliograph.camera.config import SpoolSettings
from heliograph.camera.types import CaptionJob

Loss = Literal["expired", "full", "refused", "unreadable"]
"""Why a picture was thrown away: too old, no room, the gateway does not take it, or its
row cannot be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture: when it was taken, until when it matters, what it takes up.

    `tries` are questions that the gateway took and failed.
    """

    id: str
    at_s: float
    deadline_s: float
    priority: int
    bytes: int
    tries: int = 0
    held: bool = False


def rank(job: CaptionJob) -> int:
    """Return the priority of *job*: its places', and then news before a repeat."""
    return 2 * job.priority + (job.reason != "again")


class SpoolPlan:
    """The entries of one spool. `lost` counts what was thrown away, by why."""

    def __init__(self, settings: SpoolSettings, entries: Iterable[Entry] = ()) -> None:
        self.lost: Counter[Loss] = Counter()
        self._settings = settings
        self._entries = {entry.id: entry for entry in entries}
        self._bytes = sum(entry.bytes for entry in self._entries.values())
        self._next_s = -inf

    @property
    def rows(self) -> int:
        """How many pictures are kept."""
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """What they take up."""
        return self._bytes

    @property
    def waiting(self) -> int:
        """How many of them nobody is asking about now."""
        return sum(not entry.held for entry in self._entries.values())

    def entry(self, id_: str) -> Entry | None:
        """Return an entry by its id."""
        return self._entries.get(id_)

    def add(self, entry: Entry) -> tuple[str, ...]:
        """Take *entry* in; return the ids of what gives way, its own where it must.

        The oldest of the lowest priority goes first, and nothing that is held.
        """
        settings, gone = self._settings, list[str]()
        if entry.bytes > settings.bytes_max:
            self.lose(entry.id, "full")
            return (entry.id,)
        self._put(entry)
        while self.rows > settings.rows_max or self._bytes > settings.bytes_max:
            free = [each for each in self._entries.values() if not each.held]
            victim = min(free, key=lambda e: (e.priority, e.at_s), default=entry)
            self.lose(victim.id, "full")
            gone.append(victim.id)
        return tuple(gone)

    def resize(self, id_: str, bytes_: int) -> None:
        """Note that an entry takes up *bytes_* now."""
        if (entry := self._entries.get(id_)) is not None:
            self._put(replace(entry, bytes=bytes_))

    def lose(self, id_: str, why: Loss) -> None:
        """Throw an entry away and count it."""
        self.lost[why] += 1
        self.remove(id_)

    def remove(self, id_: str) -> None:
        """Forget an entry: it has its caption."""
        gone = self._entries.pop(id_, None)
        if gone is not None:
            self._bytes -= gone.bytes

    def hold(self, id_: str) -> None:
        """Note that somebody asks about an entry."""
        if (entry := self._entries.get(id_)) is not None:
            self._put(replace(entry, held=True))

    def free(self, id_: str, *, tried: bool = False) -> int:
        """Note that an entry waits for its turn; return how often it was tried."""
        entry = self._entries.get(id_)
        if entry is None:
            return 0
        tries = entry.tries + tried
        self._put(replace(entry, held=False, tries=tries))
        return tries

    def expire(self, now_s: float) -> tuple[str, ...]:
        """Throw away what is past its deadline; return its ids."""
        old = tuple(
            entry.id
            for entry in self._entries.values()
            if not entry.held and entry.deadline_s <= now_s
        )
        for id_ in old:
            self.lose(id_, "expired")
        return old

    def next(self) -> Entry | None:
        """Return what to ask about next.

        What failed before comes after what did not: one picture that breaks a provider
        must not stop all others.
        """
        free = [entry for entry in self._entries.values() if not entry.held]
        return max(free, key=lambda e: (e.priority, -e.tries, e.at_s), default=None)

    def wait_s(self, now_s: float) -> float:
        """Return how long the rate makes the next question wait."""
        return max(0.0, self._next_s - now_s)

    def spend(self, now_s: float) -> None:
        """Note that a question was put at *now_s*."""
        self._next_s = now_s + 1.0 / self._settings.captions_per_s

    def _put(self, entry: Entry) -> None:
        self.remove(entry.id)
        self._entries[entry.id] = entry
        self._bytes += entry.bytes

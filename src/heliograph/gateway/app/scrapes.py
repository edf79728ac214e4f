"""Scrapes under way: which workers have yet to tell their numbers. Pure."""

from msgspec import Struct

PATIENCE_S = 0.5


class Scrape(Struct):
    """One scrape: who asked, under which number of its own, and who has yet to tell."""

    asker: int
    number: int
    missing: set[int]
    until_s: float


class Scrapes:
    """All scrapes under way, by the supervisor's own count.

    A worker that does not tell in time is counted with what it told last.
    """

    def __init__(self) -> None:
        self.under_way: dict[int, Scrape] = {}
        self.begun = 0

    def begin(self, asker: int, number: int, others: set[int], now_s: float) -> int:
        """Begin a scrape for the worker *asker*; return its count."""
        self.begun += 1
        until_s = now_s + PATIENCE_S
        self.under_way[self.begun] = Scrape(asker, number, others, until_s)
        return self.begun

    def told(self, count: int, pid: int) -> None:
        """Take in that a worker has told its numbers."""
        scrape = self.under_way.get(count)
        if scrape is not None:
            scrape.missing.discard(pid)

    def gone(self, pid: int) -> None:
        """Wait no more for a worker that has died, and answer it nothing."""
        for count, scrape in tuple(self.under_way.items()):
            scrape.missing.discard(pid)
            if scrape.asker == pid:
                del self.under_way[count]

    def done(self, now_s: float) -> list[Scrape]:
        """Take out what is complete, or has waited long enough."""
        over = [
            count
            for count, scrape in self.under_way.items()
            if not scrape.missing or scrape.until_s <= now_s
        ]
        return [self.under_way.pop(count) for count in over]

    @property
    def due_s(self) -> float:
        """When the first of them has waited long enough."""
        waits = [scrape.until_s for scrape in self.under_way.values()]
        return min(waits, default=float("inf"))

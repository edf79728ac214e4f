"""What the simulated providers have seen: one entry a request, bounded.

No text, no picture and no key is kept; of a key only its last four characters.
"""

from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

ENTRIES_MAX = 20_000
KEY_SHOWN = 4

Outcome = Literal["open", "answered", "refused", "fault", "client_closed"]


class Seen(Struct):
    """One request, as it went. Times are seconds since the start or the last reset.

    `outcome`: *open* while under way, a silent one included; *answered* as a real
    provider would, be it late; *refused* as one would (a missing key, a bad request);
    *fault* when a rule's fault was carried through; *client_closed* when the client
    left first, `after_s` its request. `fault` names what was to go wrong, in any
    case; `whole` says whether the answer was to come whole all the same.
    """

    number: int
    provider: str
    dialect: str
    call: str
    key: str
    body_bytes: int
    started_s: float
    model: str = ""
    stream: bool = False
    status: int | None = None
    rule: str = ""
    fault: str | None = None
    whole: bool = True
    outcome: Outcome = "open"
    ended_s: float | None = None
    after_s: float | None = None


class Journal:
    """The last requests, oldest first. Whoever waits sets `on_change`."""

    def __init__(self) -> None:
        self.entries: deque[Seen] = deque(maxlen=ENTRIES_MAX)
        self.count = 0
        self.open = 0
        self.on_change: Callable[[], None] = _nobody

    def begin(self, seen: Seen) -> None:
        """Take in a request that has just been read."""
        self.entries.append(seen)
        self.count += 1
        self.open += 1
        self.on_change()

    def end(self, seen: Seen, outcome: Outcome, now_s: float) -> None:
        """Write down how *seen* ended."""
        seen.outcome = outcome
        seen.ended_s = now_s
        seen.after_s = now_s - seen.started_s
        self.open -= 1
        self.on_change()

    def clear(self, elapsed_s: float) -> None:
        """Forget what is over; what is under way stays, begun before the new zero."""
        under_way = [seen for seen in self.entries if seen.outcome == "open"]
        for seen in under_way:
            seen.started_s -= elapsed_s
        self.entries.clear()
        self.entries.extend(under_way)
        self.count = self.open = len(under_way)


def _nobody() -> None:
    """Nobody waits for a change."""


def last_characters(key: str) -> str:
    """Return as much of a key as may be shown."""
    return key[-KEY_SHOWN:]

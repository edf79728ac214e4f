"""One breaker as data: what happened comes in with its time, a verdict goes out.

A closed circuit lets everything through. An open one lets one probe at a time through
(half open), the waits between them growing with the outage. An answered probe starts a
ramp, over which traffic comes back little by little.
"""

import math
from collections.abc import Callable
from typing import Literal

from heliograph.gateway.types import Breaker

Admits = Literal["yes", "probe", "no"]
State = Literal["closed", "open", "ramp"]

SLOTS = 10
OUTAGE_SHARE = 0.1
JITTER = 0.1
RAMP_SHARE_MIN = 0.1
RAMP_FAILURES = 2
"""One failure may be bad luck; a second one during the ramp is the outage again."""


class Window:
    """Calls, failures and slow answers of the last `window_s`, in ten slots."""

    __slots__ = (
        "counts",
        "failed",
        "slot",
        "slot_s",
        "slots",
        "slow",
        "until_s",
    )

    def __init__(self, window_s: float) -> None:
        self.slot_s = window_s / SLOTS
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.slots = [[0, 0, 0] for _ in range(SLOTS)]
        self.failed = self.slow = 0
        self.slot = 0
        self.counts = self.slots[0]
        self.until_s = 0.0

    @property
    def calls(self) -> int:
        """All calls counted; asked for only when one was not good."""
        return sum(counts[0] for counts in self.slots)

    def count(self, now_s: float, *, failed: bool, slow: bool) -> None:
        """Count one call that ended at *now_s*."""
        if now_s >= self.until_s:
            self.move_to(now_s)
        counts = self.counts
        counts[0] += 1
        if failed:
            counts[1] += 1
            self.failed += 1
        if slow:
            counts[2] += 1
            self.slow += 1

    def move_to(self, now_s: float) -> None:
        """Forget the slots that have gone by."""
        slot = int(now_s / self.slot_s)
        for gone in range(max(self.slot + 1, slot - SLOTS + 1), slot + 1):
            counts = self.slots[gone % SLOTS]
            self.failed -= counts[1]
            self.slow -= counts[2]
            counts[:] = (0, 0, 0)
        self.slot = slot
        self.counts = self.slots[slot % SLOTS]
        self.until_s = (slot + 1) * self.slot_s


class Circuit:
    """A breaker around a provider or a target. Times are monotonic seconds."""

    __slots__ = (
        "in_a_row",
        "last_s",
        "opened_s",
        "outage_s",
        "probe_due_s",
        "probing",
        "ramp_s",
        "rules",
        "state",
        "window",
    )

    def __init__(self, rules: Breaker) -> None:
        self.rules = rules
        self.window = Window(rules.window_s)
        self.outage_s = -math.inf  # when the outage began that the waits grow with
        self.last_s = -math.inf  # when it was last seen to begin, or to end
        self.probing = False  # until the probe itself ends, whatever else happens
        self.close()

    def follow(self, rules: Breaker) -> None:
        """Go on under other *rules*."""
        if rules.window_s != self.rules.window_s:
            self.window = Window(rules.window_s)
        self.rules = rules

    def close(self) -> None:
        """Let everything through, as if nothing had happened."""
        self.state: State = "closed"
        self.in_a_row = 0
        self.opened_s = self.probe_due_s = self.ramp_s = 0.0
        self.window.clear()

    def admits(self, now_s: float, draw: Callable[[], float]) -> Admits:
        """Say whether a call may go through now; *draw* decides during a ramp."""
        if self.state == "closed":
            return "yes"
        if self.state == "open":
            due = now_s >= self.probe_due_s and not self.probing
            return "probe" if due else "no"
        share = (now_s - self.ramp_s) / self.rules.ramp_s
        if share >= 1:
            self.close()
            return "yes"
        return "yes" if draw() < max(RAMP_SHARE_MIN, share) else "no"

    def half_open(self) -> bool:
        """Say whether a probe is under way."""
        return self.state == "open" and self.probing

    def answered(
        self, now_s: float, *, began_s: float, slow: bool, probe: bool, draw: float
    ) -> None:
        """Take note of an answer's beginning: it may end the outage."""
        if self.state != "open":
            return
        if probe and slow:
            self.wait_again(now_s, draw)
        elif probe or (began_s >= self.opened_s and not slow):
            self.state = "ramp"
            self.ramp_s = self.last_s = now_s
            self.in_a_row = 0
            self.window.clear()

    def completed(self, now_s: float, *, slow: bool, draw: float) -> None:
        """Take note of a whole answer; too many slow ones open the circuit."""
        if not slow:
            self.went_well(now_s)
            return
        self.in_a_row = 0
        if self.state != "closed":
            return
        window = self.window
        window.count(now_s, failed=False, slow=True)
        if self.too_many(window.slow):
            self.open(now_s, draw)

    def too_many(self, bad: int) -> bool:
        """Say whether *bad* of the window's calls are so many that it is down.

        All calls are summed up only when there might be enough bad ones.
        """
        rules, window = self.rules, self.window
        if bad < rules.error_rate * rules.calls_min:
            return False
        calls = window.calls
        return calls >= rules.calls_min and bad >= rules.error_rate * calls

    def went_well(self, now_s: float) -> None:
        """Take note of a whole answer that was not slow."""
        self.in_a_row = 0
        if self.state == "closed":
            window = self.window
            if now_s >= window.until_s:
                window.move_to(now_s)
            window.counts[0] += 1

    def failed(self, now_s: float, *, probe: bool, draw: float) -> bool:
        """Take note of a failure; True when it opened the circuit."""
        if self.state == "open":
            if probe:
                self.wait_again(now_s, draw)
            return False
        self.in_a_row += 1
        rules = self.rules
        if self.state == "ramp":
            over = self.in_a_row >= min(RAMP_FAILURES, rules.failures)
        else:
            window = self.window
            window.count(now_s, failed=True, slow=False)
            over = self.in_a_row >= rules.failures or self.too_many(window.failed)
        if over:
            self.open(now_s, draw)
        return over

    def open(self, now_s: float, draw: float) -> None:
        """Begin an outage, or go on with one that seemed to be over."""
        if now_s - self.last_s > self.rules.probe_s_max:
            self.outage_s = now_s
        self.state = "open"
        self.opened_s = self.last_s = now_s
        self.wait_again(now_s, draw)

    def wait_again(self, now_s: float, draw: float) -> None:
        """Set the time of the next probe: later, the longer the outage has lasted."""
        rules = self.rules
        grown_s = OUTAGE_SHARE * (now_s - self.outage_s)
        wait_s = min(max(rules.probe_s, grown_s), rules.probe_s_max)
        self.probe_due_s = now_s + wait_s * (1 + JITTER * draw)

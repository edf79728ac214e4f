"""How long a target takes to begin an answer: what is usual, what is slow.

`p95_s` is read from the last answers and renewed now and then; `peak_s` follows a rise
at once and a fall slowly, which is what peak-EWMA balancing weighs targets by.
"""

from collections import deque
from math import exp

SAMPLES_MAX = 128
SAMPLES_MIN = 32
RENEWED_EVERY = 32
FALL_S = 10.0
NEW_NORMAL_S = 1800.0
"""Slowness that has lasted so long without a break is what is usual now."""


class Latency:
    """The first bytes of one target's answers, in seconds."""

    __slots__ = (
        "count",
        "p95_s",
        "peak_s",
        "renewed_at",
        "samples",
        "seen_s",
        "slow_since_s",
    )

    def __init__(self) -> None:
        self.samples: deque[float] = deque(maxlen=SAMPLES_MAX)
        self.count = 0
        self.renewed_at = SAMPLES_MIN
        self.p95_s: float | None = None
        self.peak_s = 0.0
        self.seen_s = 0.0
        self.slow_since_s: float | None = None

    def observe(self, took_s: float, now_s: float, slow_factor: float) -> bool:
        """Take in one answer; True when it was slower than `slow_factor` times p95.

        A slow one is not taken into the measure, for a brown-out must not become what
        is usual; unless all have been slow for `NEW_NORMAL_S`.
        """
        above_s = self.peak_s - took_s
        if above_s > 0:
            self.peak_s = took_s + above_s * exp((self.seen_s - now_s) / FALL_S)
        else:
            self.peak_s = took_s
        self.seen_s = now_s
        p95_s = self.p95_s
        slow = p95_s is not None and 0 < slow_factor * p95_s < took_s
        if not slow:
            self.slow_since_s = None
        elif self.slow_since_s is None:
            self.slow_since_s = now_s
        if not slow or now_s - (self.slow_since_s or now_s) >= NEW_NORMAL_S:
            self.samples.append(took_s)
            self.count += 1
            if self.count == self.renewed_at:
                self.renew()
        return slow

    def renew(self) -> None:
        """Read from the last answers what is usual."""
        self.renewed_at += RENEWED_EVERY
        ranked = sorted(self.samples)
        self.p95_s = ranked[int(0.95 * len(ranked))]

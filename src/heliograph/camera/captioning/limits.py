"""What ends a batch before its end: a cap on its cost, or a gateway that stays away.

What an answer costs is known when it came. So a question is put only where one as dear
as the dearest so far would still fit below the cap, beside those under way; and until
one cost is known, one question is put at a time.

A batch has time: while the gateway is away it rests, longer each time, before it ends.
"""

import threading
from collections.abc import Callable, Sequence
from math import inf
from typing import Literal, TypeAlias

from heliograph.camera.captioning.client import Reply
from heliograph.camera.captioning.template import unasked
from heliograph.camera.types import CaptionJob
from heliograph.clock import Clock

Ask: TypeAlias = Callable[[CaptionJob], Reply]
"""Puts one question and returns what came of it."""

Ended = Literal["cost", "away"]
NANO = 10**9
RESTS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""How long nobody asks after a question without an answer; after the last the batch
ends. Questions that were under way together count once."""
RETRY_AFTER_S_MAX = 300.0


class Limits:
    """Counts what answers cost, and ends the asking by setting *stop*.

    *cost_max_usd* None is no cap. *unknown_cost* "allow" takes an answer of which no
    cost is told for one that costs nothing. *spent_usd* and *dearest_usd* are of the
    captions that an earlier run had. `why` says what ended it, in one line.
    """

    def __init__(
        self,
        *,
        cost_max_usd: float | None,
        unknown_cost: Literal["stop", "allow"],
        stop: threading.Event,
        clock: Clock,
        spent_usd: float = 0.0,
        dearest_usd: float | None = None,
        rests_s: Sequence[float] = RESTS_S,
    ) -> None:
        self.ended: Ended | None = None
        self.why: str | None = None
        self.unknown = 0
        self._cap = None if cost_max_usd is None else nano_of(cost_max_usd)
        self._stops = unknown_cost == "stop" and cost_max_usd is not None
        self._stop = stop
        self._clock = clock
        self._changed = threading.Condition()
        self._spent = nano_of(spent_usd)
        self._assumed = 0
        self._dearest = None if dearest_usd is None else nano_of(dearest_usd)
        self._in_flight = self._rested = 0
        self._rests_s = rests_s
        self._awake_s = -inf

    @property
    def spent_usd(self) -> float:
        """What all answers cost of which a cost was told."""
        return self._spent / NANO

    def around(self, ask: Ask) -> Ask:
        """Return *ask* within these limits."""

        def asked(job: CaptionJob) -> Reply:
            if (why := self._begin()) is not None:
                told = unasked(job, why, now_s=self._clock.monotonic_s())
                return Reply(job, told, "away")
            begin_s = self._clock.monotonic_s()
            reply = ask(job)
            self._end(reply, begin_s)
            return reply

        return asked

    def _begin(self) -> str | None:
        """Wait for room below the cap; return why there is none."""
        self._rest()
        with self._changed:
            self._changed.wait_for(self._is_decided)
            if self.ended is None and not self._fits():
                spent = dollars(self.spent_usd)
                self._close("cost", f"one more may pass the cap, {spent} are spent")
            if self._stop.is_set():
                return f"not asked: {self.why or 'somebody ended the batch'}"
            self._in_flight += 1
            return None

    def _rest(self) -> None:
        """Wait while the gateway is left alone."""
        while (left_s := self._awake_s - self._clock.monotonic_s()) > 0:
            if self._stop.wait(left_s):
                return

    def _end(self, reply: Reply, begin_s: float) -> None:
        with self._changed:
            self._in_flight -= 1
            cost = reply.caption.cost_usd
            if cost is not None:
                self._spent += nano_of(cost)
                self._dearest = max(self._dearest or 0, nano_of(cost))
            elif reply.outcome == "away":
                # Nobody knows what was spent on an answer that did not come.
                self._assumed += self._dearest or 0
            else:
                self._take_unknown(reply)
            if reply.outcome != "away":
                self._rested = 0
            elif begin_s >= self._awake_s:
                self._fail(reply)
            self._changed.notify_all()

    def _fail(self, reply: Reply) -> None:
        """Rest, or end where that was done often enough."""
        if self._rested == len(self._rests_s):
            told = f"the gateway stays away, the last question: {reply.caption.error}"
            self._close("away", told)
            return
        asked_for_s = min(reply.retry_after_s or 0.0, RETRY_AFTER_S_MAX)
        rest_s = max(self._rests_s[self._rested], asked_for_s)
        self._awake_s = self._clock.monotonic_s() + rest_s
        self._rested += 1

    def _take_unknown(self, reply: Reply) -> None:
        self.unknown += 1
        if self._stops:
            who = reply.caption.model or "the server"
            self._close(
                "cost",
                f"what {who} costs is not told, so no cap can be kept; give it a price "
                "in the gateway's config, or say --unknown-cost allow",
            )

    def _is_decided(self) -> bool:
        return self.ended is not None or not self._in_flight or self._fits()

    def _fits(self) -> bool:
        """Say whether one more as dear as the dearest fits beside those under way."""
        if self._cap is None:
            return True
        if self._dearest is None and self._in_flight:
            return self.unknown > 0
        under_way = (self._dearest or 0) * (self._in_flight + 1)
        used = self._spent + self._assumed
        return used < self._cap and used + under_way <= self._cap

    def _close(self, ended: Ended, why: str) -> None:
        if self.ended is None:
            self.ended, self.why = ended, why
            self._changed.notify_all()
            self._stop.set()


def nano_of(usd: float) -> int:
    """Return dollars as a whole number of nano-dollars: sums of floats drift."""
    return round(usd * NANO)


def dollars(usd: float) -> str:
    """Return an amount as people read it, a small one with its digits."""
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.6f}".rstrip("0").ljust(5, "0")

"""Drafts become jobs here, with a picture that a network makes where there is one.

A network takes its time, and windows must not wait for it: it has a thread, in front of
which few drafts wait. No alert is lost for its sake. One that finds no room, one of
which there is too little to see, and one that the network fails on is shown as ever.
Where a file is read as fast as it goes there is time, and the reader waits for room.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol, Self

from heliograph.camera.captioning.draft import Draft
from heliograph.camera.captioning.sight import Grey
from heliograph.camera.reconstruction.missed import Missed, MissKind
from heliograph.camera.types import Box, CaptionJob, Packet
from heliograph.clock import Clock

WAITING_MAX = 2
"""Drafts that wait while one is drawn."""
DRAW_S = 2.0
"""How much later a watch that keeps time asks, at most, for a picture's sake."""
STOP_LOOK_S = 0.1
"""How often a reader that waits for room looks whether it shall stop."""
ABANDON_S = 2.0
"""How long a watch that ends by an error waits for the picture that is drawn."""
SAID: dict[MissKind, str] = {
    "behind": "a picture was not reconstructed: the ones before it were not done yet",
    "late": f"a picture was not reconstructed: it took longer than {DRAW_S:g} s",
    "failed": "a picture was not reconstructed",
}
"""What is worth telling once. Too few events is nobody's fault."""


class Asks(Protocol):
    """Where alerts go."""

    def accept(self, job: CaptionJob) -> CaptionJob | None:
        """Take *job* in; return it as it is known, None where it needs no asking."""

    def put(self, job: CaptionJob, *, redrawn: bool) -> None:
        """Ask about *job*, which was accepted; *redrawn* with another picture since."""


class Reckons(Protocol):
    """What makes pictures of events."""

    def draw(
        self,
        packets: tuple[Packet, ...],
        box: Box,
        until_us: int,
        *,
        go_on: Callable[[], bool],
    ) -> Grey | Missed:
        """Return *box* as it was at *until_us*, or why there is no picture."""


@dataclass(frozen=True, slots=True)
class DrawingCounters:
    """How many pictures a network made, and how many not, by why."""

    drawn: int
    missed: dict[MissKind, int]


class Drawing:
    """Finishes drafts and has *asks* ask about the jobs, one at a time.

    Each is accepted at once as it shows without a network, and asked about then where
    there is no *reckons*; else by a thread, from when it is entered.
    *patient* is a reader that has time. Setting *stop* has what waits shown as ever.
    *warn* is told of each kind of miss once.
    """

    def __init__(
        self,
        reckons: Reckons | None,
        asks: Asks,
        *,
        clock: Clock,
        patient: bool,
        stop: threading.Event,
        warn: Callable[[str], object] | None = None,
    ) -> None:
        self._reckons = reckons
        self._asks = asks
        self._clock = clock
        self._patient = patient
        self._stop = stop
        self._warn = warn
        self._changed = threading.Condition()
        self._asking = threading.Lock()
        self._waiting: deque[tuple[Draft, float]] = deque()
        self._drawn = 0
        self._missed: Counter[MissKind] = Counter()
        self._ending = self._died = self._given_up = False
        self._thread = threading.Thread(target=self._work, name="drawing", daemon=True)

    @property
    def counters(self) -> DrawingCounters | None:
        """What became of pictures so far; None where no network makes any."""
        if self._reckons is None:
            return None
        with self._changed:
            return DrawingCounters(self._drawn, dict(self._missed))

    def put(self, draft: Draft) -> None:
        """Take *draft* in; it becomes a job at once or soon.

        Raises `RuntimeError` where a fault ended the thread.
        """
        if (job := self._asks.accept(draft.finished())) is None:
            return
        if self._reckons is None or not self._has_taken(replace(draft, job=job)):
            self._ask(job)

    def close(self) -> None:
        """Return when all that waits has become a job.

        Raises `RuntimeError` where a fault ended the thread before that.
        """
        if self._reckons is None:
            return
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        self._check()

    def __enter__(self) -> Self:
        if self._reckons is not None:
            self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        # Who comes here without an error has closed it, and nothing is left to give up.
        with self._changed:
            self._waiting.clear()
            self._ending = self._given_up = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(ABANDON_S)

    def _has_taken(self, draft: Draft) -> bool:
        """Say whether there was room for *draft*."""
        with self._changed:
            while self._patient and self._is_full() and not self._stop.is_set():
                self._check()
                self._changed.wait(STOP_LOOK_S)
            self._check()
            if not self._is_full():
                until_s = self._clock.monotonic_s() + DRAW_S
                self._waiting.append((draft, inf if self._patient else until_s))
                self._changed.notify_all()
                return True
        self._miss(Missed("behind"))
        return False

    def _is_full(self) -> bool:
        return len(self._waiting) >= WAITING_MAX

    def _check(self) -> None:
        if self._died:
            raise RuntimeError("what draws pictures died; standard error says why")

    def _ask(self, job: CaptionJob, *, redrawn: bool = False) -> None:
        with self._asking:
            if not self._given_up:
                self._asks.put(job, redrawn=redrawn)

    def _work(self) -> None:
        """Draw until the end."""
        while (taken := self._take()) is not None:
            draft, until_s = taken
            died = True
            try:
                reckoned = self._draw(draft, until_s)
                job = draft.job if reckoned is None else draft.finished(reckoned)
                self._ask(job, redrawn=reckoned is not None)
                died = False
            finally:
                with self._changed:
                    self._died = died
                    self._changed.notify_all()

    def _take(self) -> tuple[Draft, float] | None:
        """Wait for a draft, and until when it may be drawn; None at the end."""
        with self._changed:
            while not self._waiting:
                if self._ending:
                    return None
                self._changed.wait()
            taken = self._waiting.popleft()
            self._changed.notify_all()
            return taken

    def _draw(self, draft: Draft, until_s: float) -> Grey | None:
        """Return the track as the network makes it out, None where it does not."""
        assert self._reckons is not None  # noqa: S101 - only what has one starts this

        def go_on() -> bool:
            ends = self._stop.is_set() or self._given_up
            return not ends and self._clock.monotonic_s() < until_s

        part, t_us = draft.sight.part, draft.job.t_us
        drawn = self._reckons.draw(draft.events, part, t_us, go_on=go_on)
        if isinstance(drawn, Missed):
            self._miss(drawn)
            return None
        with self._changed:
            self._drawn += 1
        return drawn

    def _miss(self, missed: Missed) -> None:
        """Count it, and tell the first of its kind."""
        kind = missed.kind
        with self._changed:
            self._missed[kind] += 1
            is_new = self._missed[kind] == 1 and not self._stop.is_set()
        if is_new and kind in SAID and self._warn is not None:
            why = f": {missed.why}" if missed.why else ""
            self._warn(
                f"{SAID[kind]}{why}; its caption is asked for without, and from now "
                "on this is only counted"
            )

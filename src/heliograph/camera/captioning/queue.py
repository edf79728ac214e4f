"""Jobs wait here for a free worker, and none waits for ever.

Paced by a clock, the newest picture matters: a full queue lets go of its oldest job,
and a job past its deadline is not asked about. When a file is read as fast as it goes,
nothing is late: then a full queue holds the reader back (`patient`). What was let go of
is *overtaken*: counted, and given to who has something else to say of it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from heliograph.camera.types import CaptionJob
from heliograph.clock import Clock

Answered = TypeVar("Answered")

STOP_LOOK_S = 0.1
"""How often a reader that is held back looks whether it shall stop."""


@dataclass(frozen=True, slots=True)
class QueueCounters:
    """Jobs now and so far: `full`, `expired` were overtaken, `unfinished` cut off."""

    waiting: int
    in_flight: int
    full: int
    expired: int
    unfinished: int

    @property
    def overtaken(self) -> int:
        """All that nobody was asked about in time."""
        return self.full + self.expired


class CaptionQueue(Generic[Answered]):
    """Feeds jobs to *workers* threads and *deliver*s one answer at a time.

    *caption* answers a job and must not raise; *overtaken* answers one that nobody is
    asked about, and is told why. *deliver* is called by one thread at a time and never
    after `close` returned.
    """

    def __init__(
        self,
        caption: Callable[[CaptionJob], Answered],
        deliver: Callable[[Answered], None],
        overtaken: Callable[[CaptionJob, str], Answered],
        *,
        clock: Clock,
        workers: int = 4,
        size_max: int = 4,
        patient: bool = False,
    ) -> None:
        self._caption = caption
        self._deliver = deliver
        self._overtaken = overtaken
        self._clock = clock
        self._size_max = size_max
        self._patient = patient
        self._changed = threading.Condition()
        self._delivering = threading.Lock()
        self._jobs: deque[CaptionJob] = deque()
        self._in_flight = 0
        self._full = self._expired = self._unfinished = 0
        self._ending = False
        self._closed = False
        self._died = False
        for number in range(workers):
            threading.Thread(
                target=self._work, name=f"caption-{number + 1}", daemon=True
            ).start()

    @property
    def counters(self) -> QueueCounters:
        """What waits, what is asked, what was dropped."""
        with self._changed:
            return QueueCounters(
                waiting=len(self._jobs),
                in_flight=self._in_flight,
                full=self._full,
                expired=self._expired,
                unfinished=self._unfinished,
            )

    def put(self, job: CaptionJob, *, stop: threading.Event | None = None) -> None:
        """Add *job*; where there is no room, let the oldest go, or wait if patient.

        A patient wait ends when *stop* is set; the job then counts as unfinished.
        Raises `RuntimeError` after `close`, or when a worker died of a fault in what
        it was given to call.
        """
        left: CaptionJob | None = None
        with self._changed:
            while self._patient and len(self._jobs) >= self._size_max:
                if self._died or (stop is not None and stop.is_set()):
                    break
                self._changed.wait(STOP_LOOK_S)
            if self._ending:
                raise RuntimeError("the caption queue is closed")
            if self._died:
                raise RuntimeError("a caption worker died; standard error says why")
            if len(self._jobs) >= self._size_max:
                left = self._make_room()
            self._jobs.append(job)
            self._changed.notify_all()
        if left is not None:
            self._hand_over(self._overtaken(left, "a newer picture took its place"))

    def close(self, *, drain_s: float, discard: bool = False) -> None:
        """Wait up to *drain_s* for what is under way, then let go of the rest.

        With *discard* the jobs that nobody asked about yet are not waited for.
        """
        with self._changed:
            self._ending = True
            if discard:
                self._unfinished += len(self._jobs)
                self._jobs.clear()
            self._changed.notify_all()
            self._changed.wait_for(self._is_done, timeout=drain_s)
        with self._delivering, self._changed:
            if not self._closed:
                self._unfinished += len(self._jobs) + self._in_flight
            self._jobs.clear()
            self._closed = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close(drain_s=0.0, discard=True)

    def _is_done(self) -> bool:
        return self._died or (not self._jobs and not self._in_flight)

    def _make_room(self) -> CaptionJob | None:
        """Take the oldest job out; return it where it was overtaken."""
        oldest = self._jobs.popleft()
        if self._patient:
            self._unfinished += 1
            return None
        self._full += 1
        return oldest

    def _hand_over(self, answered: Answered) -> None:
        with self._delivering:
            if not self._closed:
                self._deliver(answered)

    def _work(self) -> None:
        """Take jobs until the queue is closed and empty."""
        while (job := self._take()) is not None:
            died = True
            try:
                if self._clock.monotonic_s() < job.deadline_s:
                    answered = self._caption(job)
                else:
                    answered = self._overtaken(job, "no worker was free in time")
                    with self._changed:
                        self._expired += 1
                self._hand_over(answered)
                died = False
            finally:
                with self._changed:
                    self._in_flight -= 1
                    self._died = self._died or died
                    self._changed.notify_all()

    def _take(self) -> CaptionJob | None:
        """Wait for a job; None at the end."""
        with self._changed:
            while not self._jobs:
                if self._ending:
                    return None
                self._changed.wait()
            self._in_flight += 1
            job = self._jobs.popleft()
            self._changed.notify_all()
            return job

"""Every alert is said something of at once, and by a model as soon as one can be asked.

An alert is a job that the policy chose. A model's caption is the best that can be said
of it; where the gateway cannot be reached, refuses, is out of budget or too slow, the
template speaks at once. With a spool the picture waits and is asked about later. One
alert gets at most one caption of each rung, and after a model's none.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol, Self, TypeAlias

from heliograph.camera.captioning.answer import Outcome
from heliograph.camera.captioning.client import Reply
from heliograph.camera.captioning.outage import Outage, OutageSettings
from heliograph.camera.captioning.queue import CaptionQueue, QueueCounters
from heliograph.camera.captioning.spool import Spool, SpoolCounters
from heliograph.camera.captioning.template import in_words_of_ours, unasked
from heliograph.camera.types import Caption, CaptionJob
from heliograph.clock import Clock

Origin = Literal["live", "late", "recovered", "waits"]
"""Why a caption is said: its alert is new; its picture waited in the spool; the last
camera died over it, and a sink may have it already. What *waits* is to be counted and
said to nobody: a model's caption comes later."""

Deliver: TypeAlias = Callable[[Caption, bytes, Origin], bool]
"""Takes a caption and its picture to every sink; says whether that went well."""


class Clipping(Protocol):
    """What keeps a part of the recording beside each alert."""

    def begin(self, job: CaptionJob) -> CaptionJob:
        """Begin the clip of *job*; return it with that, if there is to be one."""

    def begin_again(self, job: CaptionJob) -> None:
        """Begin the clip of *job*, which was seen before, if a kill cut it."""


TIDY_S = 5.0
"""How often the spool's file does what waits for the disk."""
ABANDON_S = 1.0
"""How long a close waits for the question that is under way about an old picture."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What alerts are seen in: a mark for their ids, its name, its first time."""

    mark: str
    recording: str
    begin_us: int


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How many ask at once, how many wait, and whether the reader waits for them.

    Without *template* nothing is said of a picture while it waits in the spool. A
    question takes `timeout_s` at most.
    """

    workers: int = 4
    queue_max: int = 4
    patient: bool = False
    template: bool = True
    timeout_s: float = 10.0


class Alerts:
    """Where jobs go. An alert of one *stream* has the same id each time it is seen.

    With *resume* an alert that the spool knows is passed over. `clips` may be set
    before the first job comes.
    """

    def __init__(
        self,
        captioner: Callable[[CaptionJob], Reply],
        deliver: Deliver,
        *,
        clock: Clock,
        settings: AlertSettings,
        stream: Stream,
        spool: Spool | None = None,
        resume: bool = False,
    ) -> None:
        self._captioner = captioner
        self._deliver = deliver
        self._clock = clock
        self._patient = settings.patient
        self._silent = spool is not None and not settings.template
        self.clips: Clipping | None = None
        self._stream = stream
        self._spool = spool
        self._resume = resume
        self._outage = Outage(
            OutageSettings(probe_s=settings.timeout_s),
            jitter=lambda: secrets.randbelow(1000) / 1000,
        )
        self._lock = threading.Lock()
        self._saying = threading.Lock()
        self._wake = threading.Condition()
        self._ending = self._closed = False
        self._tidied_s = clock.monotonic_s()
        self._queue = CaptionQueue[Reply](
            self.ask,
            lambda reply: self.say(reply.caption, reply.job, reply.outcome),
            self._overtaken,
            clock=clock,
            workers=settings.workers,
            size_max=settings.queue_max,
            patient=settings.patient,
        )
        self._drain = threading.Thread(target=self._go_on, name="spool", daemon=True)

    @property
    def counters(self) -> QueueCounters:
        """What waits for a worker, what is asked, what was cut off."""
        return self._queue.counters

    @property
    def spooled(self) -> SpoolCounters | None:
        """What the spool holds; None without one."""
        return None if self._spool is None else self._spool.counters

    def start(self) -> None:
        """Begin with what the last camera left in the spool."""
        if self._spool is not None:
            self._recover(self._spool)
            self._drain.start()

    def accept(self, job: CaptionJob) -> CaptionJob | None:
        """Take *job* in: from now on no kill loses it, if there is a spool.

        Returns it with its name; None where it has its caption, or waits for one.
        """
        stream = self._stream
        job = replace(
            job,
            id=f"{stream.mark}-{job.t_us}-{job.track.id}",
            recording=stream.recording,
            at_s=(job.t_us - stream.begin_us) / 1e6,
        )
        clips, spool = self.clips, self._spool
        if self._resume and spool is not None and spool.knows(job.id):
            if clips is not None:
                clips.begin_again(job)
            return None
        if clips is not None:
            # Before the spool knows the alert: a kill may come in between.
            job = clips.begin(job)
        if spool is not None:
            spool.accept(job)
        return job

    def put(
        self,
        job: CaptionJob,
        *,
        redrawn: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        """Ask about *job*, which was accepted; *redrawn* with another picture since."""
        if redrawn and self._spool is not None:
            self._spool.redraw(job)
        self._queue.put(job, stop=stop)

    def ask(self, job: CaptionJob) -> Reply:
        """Return what a model says of *job*, or else the template."""
        now_s = self._clock.monotonic_s()
        # Who has time asks all the same: each picture of a file is to get its answer.
        if not self._patient and not self._may_ask(now_s):
            why = f"not asked, the gateway is away: {self._outage.why}"
            return Reply(job, unasked(job, why, now_s=now_s), "away")
        reply = self._captioner(job)
        self._learn(reply)
        if reply.outcome == "answered":
            return reply
        return replace(reply, caption=in_words_of_ours(reply.caption, job))

    def say(
        self,
        caption: Caption,
        job: CaptionJob | None,
        outcome: Outcome,
        origin: Origin = "live",
    ) -> None:
        """Take *caption* to the sinks, and note in the spool that they have it.

        A *job* is None where it cannot be read any more.
        """
        with self._saying:
            if self._closed:
                return
            waits = self._silent and outcome == "away"
            if self._spool is not None and not waits:
                self._spool.decide(caption)
            png = b"" if job is None else job.png
            delivered = self._deliver(caption, png, "waits" if waits else origin)
            if self._spool is not None and delivered:
                self._spool.said(caption, outcome)
        with self._wake:
            self._wake.notify_all()

    def catch_up(self) -> float:
        """Ask about one old picture if it is time to; return how long to wait then."""
        assert self._spool is not None  # noqa: S101 - only what has one starts this
        self._tidy(self._spool)
        now_s = self._clock.monotonic_s()
        with self._lock:
            wait_s = max(self._spool.wait_s(), self._outage.wait_s(now_s))
            if wait_s > 0 or not self._outage.may_ask(now_s):
                return min(wait_s, TIDY_S)
        if (taken := self._spool.take()) is None:
            return 0.0
        job, at_s = taken
        reply = self._captioner(job)
        self._learn(reply)
        if reply.outcome == "answered":
            age_s = self._clock.monotonic_s() - at_s
            caption = replace(reply.caption, age_s=age_s)
            self.say(caption, job, reply.outcome, "late")
        elif reply.outcome == "refused":
            self._spool.refuse(job.id)
        else:
            self._spool.give_back(job.id, tried=reply.reached)
        return 0.0

    def close(self, *, drain_s: float, discard: bool = False) -> None:
        """Wait up to *drain_s* for what is under way; the rest stays in the spool.

        While the gateway answers, what waits in the spool is asked about as well.
        With *discard* nobody waits for what was not asked about yet.
        """
        until_s = self._clock.monotonic_s() + drain_s
        self._queue.close(drain_s=drain_s, discard=discard)
        with self._wake:
            if self._drain.is_alive() and not discard:
                left_s = max(0.0, until_s - self._clock.monotonic_s())
                self._wake.wait_for(self._is_drained, timeout=left_s)
            self._ending = True
            self._wake.notify_all()
        if self._drain.is_alive():
            self._drain.join(ABANDON_S)
        with self._saying:
            self._closed = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close(drain_s=0.0, discard=True)

    def _recover(self, spool: Spool) -> None:
        """Say what a camera that died had begun to say, or was asking about."""
        doubted = spool.in_doubt()
        for caption in doubted:
            job = spool.job(caption.id)
            self.say(caption, job, _outcome(caption), "recovered")
        told_of = {caption.id for caption in doubted}
        for job in () if self._silent else spool.untold(besides=told_of):
            why = "the camera ended before the answer came"
            told = unasked(job, why, now_s=self._clock.monotonic_s())
            self.say(told, job, "away", "recovered")

    def _overtaken(self, job: CaptionJob, why: str) -> Reply:
        now_s = self._clock.monotonic_s()
        return Reply(job, unasked(job, f"not asked: {why}", now_s=now_s), "away")

    def _may_ask(self, now_s: float) -> bool:
        with self._lock:
            return self._outage.may_ask(now_s)

    def _learn(self, reply: Reply) -> None:
        with self._lock:
            if reply.outcome == "away":
                now_s, why = self._clock.monotonic_s(), reply.caption.error or ""
                self._outage.failed(now_s, why, reply.retry_after_s)
            else:
                self._outage.answered()

    def _go_on(self) -> None:
        """Catch up until told to end."""
        while True:
            wait_s = self.catch_up()
            with self._wake:
                self._wake.notify_all()
                if not self._ending and wait_s > 0:
                    self._wake.wait(wait_s)
                if self._ending:
                    return

    def _is_drained(self) -> bool:
        spooled = self.spooled
        return self._outage.is_on or spooled is None or not spooled.rows

    def _tidy(self, spool: Spool) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._tidied_s >= TIDY_S:
            self._tidied_s = now_s
            spool.tidy()


def _outcome(caption: Caption) -> Outcome:
    """Return what a caption that was decided before a kill had come of."""
    return "answered" if caption.rung == "cloud" else "away"

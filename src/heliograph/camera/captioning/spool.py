"""A spool in use: its plan and its file, kept in step. Any thread may call.

A disk that fails stops no caption. What it did not take is said all the same, counted
as `unkept`, and is not asked about later.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from math import inf
from typing import Self

from heliograph.camera.captioning.answer import Outcome
from heliograph.camera.captioning.spool_file import Row, SpoolError, SpoolFile
from heliograph.camera.captioning.spool_plan import (
    Entry,
    Loss,
    SpoolPlan,
    rank,
)
from heliograph.camera.config import SpoolSettings
from heliograph.camera.types import Caption, CaptionJob
from heliograph.clock import Clock

UNKEPT = (
    "the watch goes on without it: pictures that no model is there for are told of by "
    "the template, and not kept, until it can be opened; it is tried every 5 s"
)


@dataclass(frozen=True, slots=True)
class SpoolCounters:
    """Pictures now and so far. `waiting` are those of `rows` that nobody asks about.

    `caught_up` got a model's caption later than live, `lost` were thrown away, by why.
    `unkept` were never in the file; `trouble` says what it last failed of.
    Without `is_open` there is no file yet.
    """

    rows: int
    waiting: int
    bytes: int
    caught_up: int
    lost: Mapping[Loss, int]
    unkept: int
    trouble: str | None
    is_open: bool = True


class Spool:
    """The spool that *settings* describe.

    Where its disk fails it begins without a file, keeps nothing until one can be
    opened, and `trouble` says so; not so where it *must_open*. What the last one left
    waits for the next one. Raises `SpoolError` where it cannot open.
    """

    def __init__(
        self, settings: SpoolSettings, *, clock: Clock, must_open: bool = False
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.RLock()
        self._caught_up = self._unkept = 0
        self._trouble: str | None = None
        self._file: SpoolFile | None = None
        rows = self._begin(must_open=must_open)
        self._untold = tuple(row.id for row in rows if not row.told)
        now_s, wall_s = clock.monotonic_s(), clock.wall_s()
        # A clock that was set back makes nothing younger than new.
        at_s = {row.id: now_s - max(0.0, wall_s - row.at_s) for row in rows}
        self._plan = SpoolPlan(
            settings,
            (
                Entry(
                    id=row.id,
                    at_s=at_s[row.id],
                    deadline_s=at_s[row.id] + row.deadline_s - row.at_s,
                    priority=row.priority,
                    bytes=row.bytes,
                    tries=row.tries,
                )
                for row in rows
            ),
        )

    @property
    def counters(self) -> SpoolCounters:
        """What waits, and what became of the rest."""
        with self._lock:
            return SpoolCounters(
                rows=self._plan.rows,
                waiting=self._plan.waiting,
                bytes=self._plan.bytes,
                caught_up=self._caught_up,
                lost=dict(self._plan.lost),
                unkept=self._unkept,
                trouble=self._trouble,
                is_open=self._file is not None,
            )

    @property
    def trouble(self) -> str | None:
        """What the file last failed of, if ever it did."""
        with self._lock:
            return self._trouble

    def in_doubt(self) -> tuple[Caption, ...]:
        """Return what was decided when the last camera died, and may be in a sink."""
        try:
            return tuple(self._open().decided())
        except SpoolError as error:
            self._fail(error)
            return ()

    def job(self, id_: str) -> CaptionJob | None:
        """Return a picture's job; None where it cannot be read."""
        return self._load(id_)

    def untold(self, *, besides: Collection[str]) -> tuple[CaptionJob, ...]:
        """Return what was under way when the last camera died: nobody heard of it.

        *besides* are the ids of what was in doubt, and has been told.
        """
        jobs = (self._load(id_) for id_ in self._untold if id_ not in besides)
        return tuple(job for job in jobs if job is not None)

    def knows(self, id_: str) -> bool:
        """Say whether *id_* waits here or has its caption already."""
        try:
            return self._open().knows(id_)
        except SpoolError as error:
            self._fail(error)
            return False

    def accept(self, job: CaptionJob) -> None:
        """Write *job* down before anybody is asked about it."""
        now_s, wall_s, keep_s = (
            self._clock.monotonic_s(),
            self._clock.wall_s(),
            self._settings.keep_s,
        )
        size, priority = len(job.png), rank(job)
        row = Row(job.id, wall_s, wall_s + keep_s, priority, size, 0, told=False)
        entry = Entry(job.id, now_s, now_s + keep_s, priority, size, held=True)
        with self._lock:
            try:
                gone = self._plan.add(entry)
                self._open().drop(gone)
                if job.id not in gone:
                    self._open().insert(row, job)
            except SpoolError as error:
                self._plan.remove(job.id)
                self._unkept += 1
                self._fail(error)

    def redraw(self, job: CaptionJob) -> None:
        """Put the picture and the prompt of *job* in place of those it had."""
        with self._lock:
            try:
                self._plan.resize(job.id, len(job.png))
                self._open().redraw(job)
            except SpoolError as error:
                self._fail(error)

    def decide(self, caption: Caption) -> None:
        """Write *caption* down before any sink has it."""
        try:
            self._open().decide(caption.id, caption)
        except SpoolError as error:
            self._fail(error)

    def said(self, caption: Caption, outcome: Outcome) -> None:
        """Note that every sink has *caption*: the last word on it, or a first one."""
        with self._lock:
            try:
                if caption.rung == "template" and outcome == "away":
                    self._plan.free(caption.id)
                    self._open().keep(caption.id)
                    return
                if outcome == "refused":
                    self._plan.lose(caption.id, "refused")
                self._caught_up += caption.rung == "cloud" and caption.age_s > 0
                self._plan.remove(caption.id)
                self._open().settle(caption.id)
            except SpoolError as error:
                self._fail(error)

    def refuse(self, id_: str) -> None:
        """Throw away a picture that the gateway does not take."""
        with self._lock:
            self._plan.lose(id_, "refused")
            try:
                self._open().settle(id_)
            except SpoolError as error:
                self._fail(error)

    def wait_s(self) -> float:
        """Return how long it is until the next one may be asked about; inf for never.

        What is past its deadline is thrown away first.
        """
        now_s = self._clock.monotonic_s()
        with self._lock:
            if old := self._plan.expire(now_s):
                try:
                    self._open().drop(old)
                except SpoolError as error:
                    self._fail(error)
            return inf if self._plan.next() is None else self._plan.wait_s(now_s)

    def take(self) -> tuple[CaptionJob, float] | None:
        """Return what to ask about now, and when its picture was taken."""
        with self._lock:
            if (entry := self._plan.next()) is None:
                return None
            self._plan.hold(entry.id)
            self._plan.spend(self._clock.monotonic_s())
            if (job := self._load(entry.id)) is None:
                # Where it was the disk that failed, another try may read it.
                self._plan.free(entry.id)
                return None
            return replace(job, deadline_s=inf), entry.at_s

    def give_back(self, id_: str, *, tried: bool) -> None:
        """Take a picture back that got no answer; *tried* if the gateway had it."""
        with self._lock:
            tries = self._plan.free(id_, tried=tried)
            if not tried:
                return
            try:
                self._open().tried(id_, tries)
            except SpoolError as error:
                self._fail(error)

    def tidy(self) -> None:
        """Do what waits for the disk, and open the file where it is not yet."""
        try:
            if self._file is None:
                self._file = SpoolFile(self._settings.file)
            self._file.tidy()
        except SpoolError as error:
            self._fail(error)

    def close(self) -> None:
        """Close the file; what is in it waits for the next camera."""
        if self._file is None:
            return
        try:
            self._file.close()
        except SpoolError as error:
            self._fail(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _begin(self, *, must_open: bool) -> list[Row]:
        """Open the file and return what waits in it."""
        try:
            self._file = SpoolFile(self._settings.file)
            return self._file.rows()
        except SpoolError as error:
            if must_open or not error.is_disk:
                raise
            self._fail(error)
            return []

    def _open(self) -> SpoolFile:
        """Return the file. Raises `SpoolError` while there is none."""
        if self._file is None:
            raise SpoolError(self._trouble or "the spool is not open", is_disk=True)
        return self._file

    def _load(self, id_: str) -> CaptionJob | None:
        """Return a job from the file; what cannot be read is thrown away."""
        try:
            job = self._open().job(id_)
            if job is None:
                with self._lock:
                    self._plan.lose(id_, "unreadable")
                self._open().drop([id_])
        except SpoolError as error:
            self._fail(error)
            return None
        return job

    def _fail(self, error: SpoolError) -> None:
        with self._lock:
            self._trouble = str(error)


def open_spool(
    settings: SpoolSettings | None,
    clock: Clock,
    *,
    must_open: bool,
    warn: Callable[[str], object] | None,
) -> AbstractContextManager[Spool | None]:
    """Open the spool of *settings*, if there is to be one; *warn* of a disk that fails.

    Raises `SpoolError` as `Spool` does.
    """
    if settings is None:
        return nullcontext()
    spool = Spool(settings, clock=clock, must_open=must_open)
    if spool.trouble is not None and warn is not None:
        warn(f"{spool.trouble}; {UNKEPT}")
    return spool

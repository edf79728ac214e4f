"""A part of the recording beside each caption, as `ID.raw`: what the sensor sent.

The reader hands over each window and waits for no disk; a thread writes. What is not
written yet is held in a ring of windows that has a bound. Where that is too small, a
clip begins later than asked for, which its caption says, or ends sooner, which is
counted; a reader that has time waits for the writer instead.

A file appears under its name when it is whole. Until then it is `ID.raw.part`, and
where an alert may be seen again after a kill that stands there before anybody is asked
about the alert: a watch that is taken up again makes those clips anew, and no other.
"""

import re
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from heliograph.camera.config.clips import ClipSettings
from heliograph.camera.reading.recording import Recording
from heliograph.camera.sinks.clip_forms import ClipFile, ClipForm, form_of
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.kept_files import Bounds, KeptFiles
from heliograph.camera.sinks.window_ring import Held, WindowRing
from heliograph.camera.types import CaptionJob, Clip, Packet
from heliograph.clock import Clock

PAST_US = 4_000_000
"""How old an alert's picture may be for its clip to be around that. Older ones are of
what has come to rest since: there the moment of the alert is what matters."""
AT_ONCE_MAX = 256
"""Clips that are written at a time; each is an open file."""
BEHIND_MAX = 16
"""So many clips that only the writer keeps from being whole hold back a reader that
has time."""
WRITE_BYTES = 4 << 20
"""What is taken out of the ring in one go."""
LOOK_S, TIDY_S = 0.25, 60.0
STOP_LOOK_S = 0.1
LEFT = re.compile(r"(live|.+-[0-9a-f]{8})-[0-9a-f]{8}-\d+-\d+\.raw\.part")
"""What a killed watch left that no watch can take up: its alerts came once."""
LEFT_S = 3_600.0
"""From this age on nobody writes it any more."""
END_S = 10.0
"""How long the end waits for the writer."""


@dataclass(frozen=True, slots=True)
class ClipCounters:
    """Clips so far: whole, `short` of them cut by the bound of memory.

    `removed` gave way, `failed` are those that the disk did not take or had no room
    for, and `missed` found too many others being written.
    """

    written: int
    short: int
    removed: int
    failed: int
    missed: int


class _Making:
    """The clip of one alert while it is written: windows from *number* on."""

    def __init__(self, id_: str, number: int, until_us: int, *, short: bool) -> None:
        self.id = id_
        self.number = number
        self.until_us = until_us
        self.short = short
        self.file: ClipFile | None = None
        self.stack = ExitStack()


class Clips:
    """Clips of *recording* where *settings* say; *path* is its file, if it is one.

    Entered, it begins to write. *patient* is a reader that has time, *marked* says that
    alerts may be seen again. Setting *stop* ends a wait for the writer.

    Raises `SinkError` at once where the folder cannot be made, or where the recording
    is one of which no clip can be.
    """

    def __init__(
        self,
        settings: ClipSettings,
        recording: Recording,
        path: Path | None,
        *,
        clock: Clock,
        patient: bool,
        marked: bool,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._folder = settings.folder.absolute()
        self._clock = clock
        self._patient = patient
        self._marked = marked
        self._stop = stop
        self._recording_us = self._now_us = recording.begin_us
        bounds = Bounds(settings.bytes_max, settings.keep_s, settings.free_bytes_min)
        self._kept = KeptFiles(self._folder, "raw", bounds, what="clips")
        _remove_left(self._folder, clock.wall_s())
        try:
            self._form: ClipForm = form_of(recording, path)
        except (OSError, ValueError) as error:
            raise SinkError(
                f"cannot keep clips of {recording.name}: {str(error).lower()}"
            ) from error
        self._ring = WindowRing(
            keep_us=settings.before_us + PAST_US, bytes_max=settings.memory_bytes_max
        )
        self._changed = threading.Condition()
        self._making: list[_Making] = []
        self._written = self._short = self._failed = self._missed = 0
        self._ending = self._is_tight = False
        self._thread = threading.Thread(target=self._work, name="clips", daemon=True)

    @property
    def counters(self) -> ClipCounters:
        """What was written, cut short, removed and failed."""
        with self._changed:
            return ClipCounters(
                written=self._written,
                short=self._short,
                removed=self._kept.removed,
                failed=self._failed + self._kept.failed,
                missed=self._missed,
            )

    def window(self, recording: Recording, packet: Packet) -> None:
        """Take in the window of *recording* that was just read."""
        held = self._form.hold(recording, packet)
        with self._changed:
            self._is_tight = bool(self._making) and self._ring.is_full_for(held)
            while self._patient and self._is_ahead(held) and self._is_working():
                self._changed.notify_all()
                self._changed.wait(STOP_LOOK_S)
            self._ring.push(held, needed=self._needed())
            self._now_us = held.end_us
            if self._is_tight or self._behind():
                self._changed.notify_all()

    def begin(self, job: CaptionJob) -> CaptionJob:
        """Begin the clip of *job*; return it with the clip, if there is to be one."""
        settings = self._settings
        with self._changed:
            is_past = self._now_us - job.t_us > PAST_US
            middle_us = self._now_us if is_past else job.t_us
            wanted_us = max(self._recording_us, middle_us - settings.before_us)
            until_us = middle_us + settings.after_us
            if len(self._making) >= AT_ONCE_MAX or not self._ring.end:
                self._missed += 1
                return job
            number = min(self._ring.number_at(wanted_us), self._ring.end - 1)
            begin_us = self._ring[number].begin_us
            short = begin_us > wanted_us
            is_there = self._marked and self._path(job.id).exists()
            if not is_there:
                if self._marked and not self._mark(job.id):
                    return job
                self._making.append(_Making(job.id, number, until_us, short=short))
                self._changed.notify_all()
        clip = Clip(
            file=str(self._path(job.id)),
            from_s=(begin_us - self._recording_us) / 1e6,
            to_s=(until_us - self._recording_us) / 1e6,
            short=short,
        )
        return replace(job, clip=clip)

    def begin_again(self, job: CaptionJob) -> None:
        """Begin the clip of *job*, which was seen before, if a kill cut it."""
        if self._part(job.id).exists():
            self.begin(job)

    def end(self) -> None:
        """Let no clip wait for more: there is none."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def close(self) -> None:
        """Write what there is of each clip; what takes too long is given up."""
        self.end()
        self._thread.join(END_S)
        with self._changed:
            self._failed += len(self._making)
            self._making.clear()
        if not self._thread.is_alive():
            self._form.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _path(self, id_: str) -> Path:
        return self._folder / f"{id_}.raw"

    def _part(self, id_: str) -> Path:
        return self._folder / f"{id_}.raw.part"

    def _mark(self, id_: str) -> bool:
        """Leave word that a clip is to be; say whether the disk took it."""
        try:
            self._part(id_).touch()
        except OSError:
            self._failed += 1
            return False
        return True

    def _is_ahead(self, held: Held) -> bool:
        """Say whether a reader that has time is to wait for the writer."""
        is_needed = self._needed() == self._ring.first
        is_full = self._ring.is_full_for(held) and is_needed and bool(self._making)
        return is_full or self._behind() > BEHIND_MAX

    def _is_working(self) -> bool:
        return self._thread.is_alive() and not self._stop.is_set()

    def _needed(self) -> int:
        """Return the number of the oldest window that is still to be written."""
        return min((one.number for one in self._making), default=self._ring.end)

    def _behind(self) -> int:
        """Return how many clips only wait for the writer."""
        return sum(one.until_us <= self._now_us for one in self._making)

    def _work(self) -> None:
        """Write until the end."""
        while True:
            with self._changed:
                if not (self._ending or self._is_tight or self._behind()):
                    self._changed.wait(LOOK_S if self._making else TIDY_S)
                making, ending = list(self._making), self._ending
                self._is_tight = False
            for one in making:
                self._go_on(one)
            self._kept.tidy(self._clock.wall_s())
            if ending and not making:
                return

    def _go_on(self, one: _Making) -> None:
        """Write what there is of a clip; where that is all, give it its name."""
        try:
            while (is_whole := self._write_some(one)) is None:
                pass
            if not is_whole:
                return
            self._finish(one)
        except (OSError, ValueError):
            with suppress(OSError):
                one.stack.close()
            with suppress(OSError):
                self._part(one.id).unlink(missing_ok=True)
            self._forget(one, failed=True)

    def _write_some(self, one: _Making) -> bool | None:
        """Write some of a clip. Return whether it is whole, None if there is more."""
        with self._changed:
            ring = self._ring
            is_cut = one.number < ring.first
            if is_cut:
                one.short = True
                if one.file is None:
                    one.number, is_cut = ring.first, False
            windows = ring.since(
                one.number, until_us=one.until_us, bytes_max=WRITE_BYTES
            )
            is_last = self._ending or self._now_us >= one.until_us
        if is_cut:
            return True
        if not windows:
            return is_last
        if one.file is None:
            if not self._kept.has_room():
                raise OSError("the disk has no room")
            made = self._form.begin(self._part(one.id), windows[0])
            one.file = one.stack.enter_context(made)
        one.file.put(windows)
        with self._changed:
            one.number += len(windows)
            self._changed.notify_all()
        return None

    def _finish(self, one: _Making) -> None:
        """Close a clip's file and give it its name."""
        if one.file is None:
            raise OSError("there is nothing left of it")
        one.file.finish()
        one.stack.close()
        path, part = self._path(one.id), self._part(one.id)
        size = part.stat().st_size
        part.replace(path)
        self._kept.add(path.name, size, now_s=self._clock.wall_s())
        self._forget(one, failed=False)

    def _forget(self, one: _Making, *, failed: bool) -> None:
        with self._changed:
            self._failed += failed
            self._written += not failed
            self._short += one.short and not failed
            if one in self._making:
                self._making.remove(one)
            self._changed.notify_all()


def clips_of(
    settings: ClipSettings | None,
    recording: Recording,
    file: Path | None,
    *,
    clock: Clock,
    patient: bool,
    marked: bool,
    stop: threading.Event,
) -> Clips | None:
    """Return what makes clips of *recording*, None where none are asked for.

    Raises `SinkError` as `Clips` does.
    """
    if settings is None:
        return None
    return Clips(
        settings,
        recording,
        file,
        clock=clock,
        patient=patient,
        # What is read once brings no alert a second time.
        marked=marked and file is not None,
        stop=stop,
    )


def _remove_left(folder: Path, now_s: float) -> None:
    """Remove what is left in *folder* of clips that nobody will finish."""
    with suppress(OSError):
        for each in folder.iterdir():
            if LEFT.fullmatch(each.name) and each.stat().st_mtime < now_s - LEFT_S:
                each.unlink(missing_ok=True)

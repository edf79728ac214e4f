"""`heliograph cut`: a part of a recording, of whatever format, as RAW EVT3."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heliograph import camera
from heliograph.camera.reading.evt3_part import LATE_US, Evt3Part
from heliograph.camera.reading.state import BACK_US_MAX
from heliograph.camera.sinks.console import write_line
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import Packet, Size

HIGH_US = 1 << 12
"""How exactly the first word of a file of EVT3 tells its begin."""


@dataclass(frozen=True, slots=True)
class CutFacts:
    """What was written. `begin_us` is the cut's begin in the time of the recording.

    `shift_us` is what the times in the file are less, `triggers_dropped` counts those
    on channels that EVT3 cannot tell, and those that came a window late.
    """

    events: int
    triggers: int
    triggers_dropped: int
    begin_us: int
    end_us: int
    shift_us: int
    size_bytes: int


def cut(
    source: Path,
    out: Path,
    *,
    from_s: float = 0.0,
    to_s: float = inf,
    size: Size | None = None,
) -> CutFacts:
    """Write what *source* holds from *from_s* to *to_s* of its own time to *out*.

    The seconds count from the recording's begin. *out* appears when it is whole, and
    takes the place of what was there. A recording that breaks off before *to_s* raises
    `BrokenRecordingError` and leaves *out* with what was read until then.

    Raises `RecordingError` or `OSError` for the recording, `ValueError` for times that
    are no part of it or a geometry that EVT3 cannot tell, `SinkError` for *out*.
    """
    if not 0 <= from_s < to_s:
        raise ValueError(f"a part from {from_s:g} s to {to_s:g} s is none")
    with camera.open(source, LATE_US, size=size) as recording:
        begin_us = recording.begin_us + round(from_s * 1e6)
        recording.seek(begin_us)
        part = _Part(recording, begin_us, to_s if to_s == inf else round(to_s * 1e6))
        if out.exists() and not (out.is_file() or out.is_dir()):
            # Moving the part there would put an end to the device or the pipe.
            raise SinkError(f"cannot write {out}: is a device or a pipe, and no file")
        # Named by this process, so that it is nobody's file, the source least of all.
        waiting = out.with_name(f".{out.name}.{os.getpid()}.part")
        try:
            try:
                broken = part.write(waiting)
                size_bytes = waiting.stat().st_size
                waiting.replace(out)
            finally:
                waiting.unlink(missing_ok=True)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise SinkError(f"cannot write {out}: {why}") from error
        if broken is not None:
            raise broken
        return part.facts(size_bytes)


class _Part:
    """The windows of *recording* from here on, until *length_us* after its begin."""

    def __init__(
        self, recording: camera.Recording, begin_us: int, length_us: float
    ) -> None:
        self._recording = recording
        self._begin_us = self._first_us = begin_us
        self._end_us = recording.begin_us + length_us
        # What steps back before the first time is a part of the whole all the same.
        self._is_begin = begin_us == recording.begin_us
        self._broken: camera.BrokenRecordingError | None = None
        self._written_us = begin_us
        self._part: Evt3Part

    def facts(self, size_bytes: int) -> CutFacts:
        """Tell what was written."""
        part = self._part
        return CutFacts(
            events=part.events,
            triggers=part.triggers,
            triggers_dropped=part.dropped,
            begin_us=self._begin_us,
            end_us=self._written_us,
            shift_us=part.shift_us,
            size_bytes=size_bytes,
        )

    def write(self, path: Path) -> camera.BrokenRecordingError | None:
        """Write the part to *path*; return how the recording broke off, if it did."""
        recording, windows, end_us = self._recording, self._windows(), self._end_us
        first = next(windows, None)
        if first is not None and self._is_begin:
            self._begin_earlier(*first)
        self._part = Evt3Part(
            path, recording.size, begin_us=self._first_us, end_us=end_us
        )
        with self._part as part:
            for packet, triggers in chain(() if first is None else (first,), windows):
                # A window behind, so that what came late is in its place.
                part.put(packet, triggers, until_us=recording.now_us - LATE_US)
                if recording.now_us >= end_us + LATE_US:
                    break
            broken = self._broken
            if recording.now_us == self._begin_us and broken is None:
                raise ValueError(
                    f"{recording.name} ends before the part begins, at "
                    f"{(self._begin_us - recording.begin_us) / 1e6:g} s"
                )
            self._written_us = part.finish(recording.now_us)
        return broken

    def _windows(self) -> Iterator[tuple[Packet, NDArray[np.void]]]:
        """Yield events and triggers of each window, until the recording ends or breaks.

        What goes wrong behind the part is not the part's.
        """
        recording = self._recording
        try:
            for packet in recording:
                yield packet, recording.triggers
        except camera.BrokenRecordingError as error:
            self._broken = error if recording.now_us < self._end_us else None

    def _begin_earlier(self, packet: Packet, triggers: NDArray[np.void]) -> None:
        """Begin where what steps back before the first time of all is a part."""
        times = np.concatenate([packet["t"], triggers["t"], [self._begin_us]])
        first_us = max(int(times.min()), self._begin_us - BACK_US_MAX)
        self._first_us = first_us - first_us % HIGH_US


def run_cut(
    source: Path,
    out: Path,
    *,
    from_s: float = 0.0,
    to_s: float = inf,
    size: Size | None = None,
    force: bool = False,
) -> int:
    """Cut in the terminal; return the exit code and say why it is not 0."""
    if out.exists() and not force:
        return _fail(f"{out} is already there; --force overwrites it")
    try:
        write_line(told(out, cut(source, out, from_s=from_s, to_s=to_s, size=size)))
    except (camera.RecordingError, ValueError, SinkError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot read {source}: {(error.strerror or str(error)).lower()}")
    return 0


def told(out: Path, facts: CutFacts) -> str:
    """Return one line: what was written, and what its times are."""
    line = (
        f"{out}: {facts.events:,} events and {facts.triggers:,} triggers in "
        f"{(facts.end_us - facts.begin_us) / 1e6:g} s, {facts.size_bytes / 1e6:.1f} MB"
    )
    if facts.shift_us:
        line += f"; times are {facts.shift_us} us less than in the recording"
    if facts.triggers_dropped:
        line += (
            f"; {facts.triggers_dropped} triggers dropped, whose channel is above 15 "
            "or which the recording holds too late among its events"
        )
    return line


def _fail(why: str) -> int:
    sys.stderr.write(f"error: {why}\n")
    return 1

"""Windows of a recording, of whatever format, as RAW EVT3.

Events are sorted on the way, for a sensor's time may step back by a few us and the
writer's may not. Times keep their place within EVT3's period of 16.8 s: a file cannot
tell more of what was before it.
"""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.evt3_writer import PERIOD_US, TRIGGER_IDS, Evt3Writer
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

LATE_US = 20_000
"""More than time ever steps back: what is older than the newest by it is in place."""


class Evt3Part:
    """What is from *begin_us* to *end_us* of a recording's time; a context manager.

    `shift_us` is what times in the file are less. `events` and `triggers` were written;
    `dropped` counts triggers on channels that EVT3 cannot tell, and those that came
    too late. Raises `ValueError` as `Evt3Writer` does.
    """

    def __init__(
        self,
        path_or_file: Path | BinaryIO,
        size: Size,
        *,
        begin_us: int,
        end_us: float,
    ) -> None:
        self.shift_us = begin_us - begin_us % PERIOD_US
        self.events = self.triggers = self.dropped = 0
        self._begin_us = begin_us
        self._end_us = end_us
        self._late: Packet = np.empty(0, EVENT)
        self._late_triggers: NDArray[np.void] = np.empty(0, TRIGGER)
        self._writer = Evt3Writer(path_or_file, size, begin_us=begin_us - self.shift_us)

    def put(self, packet: Packet, triggers: NDArray[np.void], *, until_us: int) -> None:
        """Take in a window; write what is due before *until_us*, keep the rest."""
        events = _sorted(np.concatenate([self._late, packet]))
        edges = _sorted(np.concatenate([self._late_triggers, triggers]))
        end_us = min(until_us, self._end_us)
        due, self._late = self._due(events, end_us)
        due_edges, self._late_triggers = self._due(edges, end_us)
        known = due_edges[
            (due_edges["id"] >= 0)
            & (due_edges["id"] < TRIGGER_IDS)
            # A trigger has its own clock, and what is written is written.
            & (due_edges["t"] >= self._writer.clock_us + self.shift_us)
        ]
        self.events += len(due)
        self.triggers += len(known)
        self.dropped += len(due_edges) - len(known)
        for array in (due, known):
            array["t"] -= self.shift_us
        self._writer.append(due, triggers=known)

    def finish(self, now_us: int) -> int:
        """Write what is left of a recording read until *now_us*; return the end."""
        self.put(np.empty(0, EVENT), np.empty(0, TRIGGER), until_us=now_us)
        written_us = int(min(self._end_us, now_us))
        self._writer.advance(max(self._writer.clock_us, written_us - self.shift_us))
        return written_us

    def close(self) -> None:
        """Close the file. Twice does no harm."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _due(
        self, array: NDArray[np.void], end_us: float
    ) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Split *array*, which is sorted, into what is due and what is later."""
        first, end = np.searchsorted(array["t"], [self._begin_us, end_us])
        return array[first : max(first, end)].copy(), array[max(first, end) :]


def _sorted(array: NDArray[np.void]) -> NDArray[np.void]:
    return array[np.argsort(array["t"], kind="stable")]

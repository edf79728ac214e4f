"""Formats that list events with their whole times: NumPy's, HDF5, AEDAT4.

Their readers bring pieces of dtype `RECORD`; from there on they are decoded like words,
so that windows, bounds, counters and faults are the same for every format.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading.state import (
    BACK_US_MAX,
    RECORD_GAP_US_MAX,
    TIME_US_MAX,
    Fault,
)
from heliograph.camera.types import TRIGGER

RECORD = np.dtype(
    [("t", "<i8"), ("x", "<i4"), ("y", "<i4"), ("p", "<i2"), ("id", "<i2")]
)
"""An event, or the trigger of channel `id` where that is not `EVENT_ID`."""

EVENT_ID = -1
SIDE_MAX = 1 << 16
RECORDS_AT_ONCE = 1 << 16
"""How many a reader brings at a time: 1.3 MB."""

HELD_MAX = 1 << 18
"""How many triggers may lie ahead of the events, where these come one by one."""

RECORD_BACK = int(Fault.RECORD_BACK)
RECORD_LEAP = int(Fault.RECORD_LEAP)

Reader = Callable[[int], Iterator[tuple[int, NDArray[np.void]]]]
"""Yields pieces from a place on, each with the place behind it."""


@compiled
def decode(  # noqa: C901 - each of the few things that may be wrong with a time
    records: NDArray[np.void],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Take *records* until the time reaches *until_us*, a buffer is full or a fault.

    Return how many were taken, events and triggers written. The record that reaches
    *until_us* is left, as is one at fault. A trigger may be late: its clock is its own.
    """
    s = state[0]
    n = k = at = 0
    while at < len(records) and n < len(events) and k < len(triggers):
        t_us: Any = records[at].t
        is_trigger = records[at].id != EVENT_ID
        if t_us < -TIME_US_MAX or t_us > TIME_US_MAX:
            s.fault = RECORD_LEAP
            break
        if s.started == 0:
            s.started = 1
        elif t_us - s.t_us > RECORD_GAP_US_MAX:
            s.fault = RECORD_LEAP
            break
        elif not is_trigger and s.newest_us - t_us > BACK_US_MAX:
            # From the newest: many small steps back are a large one.
            s.fault = RECORD_BACK
            break
        if not is_trigger:
            s.time_steps_back += t_us < s.t_us
        if not is_trigger or t_us > s.t_us:
            s.t_us = t_us
            s.newest_us = max(s.newest_us, t_us)
        if t_us >= until_us:
            break
        if is_trigger:
            triggers[k].p = records[at].p
            triggers[k].t = t_us
            triggers[k].id = records[at].id
            k += 1
        elif 0 <= records[at].x < s.width and 0 <= records[at].y < s.height:
            events[n].x = records[at].x
            events[n].y = records[at].y
            events[n].p = records[at].p
            events[n].t = t_us
            n += 1
        else:
            s.out_of_bounds += 1
        at += 1
    s.events += n
    s.triggers += k
    return at, n, k


class Records:
    """The records of a file that *reader* reads, from place *begin* on.

    Places are numbers of events, or bytes as *unit* says. *seekable* says whether the
    reader may be asked to read from a place once more.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        unit: Literal["byte", "event"],
        begin: int = 0,
        seekable: bool,
    ) -> None:
        self.place = begin
        self.seekable = seekable
        self.lost = 0
        self.pending: NDArray[np.void] = np.empty(0, RECORD)
        self._reader = reader
        self._unit = unit
        self._piece_length = 0
        self._behind = begin
        self._pieces = reader(begin)

    @property
    def where(self) -> tuple[str, int]:
        """Name the event to be taken next, or the byte at which its packet begins."""
        if self._unit == "byte":
            return self._unit, self.place
        return self._unit, self.place + self._piece_length - len(self.pending)

    @property
    def bytes_read(self) -> int:
        """Bytes taken, where places are bytes, else 0."""
        return self.place if self._unit == "byte" else 0

    def take(self, count: int) -> None:
        """Leave *count* records behind."""
        self.pending = self.pending[count:]
        if not len(self.pending):
            self.place, self._piece_length = self._behind, 0

    def refill(self) -> bool:
        """Read on where all records are taken; false at the end of the file."""
        while not len(self.pending):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._behind, self.pending = piece
            self._piece_length = len(self.pending)
            if not self._piece_length:
                self.place = self._behind
        return True

    def rewind(self, place: int) -> None:
        """Go back to *place*, which a reader gave."""
        self.place, self._behind, self._piece_length = place, place, 0
        self.pending = np.empty(0, RECORD)
        self._pieces = self._reader(place)

    def left_over(self) -> str | None:
        """Say nothing: a reader that meets a cut raises."""
        return None


def columns_as_records(
    x: NDArray[Any], y: NDArray[Any], p: NDArray[Any], t: NDArray[np.int64]
) -> NDArray[np.void]:
    """Put columns of equal length together; a polarity above 0 is 1, any other 0.

    A pixel that no sensor has is kept outside of any, so that it is counted.
    """
    records = np.empty(len(t), RECORD)
    for name, column in (("x", x), ("y", y)):
        if column.dtype.kind == "f":
            column = np.nan_to_num(column.astype("<f8"), nan=-1)  # noqa: PLW2901 - the same column
        lowest = 0 if column.dtype.kind in "ub" else -1
        records[name] = np.clip(column, lowest, SIDE_MAX)
    records["p"] = p > 0
    records["t"] = t
    records["id"] = EVENT_ID
    return records


class TriggerMerge:
    """Puts triggers of a list of their own where they belong among the events."""

    def __init__(self) -> None:
        self._held: NDArray[np.void] = np.empty(0, RECORD)

    @property
    def waiting(self) -> int:
        """How many triggers have not come to their place."""
        return len(self._held)

    def copy(self) -> "TriggerMerge":
        """Return one that holds the same."""
        other = TriggerMerge()
        other._held = self._held
        return other

    def hold(self, triggers: NDArray[np.void]) -> None:
        """Keep *triggers* (dtype `TRIGGER`) until the events come by their time."""
        records = np.zeros(len(triggers), RECORD)
        for name in TRIGGER.names or ():
            records[name] = triggers[name]
        held = np.concatenate([self._held, records])
        self._held = held[np.argsort(held["t"], kind="stable")]

    def merged(self, events: NDArray[np.void]) -> NDArray[np.void]:
        """Return *events* with the triggers that are due by the last of them."""
        if not len(self._held) or not len(events):
            return events
        due = int(np.searchsorted(self._held["t"], events["t"].max(), side="right"))
        now, self._held = self._held[:due], self._held[due:]
        # At one time the trigger goes first, as the writer has it.
        clock = np.maximum.accumulate(events["t"])
        return np.insert(events, np.searchsorted(clock, now["t"]), now)

    def rest(self) -> NDArray[np.void]:
        """Return the triggers behind the last event."""
        rest, self._held = self._held, self._held[:0]
        return rest

"""A recording as windows of equal length.

Windows are half-open and follow each other without a gap from the stream's first
time word on, the empty ones included, as Metavision's `EventsIterator` yields them.
A window is closed by the first word that brings the time to its end. Where a sensor
then steps back by a few us, those events come in the next window: none is lost,
none comes twice, and all windows put together are the file in its own order.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.checkpoints import Checkpoints
from heliograph.camera.reading.errors import BrokenRecordingError, broken
from heliograph.camera.reading.pieces import Pieces
from heliograph.camera.reading.raw_form import Passage, RawForm
from heliograph.camera.reading.state import (
    GAP_US_MAX,
    NEVER_US,
    RECORD_GAP_US_MAX,
    TIME_US_MAX,
    Fault,
    fresh_state,
)
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

Decode: TypeAlias = Callable[
    [
        NDArray[Any],
        NDArray[np.void],
        int,
        NDArray[np.void],
        NDArray[np.void],
    ],
    tuple[int, int, int],
]

DecodeShare: TypeAlias = Callable[
    [
        NDArray[Any],
        NDArray[np.void],
        int,
        NDArray[np.void],
        NDArray[np.void],
        int,
    ],
    tuple[int, int, int],
]

# A decoder stops where less room is left than one word may need.
EVENTS_PER_WORD_MAX = 32
EVENTS_AT_FIRST = 1 << 18
TRIGGERS_AT_FIRST = 1 << 10
# Sensors read out about 1,100 events a us at most; twice that is no event stream.
EVENTS_PER_US_MAX = 2_200
WINDOW_EVENTS_MIN = 1 << 22


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose header was read: its format, and words that `decode` understands.

    `size` is None where the file does not tell, and `ask` then says what is known of
    it. `nothing` says what it means that no word has a time. `raw` cuts parts out of a
    RAW stream, None where there are no such words. `decode_share` decodes one group of
    so many words, and counts what the others hold; None where nothing can.
    """

    format: str
    pieces: Pieces
    decode: Decode
    size: Size | None
    ask: str
    nothing: str
    raw: RawForm | None = None
    decode_share: DecodeShare | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """What was read so far; nothing leaves the stream without being counted here.

    `other` words are known but carry no events (IMU, sensor statistics), `unknown`
    ones have a type the format does not define. `dropped` counts words before the
    first TIME_HIGH and events before the first row or column; `out_of_bounds` events
    outside the sensor. `bytes_read` includes the header, and is 0 for HDF5 and NumPy
    files. `thinned` are events that were counted and not decoded, because a share was
    asked for; they are none of `events`. `packets_lost` are those that a live sensor's
    driver dropped. After a `seek` all of them tell of what lies before the place.
    """

    words: int
    events: int
    triggers: int
    other: int
    unknown: int
    dropped: int
    out_of_bounds: int
    time_steps_back: int
    wraps: int
    bytes_read: int
    thinned: int = 0
    packets_lost: int = 0


class Recording:
    """Iterate to get a packet for each window of *delta_t_us*.

    After each step `now_us` is the end of the window just yielded and `triggers`
    (dtype `TRIGGER`) those that fell in it; of a `raw` stream `passage` says where the
    window's words stand. A stream that ends within a word or goes
    wrong raises `BrokenRecordingError`, after the windows before it were yielded.
    *owned* is what `close` closes: a file that `open` opened is among it, a stream
    that it was given is not.

    Where `lends` is set, a packet holds good until the next step only: it is the buffer
    itself, and nothing is copied. Of the next window one group of words of `one_of` is
    decoded, where the format can be counted without, and `unread` tells how many events
    the others held; by default it is all. Triggers and time are always whole.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        size: Size,
        name: str,
        delta_t_us: int,
        owned: ExitStack,
    ) -> None:
        self.name = name
        self.size = size
        self.format = opened.format
        self.delta_t_us = delta_t_us
        self.raw = opened.raw
        self.lends = False
        self.one_of = 1
        self.unread = 0
        self.triggers: NDArray[np.void] = np.empty(0, TRIGGER)
        self._opened = opened
        self._pieces = opened.pieces
        self._owned = owned
        self._state = fresh_state(size.width, size.height)
        self._events: NDArray[np.void] = np.empty(EVENTS_AT_FIRST, EVENT)
        self._triggers: NDArray[np.void] = np.empty(TRIGGERS_AT_FIRST, TRIGGER)
        self._events_max = max(WINDOW_EVENTS_MIN, EVENTS_PER_US_MAX * delta_t_us)
        self._ended = self._closed = False
        self._error: BrokenRecordingError | None = None
        self._checkpoints = Checkpoints()
        self._checkpoints.pass_by(self._pieces.place, self._state)
        self.begin_us = self._find_begin()
        place = self._pieces.place
        self.passage = Passage(self._state.copy(), place, place)
        self.now_us = self.begin_us

    @property
    def counters(self) -> Counters:
        """What was read so far."""
        state = self._state[0]
        return Counters(
            bytes_read=self._pieces.bytes_read,
            packets_lost=self._pieces.lost,
            **{
                name: int(state[name])
                for name in Counters.__slots__
                if name not in ("bytes_read", "packets_lost")
            },
        )

    def warm_up(self) -> None:
        """Compile what decodes a share, before there is no time for it."""
        if (share := self._opened.decode_share) is not None:
            nothing = self._pieces.pending[:0]
            share(nothing, self._state, 0, self._events, self._triggers, 2)

    def seek(self, t_us: int) -> None:
        """Let the next window begin at *t_us*, in the sensor's time as `now_us` is.

        What lies on the way is decoded and discarded, from a place that was read
        before where there is one. Behind the end there is nothing more to yield.
        Raises `ValueError` before `begin_us`, where the recording is closed, or
        backwards in a pipe; a file that goes wrong on the way raises as a window does.
        """
        if t_us < self.begin_us:
            raise ValueError(
                f"{self.name}: begins at {self.begin_us} us, so there is no {t_us} us"
            )
        if self._closed:
            raise ValueError(f"{self.name}: is closed; open it again to seek in it")
        behind = t_us < self.now_us
        if behind and not self._pieces.seekable:
            raise ValueError(
                f"{self.name}: is read from a pipe, which does not go back to "
                f"{t_us} us: save it to a file"
            )
        if self._pieces.seekable:
            place, state = self._checkpoints.before(t_us)
            if behind or place > self._pieces.place:
                self._pieces.rewind(place)
                self._state, self._ended, self._error = state, False, None
        # The decoders reckon in 64 bits, and no time is beyond the most that is one.
        self._fill(min(t_us, 2 * TIME_US_MAX), keep=False)
        self.now_us = t_us
        self.triggers = self._triggers[:0].copy()

    def __iter__(self) -> Iterator[Packet]:
        return self

    def __next__(self) -> Packet:
        if not self._ended:
            begin_us, passed = self.now_us, int(self._state[0]["thinned"])
            before, place = self._state.copy(), self._pieces.place
            events, triggers = self._fill(begin_us + self.delta_t_us)
            moved = int(self._state[0]["t_us"]) > begin_us
            if not self._ended or events or triggers or moved:
                self.now_us = begin_us + self.delta_t_us
                self.passage = Passage(before, place, self._pieces.place)
                self.triggers = _copied(self._triggers[:triggers])
                self.unread = int(self._state[0]["thinned"]) - passed
                packet = self._events[:events]
                return packet if self.lends else _copied(packet)
        self.close()
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """Close the file and end the iteration. Twice does no harm."""
        self._ended = self._closed = True
        self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _find_begin(self) -> int:
        """Read up to the first time, before which no event has one."""
        begin = self._pieces.place
        self._fill(NEVER_US + 1)
        if self._ended and self._error is not None and not self._pieces.left_over():
            raise self._error
        if self._ended:
            what = self._opened.nothing.format(bytes=self._pieces.bytes_read - begin)
            raise BrokenRecordingError(f"{self.name}: {what}", byte=begin)
        return int(self._state[0]["t_us"])

    def _fill(self, until_us: int, *, keep: bool = True) -> tuple[int, int]:
        """Decode up to *until_us*; return how many events and triggers are kept."""
        state, pieces = self._state, self._pieces
        share = self._opened.decode_share if keep else None
        events = triggers = 0
        while not self._ended and int(state[0]["t_us"]) < until_us:
            if not self._refill():
                break
            room = (self._events[events:], self._triggers[triggers:])
            if share is None or self.one_of == 1:
                taken, new_events, new_triggers = self._opened.decode(
                    pieces.pending, state, until_us, *room
                )
            else:
                taken, new_events, new_triggers = share(
                    pieces.pending, state, until_us, *room, self.one_of
                )
            pieces.take(taken)
            state["words"] += taken
            if keep:
                events += new_events
                triggers += new_triggers
            if state[0]["fault"]:
                self._end(self._fault())
                break
            if not self._has_room(events, triggers):
                break
        return events, triggers

    def _refill(self) -> bool:
        """Have words to decode; where there are none, end the recording: false."""
        pieces = self._pieces
        if not len(pieces.pending):
            if pieces.seekable:
                self._checkpoints.pass_by(pieces.place, self._state)
            try:
                if pieces.refill():
                    return True
            except BrokenRecordingError as error:
                self._ended, self._error = True, error
                return False
            self._end(pieces.left_over())
            return False
        return True

    def _has_room(self, events: int, triggers: int) -> bool:
        """Make room for more; false where no sensor could have sent so many."""
        if max(events, triggers) > self._events_max:
            self._end(
                f"more than {self._events_max} events in a window of "
                f"{self.delta_t_us} us, which no sensor can send: its time stands still"
            )
            return False
        if len(self._events) - events < EVENTS_PER_WORD_MAX:
            self._events = _doubled(self._events, events)
        if len(self._triggers) == triggers:
            self._triggers = _doubled(self._triggers, triggers)
        return True

    def _end(self, what: str | None) -> None:
        self._ended = True
        if what is not None:
            unit, at = self._pieces.where
            self._error = broken(self.name, what, at=at, unit=unit)

    def _fault(self) -> str:
        t_us = max(int(self._state[0][name]) for name in ("t_us", "newest_us"))
        if t_us == NEVER_US:
            return "its time is no number of us, nor of seconds"
        fault = self._state[0]["fault"]
        if fault == Fault.TIME_BACK:
            return f"time goes back from {t_us} us and it is no wrap"
        if fault == Fault.BACK_OR_LEAP:
            return (
                f"time goes back from {t_us} us, or on by more than an hour: sort the "
                "events by t (stable)"
            )
        if fault == Fault.RECORD_BACK:
            return f"time goes back from {t_us} us: sort the events by t (stable)"
        gap_us = RECORD_GAP_US_MAX if fault == Fault.RECORD_LEAP else GAP_US_MAX
        return f"time leaps from {t_us} us by more than {gap_us / 1e6:.1f} s"


def _doubled(buffer: NDArray[np.void], used: int) -> NDArray[np.void]:
    """Return a buffer of twice the length that begins with what is *used*."""
    longer = np.empty(2 * len(buffer), buffer.dtype)
    longer.view(np.uint8)[: used * buffer.itemsize] = buffer[:used].view(np.uint8)
    return longer


def _copied(records: NDArray[np.void]) -> NDArray[np.void]:
    """Copy as bytes: numpy copies records field by field, forty times slower."""
    return records.view(np.uint8).copy().view(records.dtype)

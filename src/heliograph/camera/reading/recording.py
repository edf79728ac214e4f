"""A recording as windows of equal length, read once from begin to end.

Windows are half-open and follow each other without a gap from the stream's first
TIME_HIGH on, the empty ones included, as Metavision's `EventsIterator` yields them.
A window is closed by the first word that brings the time to its end. Where a sensor
then steps back by a few us, those events come in the next window: none is lost,
none comes twice, and all windows put together are the file in its own order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.errors import BrokenRecordingError
from heliograph.camera.reading.state import GAP_US_MAX, Fault, fresh_state
from heliograph.camera.reading.words import Words
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

Decode: TypeAlias = Callable[
    [
        NDArray[np.unsignedinteger],
        NDArray[np.void],
        int,
        NDArray[np.void],
        NDArray[np.void],
    ],
    tuple[int, int, int],
]

# A decoder stops where less room is left than one word may need.
EVENTS_PER_WORD_MAX = 12
EVENTS_AT_FIRST = 1 << 18
TRIGGERS_AT_FIRST = 1 << 10
# Sensors read out about 1,100 events a us at most; twice that is no event stream.
EVENTS_PER_US_MAX = 2_200
WINDOW_EVENTS_MIN = 1 << 22


@dataclass(frozen=True, slots=True)
class Format:
    """One encoding: its name in a header, its word and its decoder."""

    name: str
    word: np.dtype[np.unsignedinteger]
    decode: Decode


@dataclass(frozen=True, slots=True)
class Counters:
    """What was read so far; nothing leaves the stream without being counted here.

    `other` words are known but carry no events (IMU, sensor statistics), `unknown`
    ones have a type the format does not define. `dropped` counts words before the
    first TIME_HIGH and events before the first row or column; `out_of_bounds` events
    outside the sensor. `bytes_read` includes the header.
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


class Recording:
    """Iterate once to get a packet for each window of *delta_t_us*.

    After each step `now_us` is the end of the window just yielded and `triggers`
    (dtype `TRIGGER`) those that fell in it. A stream that ends within a word or goes
    wrong raises `BrokenRecordingError`, after the windows before it were yielded.
    *first* are the bytes of *stream* read already, from `payload_at` on. Only a file
    that `open` opened is closed by `close`.
    """

    def __init__(
        self,
        stream: BinaryIO,
        format: Format,  # noqa: A002 - the field's own word
        *,
        size: Size,
        name: str,
        first: bytes,
        payload_at: int,
        delta_t_us: int,
        owns_stream: bool,
    ) -> None:
        self.size = size
        self.format = format.name
        self.delta_t_us = delta_t_us
        self.triggers: NDArray[np.void] = np.empty(0, TRIGGER)
        self._stream = stream
        self._owns_stream = owns_stream
        self._name = name
        self._payload_at = payload_at
        self._decode = format.decode
        self._word_bytes = format.word.itemsize
        self._words = Words(stream, format.word, first=first, at=payload_at)
        self._state = fresh_state(size.width, size.height)
        self._events: NDArray[np.void] = np.empty(EVENTS_AT_FIRST, EVENT)
        self._triggers: NDArray[np.void] = np.empty(TRIGGERS_AT_FIRST, TRIGGER)
        self._events_max = max(WINDOW_EVENTS_MIN, EVENTS_PER_US_MAX * delta_t_us)
        self._ended = False
        self._error: BrokenRecordingError | None = None
        self.begin_us = self._find_begin()
        self.now_us = self.begin_us

    @property
    def counters(self) -> Counters:
        """What was read so far."""
        state = self._state[0]
        at = self._words.byte
        rest = len(self._words.rest) if self._ended else 0
        return Counters(
            words=(at - self._payload_at) // self._word_bytes,
            bytes_read=at + rest,
            **{
                name: int(state[name])
                for name in Counters.__slots__
                if name not in ("words", "bytes_read")
            },
        )

    def __iter__(self) -> Iterator[Packet]:
        return self

    def __next__(self) -> Packet:
        if not self._ended:
            begin_us = self.now_us
            events, triggers = self._fill(begin_us + self.delta_t_us)
            moved = int(self._state[0]["t_us"]) > begin_us
            if not self._ended or events or triggers or moved:
                self.now_us = begin_us + self.delta_t_us
                self.triggers = _copied(self._triggers[:triggers])
                return _copied(self._events[:events])
        self.close()
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """Close the file and end the iteration. Twice does no harm."""
        self._ended = True
        if self._owns_stream:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _find_begin(self) -> int:
        """Read up to the first TIME_HIGH, before which no event has a time."""
        self._fill(0)
        if self._ended:
            found = self._words.byte + len(self._words.rest) - self._payload_at
            raise BrokenRecordingError(
                f"{self._name}: no {self.format} time word in the {found} bytes after "
                f"the header (byte {self._payload_at}); the recording is empty, or "
                "its payload is in another format than its header says",
                byte=self._payload_at,
            )
        return int(self._state[0]["t_us"])

    def _fill(self, until_us: int) -> tuple[int, int]:
        """Decode up to *until_us*; return how many events and triggers there were."""
        state, words = self._state, self._words
        events = triggers = 0
        while int(state[0]["t_us"]) < until_us:
            if not words.refill():
                self._end(self._cut_word())
                break
            taken, new_events, new_triggers = self._decode(
                words.pending,
                state,
                until_us,
                self._events[events:],
                self._triggers[triggers:],
            )
            words.take(taken)
            events += new_events
            triggers += new_triggers
            if state[0]["fault"]:
                self._end(self._fault())
                break
            if not self._has_room(events, triggers):
                break
        return events, triggers

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
            byte = self._words.byte
            self._error = BrokenRecordingError(
                f"{self._name}: at byte {byte}: {what}. What was read before it stands",
                byte=byte,
            )

    def _cut_word(self) -> str | None:
        if not self._words.rest:
            return None
        return (
            f"the file ends within a word of {self._word_bytes} bytes "
            f"({len(self._words.rest)} left): it is cut"
        )

    def _fault(self) -> str:
        t_us = int(self._state[0]["t_us"])
        if self._state[0]["fault"] == Fault.TIME_BACK:
            return f"time goes back from {t_us} us and it is no wrap"
        return f"time leaps from {t_us} us by more than {GAP_US_MAX / 1e6:.1f} s"


def _doubled(buffer: NDArray[np.void], used: int) -> NDArray[np.void]:
    """Return a buffer of twice the length that begins with what is *used*."""
    longer = np.empty(2 * len(buffer), buffer.dtype)
    longer.view(np.uint8)[: used * buffer.itemsize] = buffer[:used].view(np.uint8)
    return longer


def _copied(records: NDArray[np.void]) -> NDArray[np.void]:
    """Copy as bytes: numpy copies records field by field, forty times slower."""
    return records.view(np.uint8).copy().view(records.dtype)

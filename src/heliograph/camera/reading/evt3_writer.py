"""Write RAW EVT3, so that a recording made here opens in every tool of the field.

The word layout is the format's own: TIME_HIGH 8, TIME_LOW 6, ADDR_Y 0, ADDR_X 2,
VECT_BASE_X 3, VECT_12 4, VECT_8 5, EXT_TRIGGER A, each in the top four bits.
https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html

Three things go beyond the format because readers rely on them:

- TIME_HIGH counts up one by one, also through silence. A reader learns of a
  wrap (every 2^24 us) only by seeing the count fall, so none may be skipped.
- Vectors are always the whole group VECT_12 VECT_12 VECT_8, because openeb reads 32
  pixels at once whatever follows the first word.
- A group never reaches past the sensor's right edge; openeb drops one that does.

Events are written in the caller's order. This file does not sort, merge or drop.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

GAP_US_MAX = 3_600_000_000
"""Longest silence one call may write: an hour costs 1.8 MB of TIME_HIGH words."""

PERIOD_US = 1 << 24
"""When the time of the words begins anew."""

SIDE_PX_MAX = 2048
"""Coordinates have 11 bits."""

TRIGGER_IDS = 16
"""A trigger's channel has 4 bits."""

ADDR_Y = 0x0000
ADDR_X = 0x2000
VECT_BASE_X = 0x3000
VECT_12 = 0x4000
VECT_8 = 0x5000
TIME_LOW = 0x6000
TIME_HIGH = 0x8000
EXT_TRIGGER = 0xA000
GROUP_PX = 32

# Places in the state that goes from one call of the word loop to the next.
HIGH, LOW, ROW, CLOCK = 0, 1, 2, 3
UNKNOWN = -1


class Evt3Writer:
    """A RAW EVT3 recording being written; a context manager.

    `path_or_file` is a path, overwritten and closed at the end, or a binary file,
    which stays the caller's to close. `date` is when it
    was recorded; else it is now. The clock starts at `begin_us`, less than
    `PERIOD_US`, because a reader cannot know of wraps before the file. Refuses, with
    `ValueError`, a later one, a `size` over 2048 pixels a side and what `append` lists.
    """

    def __init__(
        self,
        path_or_file: str | Path | BinaryIO,
        size: Size,
        *,
        begin_us: int = 0,
        integrator_name: str = "Heliograph",
        date: datetime | None = None,
    ) -> None:
        if not (0 < size.width <= SIDE_PX_MAX and 0 < size.height <= SIDE_PX_MAX):
            raise ValueError(
                f"EVT3 carries 1 to {SIDE_PX_MAX} pixels a side, "
                f"not {size.width}x{size.height}"
            )
        if not 0 <= begin_us < PERIOD_US:
            raise ValueError(
                f"EVT3 tells times from 0 to {PERIOD_US - 1} us at its begin, "
                f"not {begin_us}"
            )
        self.size = size
        self.events = 0
        self.bytes_written = 0
        self._owned = isinstance(path_or_file, str | Path)
        self._file: BinaryIO = (
            Path(path_or_file).open("wb")  # noqa: SIM115 - closed in close()
            if isinstance(path_or_file, str | Path)
            else path_or_file
        )
        high = begin_us >> 12
        self._state = np.array([high, UNKNOWN, UNKNOWN, begin_us], np.int64)
        self._put(_header(size, integrator_name, date or datetime.now(UTC)))
        # Without a first TIME_HIGH a reader must drop what follows.
        self._put(np.array([TIME_HIGH | high], "<u2").tobytes())

    @property
    def clock_us(self) -> int:
        """Time of the latest word written; nothing earlier may follow."""
        return int(self._state[CLOCK])

    def append(
        self, packet: Packet, *, triggers: NDArray[np.void] | None = None
    ) -> None:
        """Write `packet` (dtype `EVENT`) and `triggers` (dtype `TRIGGER`).

        Both must be sorted in t and not before `clock_us`; at one time the trigger
        goes first. Raises `ValueError`, before a word is written, for a wrong dtype,
        unsorted time, a pixel outside the sensor, a polarity or channel out of
        range, or a silence longer than an hour.
        """
        edges = np.empty(0, TRIGGER) if triggers is None else triggers
        _check_dtype(packet, EVENT, "packet")
        _check_dtype(edges, TRIGGER, "triggers")
        # One pass over all fields; which it is that is wrong is found out after.
        if not _inside(packet, self.size.width, self.size.height):
            _check_range(packet["x"], self.size.width, "x")
            _check_range(packet["y"], self.size.height, "y")
            _check_range(packet["p"], 2, "p")
        _check_range(edges["p"], 2, "trigger p")
        _check_range(edges["id"], TRIGGER_IDS, "trigger id")
        self._check_time(packet["t"], "event")
        self._check_time(edges["t"], "trigger")
        last_us = max((int(a["t"][-1]) for a in (packet, edges) if a.size), default=0)
        steps = max(0, (last_us >> 12) - int(self._state[HIGH]))
        words = np.empty(3 * packet.size + 2 * edges.size + steps, "<u2")
        count = _encode(packet, edges, self.size.width, self._state, words)
        self._put(words[:count].tobytes())
        self.events += packet.size

    def advance(self, t_us: int) -> None:
        """Let time pass to `t_us` without an event, so that a reader sees it pass."""
        self._check_time(np.array([t_us], np.int64), "time")
        words = np.empty((t_us >> 12) - int(self._state[HIGH]) + 1, "<u2")
        count = _write_time(t_us, self._state, words, 0)
        self._put(words[:count].tobytes())

    def close(self) -> None:
        """Finish the recording. A file given as such is flushed and left open."""
        if self._file.closed:
            return
        if self._owned:
            self._file.close()
        else:
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.bytes_written += len(data)

    def _check_time(self, t: NDArray[np.int64], what: str) -> None:
        """Refuse time that steps back, or leaps further than can be meant."""
        if not t.size:
            return
        if (back := np.flatnonzero(np.diff(t) < 0)).size:
            at = int(back[0]) + 1
            raise ValueError(
                f"{what} {at} is at {t[at]} us, before {t[at - 1]} us: "
                "sort by t (stable) before writing"
            )
        if t[0] < self.clock_us:
            raise ValueError(
                f"{what} 0 is at {t[0]} us, but {self.clock_us} us is already written"
            )
        if t[-1] - self.clock_us > GAP_US_MAX:
            raise ValueError(
                f"{what} {t.size - 1} is at {t[-1]} us, more than an hour after "
                f"{self.clock_us} us: subtract the recording's first time"
            )


def _header(size: Size, integrator_name: str, date: datetime) -> bytes:
    lines = (
        f"date {date:%Y-%m-%d %H:%M:%S}",
        "evt 3.0",
        f"format EVT3;height={size.height};width={size.width}",
        f"geometry {size.width}x{size.height}",
        f"integrator_name {integrator_name}",
        "end",
    )
    return "".join(f"% {line}\n" for line in lines).encode("ascii")


def _check_dtype(array: NDArray[np.void], dtype: np.dtype[np.void], what: str) -> None:
    if array.dtype != dtype or array.ndim != 1:
        raise ValueError(
            f"{what} must be one-dimensional with dtype {dtype}, "
            f"not {array.ndim}-dimensional with {array.dtype}"
        )


def _check_range(values: NDArray[np.integer], bound: int, name: str) -> None:
    """Refuse a value outside 0..bound-1, naming the first."""
    if not values.size or (values.min() >= 0 and values.max() < bound):
        return
    at = int(np.flatnonzero((values < 0) | (values >= bound))[0])
    raise ValueError(f"{name} of element {at} is {values[at]}, outside 0..{bound - 1}")


@compiled
def _inside(packet: Packet, width: int, height: int) -> bool:
    """Tell whether every event is on the sensor and has a polarity."""
    inside = True
    for event in packet:
        inside &= event.x < width and event.y < height and 0 <= event.p < 2  # noqa: PLR2004 - off and on
    return inside


@compiled
def _write_time(
    t: int, state: NDArray[np.int64], out: NDArray[np.uint16], n: int
) -> int:
    """Bring the clock to `t`; every TIME_HIGH on the way is written."""
    high = t >> 12
    while state[HIGH] < high:
        state[HIGH] += 1
        # openeb resets the low part at a new high part, other readers keep it.
        state[LOW] = UNKNOWN
        out[n] = TIME_HIGH | (state[HIGH] & 0xFFF)
        n += 1
    low = t & 0xFFF
    if state[LOW] != low:
        state[LOW] = low
        out[n] = TIME_LOW | low
        n += 1
    state[CLOCK] = t
    return n


@compiled
def _encode(
    packet: Packet,
    triggers: NDArray[np.void],
    width: int,
    state: NDArray[np.int64],
    out: NDArray[np.uint16],
) -> int:
    """Write all words of `packet` and `triggers` to `out`; how many is the result."""
    n = 0
    edge = 0
    i = 0
    while i < packet.size:
        t = packet[i].t
        while edge < triggers.size and triggers[edge].t <= t:
            n = _write_trigger(triggers[edge], state, out, n)
            edge += 1
        n = _write_time(t, state, out, n)
        y = packet[i].y
        if state[ROW] != y:
            state[ROW] = y
            out[n] = ADDR_Y | y
            n += 1
        end = _run_end(packet, i)
        if end == i + 1:
            # Most are alone, and for one there is one way.
            out[n] = ADDR_X | (packet[i].p << 11) | packet[i].x
            n += 1
        else:
            n = _write_run(packet[i:end], width, out, n)
        i = end
    while edge < triggers.size:
        n = _write_trigger(triggers[edge], state, out, n)
        edge += 1
    return n


@compiled
def _write_trigger(
    edge: np.void, state: NDArray[np.int64], out: NDArray[np.uint16], n: int
) -> int:
    n = _write_time(edge["t"], state, out, n)
    out[n] = EXT_TRIGGER | (edge["id"] << 8) | edge["p"]
    return n + 1


@compiled
def _run_end(packet: Packet, start: int) -> int:
    """Return where the run of one time, row, polarity and ascending x ends."""
    first = packet[start]
    end = start + 1
    while (
        end < packet.size
        and packet[end].t == first.t
        and packet[end].y == first.y
        and packet[end].p == first.p
        and packet[end].x > packet[end - 1].x
    ):
        end += 1
    return end


@compiled
def _write_run(run: Packet, width: int, out: NDArray[np.uint16], n: int) -> int:
    """Write one run as groups where a group is the shorter way, else one by one."""
    polarity = run[0].p << 11
    base = UNKNOWN
    i = 0
    while i < run.size:
        x = run[i].x
        follows = 0 <= base <= x < base + GROUP_PX <= width
        start = base if follows else max(0, min(x, width - GROUP_PX))
        mask, end = _group(run, i, start)
        if end - i <= (3 if follows else 4) or width < GROUP_PX:
            out[n] = ADDR_X | polarity | x
            n += 1
            i += 1
            continue
        if not follows:
            out[n] = VECT_BASE_X | polarity | start
            n += 1
        out[n] = VECT_12 | (mask & 0xFFF)
        out[n + 1] = VECT_12 | ((mask >> 12) & 0xFFF)
        out[n + 2] = VECT_8 | (mask >> 24)
        n += 3
        base = start + GROUP_PX
        i = end
    return n


@compiled
def _group(run: Packet, i: int, start: int) -> tuple[int, int]:
    """Return the 32-pixel mask from `start`, and the first event after it."""
    mask = 0
    while i < run.size and run[i].x < start + GROUP_PX:
        mask |= 1 << (run[i].x - start)
        i += 1
    return mask, i

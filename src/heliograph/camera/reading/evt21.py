"""EVT2.1: 64-bit words, one for up to 32 events of a row; times are those of EVT2.

The upper half is an EVT2 word, the lower a mask: bit i is an event at column x + i.
Sensors of the Gen4.1 family send the halves swapped (`endianness=legacy` in a header).

Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt21.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading.evt2 import (
    CD_OFF,
    CD_ON,
    CONTINUED,
    EXT_TRIGGER,
    HIGH_MAX,
    IMU,
    OTHERS,
    TIME_HIGH,
    set_high,
    set_low,
    time_high,
)

EVENTS_PER_WORD_MAX = 32


def lead(state: NDArray[np.void]) -> bytes:
    """Return the word that brings a fresh decoder to the time of *state*."""
    return np.array([0, time_high(state)], "<u4").tobytes()


def lead_legacy(state: NDArray[np.void]) -> bytes:
    """Return that word with its halves swapped."""
    return np.array([time_high(state), 0], "<u4").tobytes()


@compiled
def _emit_mask(
    s: Any,  # noqa: ANN401 - a numba record
    events: NDArray[np.void],
    n: int,
    head: int,
    mask: int,
) -> int:
    """Write one event for each bit of *mask*; return the new count."""
    x = (head >> 11) & 0x7FF
    y = head & 0x7FF
    while mask:
        if mask & 1:
            if x < s.width and y < s.height:
                events[n].x = x
                events[n].y = y
                events[n].p = head >> 28
                events[n].t = s.t_us
                n += 1
            else:
                s.out_of_bounds += 1
        mask >>= 1
        x += 1
    return n


@compiled
def _decode(  # noqa: C901, PLR0917 - one switch; numba takes no keywords
    words: NDArray[np.uint32],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
    head_at: int,
) -> tuple[int, int, int]:
    """Decode *words*, of shape (words, 2), whose EVT2 half is number *head_at*."""
    s = state[0]
    n = k = at = 0
    room = len(events) - EVENTS_PER_WORD_MAX
    while at < len(words) and n <= room and k < len(triggers):
        head: Any = np.int64(words[at, head_at])  # unsigned and signed make floats
        kind = head >> 28
        if kind == TIME_HIGH:
            high = head & HIGH_MAX
            if high != s.high or s.started == 0:
                if not set_high(s, high):
                    break
                if s.t_us >= until_us:
                    at += 1
                    break
        elif s.started == 0:
            s.dropped += 1
        elif kind in (CD_OFF, CD_ON):
            if set_low(s, (head >> 22) & 0x3F) >= until_us:
                break
            mask: Any = np.int64(words[at, 1 - head_at])
            n = _emit_mask(s, events, n, head, mask)
        elif kind == EXT_TRIGGER:
            if set_low(s, (head >> 22) & 0x3F) >= until_us:
                break
            triggers[k].p = head & 1
            triggers[k].t = s.t_us
            triggers[k].id = (head >> 8) & 0x1F
            k += 1
        elif kind in (IMU, OTHERS, CONTINUED):
            s.other += 1
        else:
            s.unknown += 1
        at += 1
    s.events += n
    s.triggers += k
    return at, n, k


def decode(
    words: NDArray[np.uint64],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Decode *words* until the time reaches *until_us*, a buffer is full or a fault.

    Return and take what EVT2's `decode` does; *events* must have room for
    `EVENTS_PER_WORD_MAX`.
    """
    halves = words.view("<u4").reshape(-1, 2)
    return _decode(halves, state, until_us, events, triggers, 1)


def decode_legacy(
    words: NDArray[np.uint64],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Decode words whose halves are swapped, like `decode`."""
    halves = words.view("<u4").reshape(-1, 2)
    return _decode(halves, state, until_us, events, triggers, 0)

"""EVT3: 16-bit words, the upper four bits say which kind.

A word changes the row, the column, the time, or emits up to twelve events.
Time is TIME_HIGH << 12 | TIME_LOW in us and wraps every 2^24 us. Sensors send
TIME_LOW up to 11 us back now and then; that is neither a wrap nor a carry.

Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading.state import Fault

ADDR_Y = 0x0
ADDR_X = 0x2
VECT_BASE_X = 0x3
VECT_12 = 0x4
VECT_8 = 0x5
TIME_LOW = 0x6
CONTINUED_4 = 0x7
TIME_HIGH = 0x8
EXT_TRIGGER = 0xA
IMU = 0xD
OTHERS = 0xE
CONTINUED_12 = 0xF

EVENTS_PER_WORD_MAX = 12
HIGH_BACK_IS_WRAP = 1 << 11
HIGH_MAX = LOW_MAX = (1 << 12) - 1
COLUMN_MAX = (1 << 11) - 1
UNIT_US = 1 << 12
PERIOD_US = 1 << 24
TIME_BACK = int(Fault.TIME_BACK)


def lead(state: NDArray[np.void]) -> bytes:
    """Return the words that bring a fresh decoder to *state*: time, row and base.

    Its times then begin in EVT3's period, for words cannot tell of wraps before them.
    """
    s = state[0]
    low = int(s["t_us"] - s["epoch_us"]) & LOW_MAX
    words = [TIME_HIGH << 12 | int(s["high"]), TIME_LOW << 12 | low]
    if s["y"] >= 0:
        words.append(ADDR_Y << 12 | int(s["y"]))
    if 0 <= s["base_x"] <= COLUMN_MAX:
        polarity = int(s["base_p"]) << 11
        words.append(VECT_BASE_X << 12 | polarity | int(s["base_x"]))
    return np.array(words, "<u2").tobytes()


@compiled
def _set_high(s: Any, high: int) -> bool:  # noqa: ANN401 - a numba record has no type
    """Take in a TIME_HIGH that differs; false where time goes back for no reason."""
    epoch_us = s.epoch_us
    back = s.high - high
    if s.started == 0:
        s.started = 1
    elif back >= HIGH_BACK_IS_WRAP:
        epoch_us += PERIOD_US
    elif back == -HIGH_MAX and epoch_us > 0:
        # The few us by which time may step back reach across the wrap.
        epoch_us -= PERIOD_US
    # TIME_LOW comes next; until then the start of the unit is the floor of the time.
    t_us: Any = epoch_us + (high << 12)
    if s.newest_us - t_us > UNIT_US:
        # Many small steps back are a large one.
        s.fault = TIME_BACK
        return False
    s.wraps += (epoch_us - s.epoch_us) // PERIOD_US
    s.epoch_us = epoch_us
    s.time_steps_back += t_us < s.newest_us
    s.newest_us = max(s.newest_us, t_us)
    s.high = high
    s.t_us = t_us
    return True


@compiled
def _emit(
    s: Any,  # noqa: ANN401 - a numba record
    events: NDArray[np.void],
    n: int,
    x: int,
    p: int,
) -> int:
    """Write one event at column *x* of the row; return the new count."""
    if s.y < 0 or x < 0:
        s.dropped += 1
    elif s.y >= s.height or x >= s.width:
        s.out_of_bounds += 1
    else:
        events[n].x = x
        events[n].y = s.y
        events[n].p = p
        events[n].t = s.t_us
        n += 1
    return n


@compiled
def _emit_vector(
    s: Any,  # noqa: ANN401 - a numba record
    events: NDArray[np.void],
    n: int,
    mask: int,
) -> int:
    """Write one event for each bit of *mask*; return the new count."""
    x = s.base_x
    while mask:
        if mask & 1:
            n = _emit(s, events, n, x, s.base_p)
        mask >>= 1
        if x >= 0:
            x += 1
    return n


@compiled
def decode(  # noqa: C901, PLR0912 - one switch over the kinds of words
    words: NDArray[np.uint16],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Decode *words* until the time reaches *until_us*, a buffer is full or a fault.

    Return how many words were taken, events and triggers written. The word that
    moves the time to *until_us* is taken; a word at fault is not. *events* must
    have room for `EVENTS_PER_WORD_MAX`.
    """
    s = state[0]
    n = k = at = 0
    room = len(events) - EVENTS_PER_WORD_MAX
    while at < len(words) and n <= room and k < len(triggers):
        word: Any = np.int64(words[at])  # unsigned and signed make floats
        kind = word >> 12
        at += 1
        if kind == TIME_HIGH:
            if (word & 0xFFF) != s.high or s.started == 0:
                if not _set_high(s, word & 0xFFF):
                    at -= 1
                    break
                if s.t_us >= until_us:
                    break
        elif s.started == 0:
            s.dropped += 1
        elif kind == ADDR_X:
            n = _emit(s, events, n, word & 0x7FF, (word >> 11) & 1)
        elif kind == ADDR_Y:
            s.y = word & 0x7FF
        elif kind == TIME_LOW:
            t_us = s.epoch_us + (s.high << 12) + (word & 0xFFF)
            s.time_steps_back += t_us < s.t_us
            s.t_us = t_us
            if t_us >= until_us:
                break
        elif kind == VECT_BASE_X:
            s.base_x = word & 0x7FF
            s.base_p = (word >> 11) & 1
        elif kind == VECT_12:
            n = _emit_vector(s, events, n, word & 0xFFF)
            s.base_x += 12 if s.base_x >= 0 else 0
        elif kind == VECT_8:
            n = _emit_vector(s, events, n, word & 0xFF)
            s.base_x += 8 if s.base_x >= 0 else 0
        elif kind == EXT_TRIGGER:
            triggers[k].p = word & 1
            triggers[k].t = s.t_us
            triggers[k].id = (word >> 8) & 0xF
            k += 1
        elif kind in (CONTINUED_4, IMU, OTHERS, CONTINUED_12):
            s.other += 1
        else:
            s.unknown += 1
    s.events += n
    s.triggers += k
    return at, n, k

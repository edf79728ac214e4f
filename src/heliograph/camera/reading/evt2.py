"""EVT2: 32-bit words, one word an event; the upper four bits say which kind.

An event carries the lower six bits of its time, TIME_HIGH words the upper 28, so
time wraps every 2^34 us (4 h 46 min).

Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt2.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading.state import GAP_US_MAX, Fault

CD_OFF = 0x0
CD_ON = 0x1
TIME_HIGH = 0x8
EXT_TRIGGER = 0xA
IMU = 0xD
OTHERS = 0xE
CONTINUED = 0xF

HIGH_BACK_IS_WRAP = 1 << 27
HIGH_MAX = (1 << 28) - 1
HIGH_LEAP_MAX = GAP_US_MAX >> 6
UNIT_US = 1 << 6
PERIOD_US = 1 << 34
TIME_BACK = int(Fault.TIME_BACK)
TIME_LEAP = int(Fault.TIME_LEAP)


def lead(state: NDArray[np.void]) -> bytes:
    """Return the word that brings a fresh decoder to the time of *state*."""
    return np.array([time_high(state)], "<u4").tobytes()


def time_high(state: NDArray[np.void]) -> int:
    """Return the TIME_HIGH that *state* stands at."""
    return TIME_HIGH << 28 | int(state[0]["high"])


@compiled
def set_high(s: Any, high: int) -> bool:  # noqa: ANN401 - a numba record has no type
    """Take in a TIME_HIGH that differs; false where time leaps for no reason."""
    step = high - s.high
    epoch_step_us = 0
    if step <= -HIGH_BACK_IS_WRAP:
        epoch_step_us = PERIOD_US
    elif step == HIGH_MAX and s.epoch_us > 0:
        # The few us by which time may step back reach across the wrap.
        epoch_step_us = -PERIOD_US
    elapsed = step + (epoch_step_us >> 6)
    t_us: Any = s.epoch_us + epoch_step_us + (high << 6)
    if s.started == 1 and s.newest_us - t_us > UNIT_US:
        # Many small steps back are a large one.
        s.fault = TIME_BACK
        return False
    if s.started == 1 and elapsed > HIGH_LEAP_MAX:
        s.fault = TIME_LEAP
        return False
    if s.started == 1 and epoch_step_us != 0:
        s.epoch_us += epoch_step_us
        s.wraps += 1 if epoch_step_us > 0 else -1
    s.started = 1
    s.time_steps_back += t_us < s.newest_us
    s.newest_us = max(s.newest_us, t_us)
    s.high = high
    s.t_us = t_us
    return True


@compiled
def set_low(s: Any, low: int) -> int:  # noqa: ANN401 - a numba record
    """Take in the lower six bits of the time; return the time."""
    t_us: int = s.epoch_us + (s.high << 6) + low
    s.time_steps_back += t_us < s.t_us
    s.t_us = t_us
    return t_us


@compiled
def decode(  # noqa: C901, PLR0912 - one switch over the kinds of words
    words: NDArray[np.uint32],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Decode *words* until the time reaches *until_us*, a buffer is full or a fault.

    Return how many words were taken, events and triggers written. The word that
    moves the time to *until_us* is taken when it is a TIME_HIGH, left when it is an
    event or a trigger; a word at fault is left too.
    """
    s = state[0]
    n = k = at = 0
    while at < len(words) and n < len(events) and k < len(triggers):
        word: Any = np.int64(words[at])  # unsigned and signed make floats
        kind = word >> 28
        if kind == TIME_HIGH:
            high = word & HIGH_MAX
            if high != s.high or s.started == 0:
                if not set_high(s, high):
                    break
                if s.t_us >= until_us:
                    at += 1
                    break
        elif s.started == 0:
            s.dropped += 1
        elif kind in (CD_OFF, CD_ON):
            t_us = set_low(s, (word >> 22) & 0x3F)
            if t_us >= until_us:
                break
            x = (word >> 11) & 0x7FF
            y = word & 0x7FF
            if x < s.width and y < s.height:
                events[n].x = x
                events[n].y = y
                events[n].p = kind
                events[n].t = t_us
                n += 1
            else:
                s.out_of_bounds += 1
        elif kind == EXT_TRIGGER:
            t_us = set_low(s, (word >> 22) & 0x3F)
            if t_us >= until_us:
                break
            triggers[k].p = word & 1
            triggers[k].t = t_us
            triggers[k].id = (word >> 8) & 0x1F
            k += 1
        elif kind in (IMU, OTHERS, CONTINUED):
            s.other += 1
        else:
            s.unknown += 1
        at += 1
    s.events += n
    s.triggers += k
    return at, n, k

"""A share of an EVT3 stream: groups of words are decoded in turns, the others counted.

Under a burst decoding alone may take longer than there is time. Of a group that is
passed by only the count of its events is taken, and what the next group needs to know:
time, row, and place of a vector. That is a fifth of the work, a look into a table. A
group that holds more than events and their time (a trigger, a new TIME_HIGH, the
window's end) is always decoded, so that time and triggers are kept.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading.evt3 import (
    ADDR_X,
    ADDR_Y,
    TIME_HIGH,
    TIME_LOW,
    VECT_8,
    VECT_12,
    VECT_BASE_X,
    decode,
)

GROUP_WORDS = 1024
"""At 100 Mev/s about 10 us of the stream, some rows of it."""

EVENTS_BITS, VECTOR, HIGH, OTHER = 0xF, 0x10, 0x20, 0x40


def _table() -> NDArray[np.uint8]:
    """Return, by word, how many events it holds, and flags of what kind it is."""
    by_kind = np.full((16, 1 << 12), OTHER, np.uint8)
    by_kind[[ADDR_Y, TIME_LOW]] = 0
    by_kind[ADDR_X] = 1
    by_kind[TIME_HIGH] = HIGH
    by_kind[VECT_BASE_X] = VECTOR
    bits = np.array([mask.bit_count() for mask in range(1 << 12)], np.uint8)
    by_kind[VECT_12] = VECTOR | bits
    by_kind[VECT_8] = VECTOR | np.tile(bits[: 1 << 8], 1 << 4)
    return by_kind.reshape(-1)


TOLD = _table()


@compiled
def decode_share(  # noqa: PLR0917 - numba takes no keywords
    words: NDArray[np.uint16],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
    one_of: int,
) -> tuple[int, int, int]:
    """Decode one group of *one_of*, otherwise as `evt3.decode` does.

    What is passed by is counted in `state["thinned"]`.
    """
    s = state[0]
    n = k = at = turn = 0
    while at < len(words):
        end = min(at + GROUP_WORDS, len(words))
        passed = -1 if turn == 0 else _pass_by(s, words[at:end], until_us)
        turn = (turn + 1) % one_of
        if passed >= 0:
            s.thinned += passed
            at = end
            continue
        taken, new_events, new_triggers = decode(
            words[at:end], state, until_us, events[n:], triggers[k:]
        )
        at, n, k = at + taken, n + new_events, k + new_triggers
        if at < end or s.t_us >= until_us:
            break
    return at, n, k


@compiled
def _pass_by(
    s: Any,  # noqa: ANN401 - a numba record has no type
    words: NDArray[np.uint16],
    until_us: int,
) -> int:
    """Return how many events *words* hold; -1 where they have to be decoded."""
    if s.started == 0:
        return -1
    events = flags = 0
    for i in range(len(words)):
        told: Any = np.int64(TOLD[words[i]])
        events += told & EVENTS_BITS
        flags |= told
    if flags & OTHER:
        return -1
    if flags & HIGH:
        same = TIME_HIGH << 12 | s.high
        for i in range(len(words)):
            word: Any = np.int64(words[i])
            if word >> 12 == TIME_HIGH and word != same:
                return -1
    low_us = _last(words, TIME_LOW)
    unit_us = s.epoch_us + (s.high << 12)
    if low_us >= 0:
        if unit_us + low_us >= until_us:
            return -1
        s.t_us = unit_us + low_us
    row = _last(words, ADDR_Y)
    s.y = s.y if row < 0 else row & 0x7FF
    if flags & VECTOR:
        _follow_vectors(s, words)
    return events


@compiled
def _last(words: NDArray[np.uint16], kind: int) -> int:
    """Return what the last word of *kind* holds, or -1."""
    for i in range(len(words) - 1, -1, -1):
        word: Any = np.int64(words[i])
        if word >> 12 == kind:
            held: int = word & 0xFFF
            return held
    return -1


@compiled
def _follow_vectors(
    s: Any,  # noqa: ANN401 - a numba record
    words: NDArray[np.uint16],
) -> None:
    """Move the vector base to where it is behind *words*."""
    steps = 0
    for i in range(len(words) - 1, -1, -1):
        word: Any = np.int64(words[i])
        kind = word >> 12
        if kind == VECT_BASE_X:
            s.base_x = (word & 0x7FF) + steps
            s.base_p = (word >> 11) & 1
            return
        steps += 12 if kind == VECT_12 else 8 if kind == VECT_8 else 0
    if s.base_x >= 0:
        s.base_x += steps

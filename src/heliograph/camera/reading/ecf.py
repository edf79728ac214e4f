"""ECF, the compression of Metavision's HDF5 files, one chunk of events at a time.

A chunk is a count with two flags, the times as steps and runs, and then y, x and p in
one of three ways: packed all three into 24 bits, x and p into 12, or rows as runs, x as
masks and polarities as runs. HDF5 knows it as filter 0x8ECF, which is in no package;
this reads it without one.

Source: https://github.com/prophesee-ai/hdf5_ecf (the format; the code is our own)
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled

FILTER_ID = 0x8ECF
EVENTS_MAX = 65_535
HEAD_BYTES = 12
BROKEN = -1
NIBBLES_MAX = 16


@compiled
def decode(data: NDArray[np.uint8], out: NDArray[np.void]) -> int:
    """Decode a chunk into *out* (dtype `RECORD`); return how many events it holds.

    `BROKEN` where *data* ends before them or *out* has no room for them.
    """
    if len(data) < HEAD_BYTES:
        return BROKEN
    info = _little(data, 0, 4)
    n = info >> 2
    if n > len(out) or n > EVENTS_MAX:
        return BROKEN
    at = _times(data, n, out)
    if at < 0:
        return BROKEN
    if info & 2:
        at = _packed_24(data, at, n, out)
    else:
        at = _rows(data, at, n, out)
        if at >= 0 and info & 1:
            at = _packed_12(data, at, n, out)
        elif at >= 0:
            at = _columns(data, at, n, out)
            at = _polarities(data, at, n, out) if at >= 0 else at
    return n if at >= 0 else BROKEN


@compiled
def _little(data: NDArray[np.uint8], at: int, size: int) -> int:
    """Read *size* bytes, the lowest first."""
    value: Any = np.int64(0)
    for i in range(size):
        value |= np.int64(data[at + i]) << (8 * i)
    return value  # type: ignore[no-any-return]  # numba's is an int


@compiled
def _times(data: NDArray[np.uint8], n: int, out: NDArray[np.void]) -> int:
    """Read the times; return where they end, or `BROKEN`."""
    t = _little(data, 4, 8)
    at = HEAD_BYTES
    i = 0
    while i < n:
        step: Any = np.int64(0)
        nibbles = 0
        while at < len(data) and data[at] >> 4 == 0xF:  # noqa: PLR2004 - more to come
            if nibbles == NIBBLES_MAX:
                return BROKEN
            step |= np.int64(data[at] & 0xF) << (4 * nibbles)
            nibbles += 1
            at += 1
        if at >= len(data):
            return BROKEN
        t += step + (data[at] >> 4)
        count = data[at] & 0xF
        at += 1
        if count == 0xF:  # noqa: PLR2004 - a longer count follows
            if at + 2 > len(data):
                return BROKEN
            count = _little(data, at, 2)
            at += 2
        for _ in range(min(count, n - i)):
            out[i].t = t
            i += 1
    return at


@compiled
def _rows(data: NDArray[np.uint8], at: int, n: int, out: NDArray[np.void]) -> int:
    """Read y as runs."""
    i = 0
    while i < n:
        if at + 2 > len(data):
            return BROKEN
        word = _little(data, at, 2)
        at += 2
        count = word & 0x1F
        if count == 0x1F:  # noqa: PLR2004 - a longer count follows
            if at + 2 > len(data):
                return BROKEN
            count = _little(data, at, 2)
            at += 2
        for _ in range(min(count, n - i)):
            out[i].y = word >> 5
            i += 1
    return at


@compiled
def _polarities(data: NDArray[np.uint8], at: int, n: int, out: NDArray[np.void]) -> int:
    """Read p as runs."""
    i = 0
    while i < n:
        if at >= len(data):
            return BROKEN
        byte = data[at]
        at += 1
        count = byte & 0x7F
        if count == 0x7F:  # noqa: PLR2004 - a longer count follows
            if at + 2 > len(data):
                return BROKEN
            count = _little(data, at, 2)
            at += 2
        for _ in range(min(count, n - i)):
            out[i].p = byte >> 7
            i += 1
    return at


@compiled
def _columns(data: NDArray[np.uint8], at: int, n: int, out: NDArray[np.void]) -> int:
    """Read x: each word is a column and which of the next five follow."""
    i = 0
    while i < n:
        if at + 2 > len(data):
            return BROKEN
        word = _little(data, at, 2)
        at += 2
        out[i].x = word >> 5
        i += 1
        for j in range(5):
            # What is said of events behind the last one means nothing.
            if word & (0x10 >> j) and i < n:
                out[i].x = (word >> 5) + j + 1
                i += 1
    return at


@compiled
def _packed_12(data: NDArray[np.uint8], at: int, n: int, out: NDArray[np.void]) -> int:
    """Read x and p, four events in three words of 16 bits."""
    for i in range(0, n, 4):
        if at + 6 > len(data):
            return BROKEN
        a, b, c = (
            _little(data, at, 2),
            _little(data, at + 2, 2),
            _little(data, at + 4, 2),
        )
        at += 6
        four = (a >> 4, a & 0xF | b >> 8 << 4, b & 0xFF | c >> 12 << 8, c & 0xFFF)
        for j in range(min(4, n - i)):
            out[i + j].x = four[j] >> 1
            out[i + j].p = four[j] & 1
    return at


@compiled
def _packed_24(data: NDArray[np.uint8], at: int, n: int, out: NDArray[np.void]) -> int:
    """Read y, x and p, four events in three words of 32 bits."""
    for i in range(0, n, 4):
        if at + 12 > len(data):
            return BROKEN
        a, b, c = (
            _little(data, at, 4),
            _little(data, at + 4, 4),
            _little(data, at + 8, 4),
        )
        at += 12
        four = (
            a >> 8,
            a & 0xFF | b >> 16 << 8,
            b & 0xFFFF | c >> 24 << 16,
            c & 0xFFFFFF,
        )
        for j in range(min(4, n - i)):
            out[i + j].y = four[j] >> 12 & 0x7FF
            out[i + j].x = four[j] >> 1 & 0x7FF
            out[i + j].p = four[j] & 1
    return at

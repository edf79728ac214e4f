"""ECF as Metavision's encoder writes it, for tests: one chunk of events to bytes.

Written after the format's description, by other means than the reader's.
"""

import struct
from itertools import groupby

from heliograph.camera.types import Packet

ROWS, PACKED_12, PACKED_24 = 0, 1, 2
"""The three ways in which pixels and polarities may be packed."""


def ecf_chunk(packet: Packet, way: int) -> bytes:
    """Return *packet*, of at least one event, packed in *way*."""
    head = struct.pack("<I", len(packet) << 2 | way)
    if way == PACKED_24:
        return head + times(packet) + packed_24(packet)
    if way == PACKED_12:
        return head + times(packet) + rows(packet) + packed_12(packet)
    return head + times(packet) + rows(packet) + columns(packet) + polarities(packet)


def runs(values: list[int]) -> list[tuple[int, int]]:
    """Return each run as its value and its length."""
    return [(value, len([*run])) for value, run in groupby(values)]


def times(packet: Packet) -> bytes:
    """Write the first time, then steps of up to 14 us and how many events follow."""
    out = struct.pack("<Q", packet["t"][0])
    now = int(packet["t"][0])
    for t, count in runs(packet["t"].tolist()):
        step = max(0, t - now)
        if step >= 15:
            while step:
                out += bytes((0xF0 | step & 0xF,))
                step >>= 4
        now = max(now, t)
        short = count < 15
        out += bytes((step << 4 | (count if short else 15),))
        out += b"" if short else struct.pack("<H", count)
    return out


def rows(packet: Packet) -> bytes:
    """Write runs of rows."""
    out = b""
    for y, count in runs(packet["y"].tolist()):
        short = count < 31
        out += struct.pack("<H", y << 5 | (count if short else 31))
        out += b"" if short else struct.pack("<H", count)
    return out


def columns(packet: Packet) -> bytes:
    """Write a column and a mask of the five behind it."""
    out, xs = b"", packet["x"].tolist()
    while xs:
        first, word = xs.pop(0), 0
        for behind in range(5):
            if xs and xs[0] == first + behind + 1:
                word |= 0x10 >> behind
                xs.pop(0)
        out += struct.pack("<H", first << 5 | word)
    return out


def polarities(packet: Packet) -> bytes:
    """Write runs of polarities."""
    out = b""
    for p, count in runs(packet["p"].tolist()):
        short = count < 127
        out += bytes((p << 7 | (count if short else 127),))
        out += b"" if short else struct.pack("<H", count)
    return out


def packed_12(packet: Packet) -> bytes:
    """Write x and p in 12 bits, four of them in three words."""
    values = [int(x) << 1 | int(p) for x, p in packet[["x", "p"]]]
    return b"".join(
        struct.pack("<3H", a << 4 | b & 0xF, b >> 4 << 8 | c & 0xFF, c >> 8 << 12 | d)
        for a, b, c, d in fours(values)
    )


def packed_24(packet: Packet) -> bytes:
    """Write y, x and p in 24 bits, four of them in three words."""
    values = [
        int(y) << 12 | int(x) << 1 | int(p) for x, y, p in packet[["x", "y", "p"]]
    ]
    return b"".join(
        struct.pack(
            "<3I", a << 8 | b & 0xFF, b >> 8 << 16 | c & 0xFFFF, c >> 16 << 24 | d
        )
        for a, b, c, d in fours(values)
    )


def fours(values: list[int]) -> list[list[int]]:
    """Cut *values* into fours; what lacks is 0."""
    whole = values + [0] * (-len(values) % 4)
    return [whole[i : i + 4] for i in range(0, len(whole), 4)]

"""AEDAT4: headers, packets and what they hold, each as the fuzzer likes it.

The choice puts a header before the wire, which are packets then; or makes the wire what
one packet of events, or of triggers, holds, packed; or takes it as a whole file.
"""

import struct

import lz4.frame
import zstandard
from case import Case, case_of
from every_way import judge_recording

STREAMS = "".join(
    f'<node name="{number}" path="/{number}/"><attr key="typeIdentifier" type="string">'
    f"{kind}</attr></node>"
    for number, kind in enumerate(("EVTS", "TRIG", "FRME"))
)
INFO = f'<dv version="2.0"><node name="outInfo" path="/o/">{STREAMS}</node></dv>'
PLAIN, LZ4, ZSTD = 0, 1, 3


def judge(data: bytes) -> None:
    """Judge a file by *data*."""
    case = case_of(data)
    if case is None:
        return
    wire = case.wire
    match case.choice % 6:
        case 0:
            file = head(PLAIN) + wire
        case 1:
            file = head(PLAIN) + packet(0, wire)
        case 2:
            file = head(PLAIN) + packet(1, wire) + packet(0, EVENTS)
        case 3:
            file = head(LZ4) + packet(0, lz4.frame.compress(wire))
        case 4:
            file = head(ZSTD) + packet(0, zstandard.ZstdCompressor().compress(wire))
        case _:
            file = wire
    judge_recording(file, case.seed)


def head(compression: int) -> bytes:
    """Write a header."""
    text = INFO.encode()
    table = struct.pack("<I4s", 24, b"IOHE") + struct.pack("<4x2x5H", 10, 20, 16, 8, 4)
    table += struct.pack("<2iqi", 10, 16, -1, compression)
    table += struct.pack("<I", len(text)) + text + b"\0"
    return b"#!AER-DAT4.0\r\n" + struct.pack("<I", len(table)) + table


def packet(stream: int, held: bytes) -> bytes:
    """Write a packet."""
    return struct.pack("<2i", stream, len(held)) + held


def held(kind: bytes, vector: bytes) -> bytes:
    """Write a buffer whose root table has one field, and its size before."""
    data = struct.pack("<I4s2x3H2I", 16, kind, 6, 8, 4, 6, 4) + vector
    return struct.pack("<I", len(data)) + data


EVENTS = held(
    b"EVTS",
    struct.pack("<I", 3)
    + b"".join(struct.pack("<qhhB3x", t, 5, 6, t % 2) for t in (1000, 1001, 90_000)),
)
TRIGGERS = held(
    b"TRIG",
    struct.pack("<II4HIb3xq", 1, 12, 8, 16, 8, 4, 8, 1, 500),
)


def seeds() -> list[Case]:
    """Write what recorders write, and some of what they do not."""
    packets = packet(0, EVENTS) + packet(2, b"a picture") + packet(1, TRIGGERS)
    files = [head(PLAIN) + packets, head(LZ4) + packets, head(ZSTD), head(9)]
    cases = [Case(0, seed, packets) for seed in range(3)]
    cases += [Case(choice, 1, EVENTS) for choice in (1, 2, 3, 4)]
    cases += [Case(choice, 2, TRIGGERS) for choice in (1, 2, 3, 4)]
    cases += [Case(choice, 3, EVENTS[:-5]) for choice in (0, 1, 2, 3, 4)]
    cases += [Case(5, i, file) for i, file in enumerate(files)]
    cases += [Case(5, 9, file[:-7]) for file in files]
    return cases

"""AEDAT4 recordings written byte by byte, for tests."""

import struct
from collections.abc import Callable

import lz4.frame
import numpy as np
import zstandard

from heliograph.camera.reading.aedat4 import EVENT_4
from heliograph.camera.types import Packet

Pack = Callable[[bytes], bytes]
PACKS: dict[int, Pack] = {
    0: bytes,
    1: lz4.frame.compress,
    3: zstandard.ZstdCompressor().compress,
}
STREAM = """<node name="{number}" path="/{number}/">
<attr key="typeIdentifier" type="string">{kind}</attr>
<node name="info" path="/{number}/info/">{size}</node></node>"""
SIZE = '<attr key="sizeX" type="int">640</attr><attr key="sizeY" type="int">480</attr>'
FRAMES, EVENTS, TRIGGERS = 0, 1, 2
INFO = (
    '<dv version="2.0"><node name="outInfo" path="/outInfo/">'
    + STREAM.format(number=FRAMES, kind="FRME", size="")
    + STREAM.format(number=EVENTS, kind="EVTS", size=SIZE)
    + STREAM.format(number=TRIGGERS, kind="TRIG", size="")
    + "</node></dv>"
)


def aedat4(
    *packets: tuple[int, bytes],
    compression: int = 1,
    info: str = INFO,
    end: bool = False,
) -> bytes:
    """Return a file of *packets*, each a stream's number and what it holds.

    With *end* there is a table of contents behind them, else the recording broke off.
    """
    pack = PACKS.get(compression, bytes)
    packed = [(number, pack(data)) for number, data in packets]
    body = b"".join(struct.pack("<2i", n, len(data)) + data for n, data in packed)
    text = info.encode()
    fields = struct.pack("<4x2x5H", 10, 20, 16, 8, 4)
    at = 18 + 24 + 24 + len(text) + 1 + len(body)
    table = struct.pack("<2iqi", 10, 16, at if end else -1, compression)
    header = struct.pack("<I4s", 24, b"IOHE") + fields + table
    header += struct.pack("<I", len(text)) + text + b"\0"
    start = b"#!AER-DAT4.0\r\n" + struct.pack("<I", len(header)) + header
    return start + body + (b"a table of contents" if end else b"")


def events_of(packet: Packet) -> tuple[int, bytes]:
    """Return a packet of events."""
    events = np.zeros(len(packet), EVENT_4)
    for name, column in (("t", "t"), ("x", "x"), ("y", "y"), ("on", "p")):
        events[name] = packet[column]
    return EVENTS, sized(b"EVTS", struct.pack("<I", len(events)) + events.tobytes())


def triggers_of(*triggers: tuple[int, int]) -> tuple[int, bytes]:
    """Return a packet of triggers, each a time and its kind."""
    count = len(triggers)
    places, tables = b"", b""
    for i, (t, kind) in enumerate(triggers):
        # 8 bytes say where a table's fields are, 16 are the table.
        places += struct.pack("<I", 4 * (count - i) + 24 * i + 8)
        tables += struct.pack("<4H", 8, 16, 8, 4) + struct.pack("<ib3xq", 8, kind, t)
    return TRIGGERS, sized(b"TRIG", struct.pack("<I", count) + places + tables)


def sized(kind: bytes, vector: bytes) -> bytes:
    """Return a buffer whose root table has one field, *vector*, and its size before."""
    data = struct.pack("<I4s2x3H2I", 16, kind, 6, 8, 4, 6, 4) + vector
    return struct.pack("<I", len(data)) + data

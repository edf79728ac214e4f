"""RAW files written word by word, for tests that know every bit of them."""

import struct
from io import BytesIO

import numpy as np

from heliograph.camera.reading.errors import RecordingError
from heliograph.camera.reading.formats import open as open_recording
from heliograph.camera.reading.recording import Recording
from heliograph.camera.types import EVENT, Packet, Size

EVT3_HEADER = b"% format EVT3;height=720;width=1280\n% end\n"
EVT2_HEADER = b"% format EVT2;height=480;width=640\n% end\n"


def evt3(*words: int) -> bytes:
    """Return a 1280 x 720 EVT3 file of these 16-bit words."""
    return EVT3_HEADER + struct.pack(f"<{len(words)}H", *words)


def evt2(*words: int) -> bytes:
    """Return a 640 x 480 EVT2 file of these 32-bit words."""
    return EVT2_HEADER + struct.pack(f"<{len(words)}I", *words)


def high(value: int) -> int:
    """Return an EVT3 TIME_HIGH."""
    return 0x8000 | value


def low(value: int) -> int:
    """Return an EVT3 TIME_LOW."""
    return 0x6000 | value


def row(y: int) -> int:
    """Return an EVT3 ADDR_Y."""
    return y


def column(x: int, p: int = 1) -> int:
    """Return an EVT3 ADDR_X, which is one event."""
    return 0x2000 | p << 11 | x


def base(x: int, p: int = 1) -> int:
    """Return an EVT3 VECT_BASE_X."""
    return 0x3000 | p << 11 | x


def high2(value: int) -> int:
    """Return an EVT2 TIME_HIGH."""
    return 0x8 << 28 | value


def event2(low6: int, x: int, y: int, p: int = 1) -> int:
    """Return an EVT2 event."""
    return p << 28 | low6 << 22 | x << 11 | y


SMALL_EVT3 = evt3(
    *(high(2), low(10), row(5), column(6), 0x3000 | 20, 0x4FFF, 0x50FF, 0xA301),
    *(high(5), low(1), column(7), row(8), high(6), column(9), 0xE014, 0x7001),
)
"""Words of every kind that emits, 23 events in two windows of 10 ms."""


def opened(
    data: bytes, delta_t_us: int = 10_000, size: Size | None = None
) -> Recording:
    """Open *data* as if it were a file."""
    return open_recording(BytesIO(data), delta_t_us, size=size)


def tuples(packet: Packet) -> list[tuple[int, int, int, int]]:
    """Return *packet* as (x, y, p, t)."""
    return [(int(e["x"]), int(e["y"]), int(e["p"]), int(e["t"])) for e in packet]


def all_events(recording: Recording) -> Packet:
    """Read *recording* to its end and put its windows together."""
    return np.concatenate([np.empty(0, EVENT), *recording])


def outcome(
    data: bytes, delta_t_us: int = 10_000, size: Size | None = None
) -> tuple[list[tuple[int, int, int, int]], RecordingError | None]:
    """Read *data* as far as it goes; return its events and how it failed, if so."""
    events: list[tuple[int, int, int, int]] = []
    try:
        for packet in opened(data, delta_t_us, size):
            events += tuples(packet)
    except RecordingError as error:
        return events, error
    return events, None


def evt21(*words: tuple[int, int], legacy: bool = False) -> bytes:
    """Return a 640 x 480 EVT2.1 file; a word is its EVT2 half and its mask."""
    order = "legacy" if legacy else "little"
    header = f"% format EVT21;height=480;width=640;endianness={order}\n% end\n"
    halves = [
        half for head, mask in words for half in ((head, mask)[:: 1 if legacy else -1])
    ]
    return header.encode() + struct.pack(f"<{len(halves)}I", *halves)


DAT_HEADER = (
    b"% Data file containing CD events.\n% Version 2\n% Height 480\n% Width 640\n"
)


def dat(*events: tuple[int, int, int, int], header: bytes = DAT_HEADER) -> bytes:
    """Return a 640 x 480 DAT file of events (x, y, p, t)."""
    pairs = [
        half for x, y, p, t in events for half in (t % (1 << 32), p << 28 | y << 14 | x)
    ]
    return header + bytes((12, 8)) + struct.pack(f"<{len(pairs)}I", *pairs)


def npy(array: object, **options: bool) -> bytes:
    """Return an NPY file of *array*."""
    file = BytesIO()
    np.save(file, array, **options)  # type: ignore[arg-type]  # any object can be saved
    return file.getvalue()


def packet_of(*events: tuple[int, int, int, int]) -> Packet:
    """Return events (x, y, p, t) as a packet."""
    return np.array(list(events), EVENT)

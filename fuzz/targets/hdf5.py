"""HDF5: small files with bytes changed, and chunks of ECF.

The choice makes the wire a chunk of ECF, or a file. libhdf5 is not ours: what it makes
of a file is judged, not how it is written.
"""

from functools import lru_cache
from io import BytesIO

import h5py
import numpy as np
from case import Case, case_of
from every_way import judge_recording

from heliograph.camera.reading import ecf
from heliograph.camera.reading.records import RECORD
from heliograph.camera.types import EVENT, TRIGGER

PACKET = np.array([(1, 2, 1, 5), (1279, 719, 0, 9_000), (7, 8, 1, 31_000)], EVENT)
ROOM = 64


def judge(data: bytes) -> None:
    """Judge a chunk or a file by *data*."""
    case = case_of(data)
    if case is None:
        return
    if case.choice % 2:
        judge_recording(case.wire, case.seed, pipe=False)
        return
    guarded = np.full(ROOM + 2, 7, RECORD)
    count = ecf.decode(np.frombuffer(case.wire, np.uint8), guarded[1:-1])
    assert ecf.BROKEN <= count <= ROOM
    assert guarded[0] == guarded[-1] == np.full(1, 7, RECORD)[0]
    # A chunk that is whole is whole whatever follows it.
    again = np.zeros(ROOM, RECORD)
    longer = ecf.decode(np.frombuffer(case.wire + b"\xff" * 9, np.uint8), again)
    if count != ecf.BROKEN:
        assert longer == count
        names = ["t", "x", "y", "p"]
        assert np.array_equal(again[:count][names], guarded[1 : count + 1][names])


@lru_cache
def files() -> list[bytes]:
    """Write a file of each layout."""
    made = []
    for layout in range(3):
        file = BytesIO()
        with h5py.File(file, "w", libver="latest") as h5:
            # Of fixed length: in a damaged heap of texts libhdf5 goes round for ever.
            h5.attrs["geometry"] = np.bytes_("1280x720")
            if layout == 0:
                h5["CD/events"] = PACKET
                h5["EXT_TRIGGER/events"] = np.array([(1, 6_000, 2)], TRIGGER)
            elif layout == 1:
                h5["t_offset"] = 50
                for name in "xypt":
                    h5[f"events/{name}"] = PACKET[name]
            else:
                h5.create_dataset("events", data=PACKET, chunks=(2,), compression=1)
        made.append(file.getvalue())
    return made


def seeds() -> list[Case]:
    """Write files of each layout, cut too, and chunks of each way of packing."""
    texts = (
        # Three events in each way: rows, 12 bits, 24 bits.
        "0c00000005000000000000000211f1f321430040000d81",
        "0d00000005000000000000000311430030005021000001",
        "0e00000005000000000000000301020304050607080910111213",
    )
    chunks = [bytes.fromhex(text) for text in texts]
    chunks += [chunk[:cut] for chunk in chunks for cut in (4, 12, len(chunk) - 1)]
    chunks += [b"\x0c\0\0\0" + bytes(8) + b"\xff" * 20, b"\x00\0\0\0" + bytes(8)]
    cases = [Case(0, 0, chunk) for chunk in chunks]
    cases += [Case(1, 0, file) for file in files()]
    cases += [Case(1, 0, file[:cut]) for file in files() for cut in (100, -100, -1)]
    return cases

"""HDF5 recordings in the layouts of the field, for tests."""

from io import BytesIO

import h5py
import numpy as np
from numpy.typing import NDArray

from ecf_writing import ecf_chunk
from heliograph.camera.reading.ecf import FILTER_ID
from heliograph.camera.types import EVENT, Packet

# As a C compiler lays it out, which is how Metavision's files have it.
EVENT_CD = np.dtype(EVENT.descr, align=True)


def metavision(
    packet: Packet,
    triggers: NDArray[np.void] | None = None,
    *,
    ecf_way: int | None = None,
    chunk: int = 16,
    geometry: str | None = "640x480",
) -> bytes:
    """Return a file of Metavision's, packed by ECF in *ecf_way* unless that is None."""
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        if geometry is not None:
            h5.attrs["geometry"] = geometry
        if ecf_way is None:
            h5.create_dataset(
                "CD/events",
                data=packet.astype(EVENT_CD),
                chunks=(min(chunk, len(packet)),),
            )
        else:
            write_ecf(h5, packet, ecf_way, chunk)
        if triggers is not None:
            h5.create_dataset("EXT_TRIGGER/events", data=triggers)
    return file.getvalue()


def write_ecf(h5: h5py.File, packet: Packet, way: int, chunk: int) -> None:
    """Write `/CD/events` chunk by chunk, past the filter that h5py does not have."""
    told = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    told.set_chunk((chunk,))
    told.set_filter(FILTER_ID, h5py.h5z.FLAG_OPTIONAL, ())
    told.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind = h5py.h5t.py_create(EVENT_CD)
    space = h5py.h5s.create_simple((len(packet),), (h5py.h5s.UNLIMITED,))
    events = h5py.h5d.create(h5.create_group("CD").id, b"events", kind, space, told)
    for at in range(0, len(packet), chunk):
        # The last chunk is filled up with zeros before it is packed.
        whole = np.zeros(chunk, EVENT)
        part = packet[at : at + chunk]
        whole[: len(part)] = part
        events.write_direct_chunk((at,), ecf_chunk(whole, way))


def columns(packet: Packet, *, t_offset: int = 0, rvt: bool = False) -> bytes:
    """Return a file of DSEC's, or of RVT's, which tells the geometry."""
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        for name, dtype in (("x", "u2"), ("y", "u2"), ("p", "u1"), ("t", "u4")):
            values = packet[name] - (t_offset if name == "t" else 0)
            h5.create_dataset(f"events/{name}", data=values.astype(dtype), chunks=True)
        last_ms = int(packet["t"][-1] - t_offset) // 1000 + 1
        h5["ms_to_idx"] = np.searchsorted(
            packet["t"] - t_offset, np.arange(last_ms + 1) * 1000
        )
        if t_offset:
            h5["t_offset"] = t_offset
        if rvt:
            h5["events/width"], h5["events/height"] = 640, 480
    return file.getvalue()

"""The table of formats we read, and `open`, which looks a file up in it."""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from heliograph.camera.reading.aedat4 import open_aedat4
from heliograph.camera.reading.dat import open_dat
from heliograph.camera.reading.errors import ForeignFileError, UnknownSizeError
from heliograph.camera.reading.foreign import looks_like
from heliograph.camera.reading.hdf5 import open_hdf5
from heliograph.camera.reading.live import LIVE, open_live
from heliograph.camera.reading.npy import open_npy
from heliograph.camera.reading.npz import open_npz
from heliograph.camera.reading.raw import open_raw
from heliograph.camera.reading.recording import Opened, Recording
from heliograph.camera.reading.sources import SIGNATURE_BYTES, Source, open_source
from heliograph.camera.reading.udp import UDP, name_of, open_udp
from heliograph.camera.types import Size

# The first beginning that a file has decides, so the longer come first.
CONTAINERS: tuple[tuple[bytes, Callable[[Source], Opened]], ...] = (
    (b"% Data file", open_dat),
    (b"% ", open_raw),
    (b"\x93NUMPY", open_npy),
    (b"PK\x03\x04", open_npz),
    (b"\x89HDF\r\n\x1a\n", open_hdf5),
    (b"#!AER-DAT4.0\r\n", open_aedat4),
)
SUPPORTED = "RAW (EVT2, EVT2.1, EVT3), DAT, HDF5, AEDAT4, NPY and NPZ"


def open(  # noqa: A001 - the field's own word; used as `camera.open`
    source: str | os.PathLike[str] | BinaryIO,
    delta_t_us: int = 10_000,
    *,
    size: Size | None = None,
    follow: bool = False,
    stop: threading.Event | None = None,
) -> Recording:
    """Open a recording as windows of *delta_t_us*, whatever its format.

    *source* is a path, `-` for the standard input, `live:` or `live:SERIAL` for a
    sensor, `udp://HOST:PORT?format=…` for where one sends to, or a binary file, which
    is read from where it stands and left open. *size* is the sensor's geometry; it goes
    before what the header tells. With *follow* a file
    at a path has no end but its deletion: reading waits for what is written to it.
    Setting *stop* ends that wait, and one for a pipe, a sensor or a datagram, as if the
    stream had ended.

    Raises `ForeignFileError` for what is no recording we read, or one whose geometry
    cannot be known, `BrokenRecordingError` for one without a single time, `OSError`
    where the file cannot be opened.
    """
    if delta_t_us < 1:
        raise ValueError(f"delta_t_us must be at least 1, not {delta_t_us}")
    owned = ExitStack()
    try:
        stop = stop or threading.Event()
        text = str(source) if isinstance(source, (str, os.PathLike)) else ""
        if text.startswith(LIVE):
            name, opened = text, open_live(text, stop=stop, owned=owned)
        elif text.startswith(UDP):
            name, opened = name_of(text), open_udp(text, stop=stop, owned=owned)
        else:
            found = open_source(source, follow=follow, stop=stop, owned=owned)
            name, opened = found.name, _opener(found)(found)
        return Recording(
            opened,
            size=size or _size(opened, name),
            name=name,
            delta_t_us=delta_t_us,
            owned=owned,
        )
    except BaseException:
        owned.close()
        raise


def is_recording(path: Path) -> bool:
    """Say whether the file at *path* begins as a recording does.

    Raises `OSError` where it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(SIGNATURE_BYTES)
    return any(head.startswith(beginning) for beginning, _ in CONTAINERS)


def _opener(source: Source) -> Callable[[Source], Opened]:
    for beginning, opener in CONTAINERS:
        if source.head.startswith(beginning):
            return opener
    raise ForeignFileError(
        f"{source.name}: looks like {looks_like(source.head[:SIGNATURE_BYTES])}, at "
        f"byte 0; supported are {SUPPORTED}"
    )


def _size(opened: Opened, name: str) -> Size:
    if opened.size is None:
        raise UnknownSizeError(
            f"{name}: {opened.ask}; say it as --size WIDTHxHEIGHT, in a camera's file "
            "as capture.size, or in Python as size=Size(width, height)"
        )
    return opened.size

"""The table of formats we read, and `open`, which looks a file up in it."""

import os
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import numpy as np

from heliograph.camera.reading import evt2, evt3, raw_header
from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.foreign import looks_like
from heliograph.camera.reading.recording import Format, Recording
from heliograph.camera.types import Size

FORMATS = MappingProxyType(
    {
        "EVT2": Format("EVT2", np.dtype("<u4"), evt2.decode),
        "EVT3": Format("EVT3", np.dtype("<u2"), evt3.decode),
    }
)
SUPPORTED = "Prophesee RAW files with EVT2 or EVT3 events"


def open(  # noqa: A001 - the field's own word; used as `camera.open`
    source: str | os.PathLike[str] | BinaryIO,
    delta_t_us: int = 10_000,
    *,
    size: Size | None = None,
) -> Recording:
    """Open a RAW recording as windows of *delta_t_us*.

    *source* is a path or a binary file, which is read from where it stands and left
    open. *size* stands in where the header does not tell the geometry.

    Raises `ForeignFileError` for what is no RAW file we read, `BrokenRecordingError`
    for one without a single time word, `OSError` where the file cannot be opened.
    """
    if delta_t_us < 1:
        raise ValueError(f"delta_t_us must be at least 1, not {delta_t_us}")
    if not isinstance(source, (str, os.PathLike)):
        name = str(getattr(source, "name", "the stream"))
        return _read(source, name, delta_t_us, size=size, owns_stream=False)
    stream = Path(source).open("rb", buffering=0)  # noqa: SIM115 - the recording owns it
    try:
        return _read(stream, str(source), delta_t_us, size=size, owns_stream=True)
    except BaseException:
        stream.close()
        raise


def _read(
    stream: BinaryIO,
    name: str,
    delta_t_us: int,
    *,
    size: Size | None,
    owns_stream: bool,
) -> Recording:
    head = _head(stream)
    if not head.startswith(b"% ") or head.startswith(b"% Data file"):
        raise ForeignFileError(
            f"{name}: looks like {looks_like(head)}, at byte 0; supported are "
            f"{SUPPORTED}, which begin with '% '"
        )
    header = raw_header.parse(head, name=name)
    if header.format not in FORMATS:
        raise ForeignFileError(
            f"{name}: the header says {header.format}; supported are {SUPPORTED}"
        )
    size = size or header.size
    if size is None:
        raise ForeignFileError(
            f"{name}: the header tells no geometry and its plugin "
            f"({header.fields.get('plugin_name', 'none named')}) is not known; "
            "add the line '% geometry WIDTHxHEIGHT' to the header, or in Python "
            "give it as size=Size(width, height)"
        )
    return Recording(
        stream,
        FORMATS[header.format],
        size=size,
        name=name,
        first=head[header.payload_at :],
        payload_at=header.payload_at,
        delta_t_us=delta_t_us,
        owns_stream=owns_stream,
    )


def _head(stream: BinaryIO) -> bytes:
    """Read `HEADER_BYTES_MAX` bytes; a pipe may give them in smaller pieces."""
    head = b""
    while len(head) < raw_header.HEADER_BYTES_MAX:
        piece = stream.read(raw_header.HEADER_BYTES_MAX - len(head))
        if not piece:
            break
        head += piece
    return head

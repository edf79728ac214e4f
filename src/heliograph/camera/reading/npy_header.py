"""The header of a NumPy array: its numbers' type and its shape, read without NumPy's.

Only plain numbers and structures of them are let through, so that no header makes
NumPy build a type that was never meant.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import re
from dataclasses import dataclass
from math import prod

import numpy as np

from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.sources import Readable, read_exactly

MAGIC = b"\x93NUMPY"
LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
HEADER_BYTES_MAX = 10_000
NUMBER = re.compile(r"[<>|=]?(?:[ui][1248]|f[248]|b1)")
OBJECTS = "|O"
ROW_BYTES_MAX = 1024
COUNT_MAX = 1 << 48


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What lies in an array: *dtype* is None for Python objects, which are pickled."""

    dtype: np.dtype[np.generic] | None
    shape: tuple[int, ...]
    fortran_order: bool
    payload_at: int


def read_header(stream: Readable, name: str) -> NpyHeader:
    """Read the header of the array called *name*; raises `ForeignFileError`."""
    head = read_exactly(stream, len(MAGIC) + 2)
    if not head.startswith(MAGIC) or len(head) < len(MAGIC) + 2:
        raise ForeignFileError(f"{name}: is no NumPy array")
    width = LENGTH_BYTES.get(head[len(MAGIC)], 0)
    length = int.from_bytes(read_exactly(stream, width), "little") if width else 0
    text = read_exactly(stream, length) if 0 < length <= HEADER_BYTES_MAX else b""
    try:
        fields = ast.literal_eval(text.decode("utf-8").strip())
        dtype = _dtype(fields["descr"])
        shape = fields["shape"]
        fortran_order = fields["fortran_order"] is True
        fits = isinstance(shape, tuple) and all(
            isinstance(side, int) and 0 <= side <= COUNT_MAX for side in shape
        )
    except (ValueError, SyntaxError, TypeError, LookupError, MemoryError) as error:
        raise ForeignFileError(f"{name}: its NumPy header cannot be read") from error
    except RecursionError as error:
        raise ForeignFileError(f"{name}: its NumPy header is nested") from error
    if not fits or len(shape) > 2 or prod(shape) > COUNT_MAX:  # noqa: PLR2004
        raise ForeignFileError(f"{name}: holds no list of events: its shape is {shape}")
    return NpyHeader(dtype, shape, fortran_order, len(MAGIC) + 2 + width + length)


def _dtype(descr: object) -> np.dtype[np.generic] | None:
    """Build the type that *descr* describes; raises `ValueError` for any other."""
    if descr == OBJECTS:
        return None
    if isinstance(descr, str):
        return _number(descr)
    if not isinstance(descr, list) or len(descr) > HEADER_BYTES_MAX:
        raise ValueError("no list of fields")
    names, numbers = zip(*descr, strict=True)
    dtype = np.dtype(list(zip(names, map(_number, numbers), strict=True)))
    if not 0 < dtype.itemsize <= ROW_BYTES_MAX:
        raise ValueError("too wide for an event")
    return dtype


def _number(text: object) -> np.dtype[np.generic]:
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise ValueError("no number")
    return np.dtype(text)

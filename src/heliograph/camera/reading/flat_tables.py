"""FlatBuffers, as little of them as AEDAT4 needs: tables, numbers, vectors, texts.

Nothing is trusted: a place outside of the buffer raises `ValueError`.

Source: https://flatbuffers.dev/internals/
"""

import struct
from typing import Self

import numpy as np
from numpy.typing import NDArray

NUMBERS = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
SIZE_BYTES = 4
IDENTIFIER_BYTES = 4


class FlatTable:
    """A table in *data*, at byte *at* of it."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._fields = at - self._number(at, 4)
        self._fields_bytes = self._number(self._fields, 2)

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Self:
        """Return the root table of *data*, which *identifier* says the kind of."""
        if data[SIZE_BYTES : SIZE_BYTES + IDENTIFIER_BYTES] != identifier:
            raise ValueError(f"no {identifier.decode()}")
        return cls(data, _number_at(data, 0, 4))

    def number(self, field: int, size: int, default: int) -> int:
        """Return the number of *size* bytes in *field*."""
        place = self._place(field)
        return default if place is None else self._number(place, size)

    def text(self, field: int) -> str:
        """Return the text in *field*."""
        begin, length = self._vector(field)
        return self._data[begin : begin + length].decode("utf-8", errors="replace")

    def structures(self, field: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
        """Return the vector of structures in *field*, without copying it."""
        begin, count = self._vector(field)
        return np.frombuffer(self._data, dtype, count, begin)

    def tables(self, field: int, *, count_max: int) -> list["FlatTable"]:
        """Return the vector of tables in *field*, at most *count_max* of them."""
        begin, count = self._vector(field)
        if count > count_max or count * SIZE_BYTES > len(self._data) - begin:
            raise ValueError("cut, or too many")
        places = [begin + SIZE_BYTES * i for i in range(count)]
        return [FlatTable(self._data, at + self._number(at, 4)) for at in places]

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        begin = place + self._number(place, 4)
        return begin + SIZE_BYTES, self._number(begin, 4)

    def _place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        offset = 0
        if entry + 2 <= self._fields_bytes:
            offset = self._number(self._fields + entry, 2)
        return self._at + offset if offset else None

    def _number(self, at: int, size: int) -> int:
        return _number_at(self._data, at, size)


def _number_at(data: bytes, at: int, size: int) -> int:
    if not 0 <= at <= len(data) - size:
        raise ValueError("outside")
    number: int = struct.unpack_from(NUMBERS[size], data, at)[0]
    return number

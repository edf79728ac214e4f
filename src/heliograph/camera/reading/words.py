"""A file as arrays of words: read in pieces, so memory does not grow with the file."""

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 4 * 1024 * 1024


class Words:
    """The words of *stream* that were not taken yet.

    *first* are bytes already read, *at* is their place in the file. A word cut by
    the end of a piece waits for the next; `rest` is what the end of the file cut.
    """

    def __init__(
        self,
        stream: BinaryIO,
        word: np.dtype[np.unsignedinteger],
        *,
        first: bytes,
        at: int,
    ) -> None:
        self.byte = at
        self.rest = b""
        self._stream = stream
        self._word = word
        self.pending: NDArray[np.unsignedinteger] = np.empty(0, word)
        self._set(first)

    def take(self, count: int) -> None:
        """Leave *count* words behind."""
        self.pending = self.pending[count:]
        self.byte += count * self._word.itemsize

    def refill(self) -> bool:
        """Read on where all words are taken; false at the end of the file."""
        while not len(self.pending):
            data = self._stream.read(CHUNK_BYTES)
            if not data:
                return False
            self._set(self.rest + data if self.rest else data)
        return True

    def _set(self, data: bytes) -> None:
        whole = len(data) // self._word.itemsize
        self.pending = np.frombuffer(data, self._word, whole)
        self.rest = data[whole * self._word.itemsize :]

"""A file as arrays of words: read in pieces, so memory does not grow with the file."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.sources import Stream

CHUNK_BYTES = 1024 * 1024
"""What is read at once: two of it are held for a moment, at 25 Mev/s for 20 ms."""


class Pieces(Protocol):
    """What a decoder takes from: words in the order of the file.

    `pending` are those read and not taken yet. `place` says where the next one stands:
    a byte of the file, or whatever else `rewind` can go back to. `left_over` says
    what is wrong with what stands behind the last word, None where nothing does.
    """

    pending: NDArray[Any]
    place: int

    def take(self, count: int) -> None:
        """Leave *count* words behind."""

    def refill(self) -> bool:
        """Read on where all words are taken; false at the end of the file.

        Raises `BrokenRecordingError` where the file cannot be read on.
        """

    def rewind(self, place: int) -> None:
        """Go back to a *place* that stood at a moment when all words were taken."""

    def left_over(self) -> str | None:
        """Say how the file ends within a word, if it does."""

    @property
    def where(self) -> tuple[str, int]:
        """Name what is taken next: a unit ("byte" or "event") and its number."""

    @property
    def lost(self) -> int:
        """How many packets never came, where a driver can tell."""

    @property
    def seekable(self) -> bool:
        """Whether `rewind` can be asked for."""

    @property
    def bytes_read(self) -> int:
        """How much of the file was read, its header included; 0 where none can tell."""


class Words:
    """The words of *stream* that were not taken yet.

    *first* are bytes already read, *at* is their place in the file, which begins at
    the stream's *origin*. A word cut by the end of a piece waits for the next; `rest`
    is what the end of the file cut.
    """

    def __init__(
        self,
        stream: Stream,
        word: np.dtype[np.unsignedinteger],
        *,
        first: bytes,
        at: int,
        origin: int | None,
    ) -> None:
        self.place = at
        self.rest = b""
        self._stream = stream
        self._word = word
        self._origin = origin
        self._ended = False
        self._kept: list[NDArray[np.unsignedinteger]] | None = None
        self.pending: NDArray[np.unsignedinteger] = np.empty(0, word)
        self._set(first)

    def take(self, count: int) -> None:
        """Leave *count* words behind."""
        if self._kept is not None:
            self._kept.append(self.pending[:count])
        self.pending = self.pending[count:]
        self.place += count * self._word.itemsize

    def take_kept(self) -> list[NDArray[np.unsignedinteger]]:
        """Return the words left behind since the last call; the first begins it.

        They are views of what was read, which nobody modifies. Whoever begins must go
        on, for they are kept until they are taken.
        """
        kept, self._kept = self._kept or [], []
        return kept

    def refill(self) -> bool:
        """Read on where all words are taken; false at the end of the file."""
        while not len(self.pending):
            data = self._stream.read(CHUNK_BYTES)
            if not data:
                self._ended = True
                return False
            self._set(self.rest + data if self.rest else data)
        return True

    def rewind(self, place: int) -> None:
        """Go back to byte *place*, where a word begins."""
        self._stream.seek((self._origin or 0) + place)
        self.place, self.rest, self._ended = place, b"", False
        self.pending = np.empty(0, self._word)

    def left_over(self) -> str | None:
        """Say how the file ends within a word, if it does."""
        if not self.rest:
            return None
        return (
            f"the file ends within a word of {self._word.itemsize} bytes "
            f"({len(self.rest)} left): it is cut"
        )

    @property
    def where(self) -> tuple[str, int]:
        """Name the byte at which the next word begins."""
        return "byte", self.place

    @property
    def lost(self) -> int:
        """How many packets a driver dropped before they were read."""
        return int(getattr(self._stream, "lost", 0))

    @property
    def seekable(self) -> bool:
        """Whether the stream is a file that one can go back in."""
        return self._origin is not None

    @property
    def bytes_read(self) -> int:
        """Bytes taken, the header's included; at the end, all of the file's."""
        return self.place + (len(self.rest) if self._ended else 0)

    def _set(self, data: bytes) -> None:
        whole = len(data) // self._word.itemsize
        self.pending = np.frombuffer(data, self._word, whole)
        self.rest = data[whole * self._word.itemsize :]

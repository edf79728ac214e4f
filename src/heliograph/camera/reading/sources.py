"""Where a recording's bytes come from: a file, a stream that is given, or a pipe."""

import os
import stat
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from heliograph.camera.reading import raw_header
from heliograph.camera.reading.waiting import Waiting

STDIN = "-"
"""A path that means the standard input."""

SIGNATURE_BYTES = 24
"""What a file that begins with no header line needs to show to be known."""


class Readable(Protocol):
    """What only needs to be read from begin to end."""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes, none at the end."""


class Stream(Readable, Protocol):
    """What a recording is read from."""

    def seekable(self) -> bool:
        """Say whether `seek` may be asked for."""

    def tell(self) -> int:
        """Return the place of the next byte."""

    def seek(self, place: int, /) -> int:
        """Go to byte *place*."""


@dataclass(frozen=True, slots=True)
class Source:
    """A stream whose first bytes, *head*, were read.

    *origin* is where in the stream the recording begins, None where there is no going
    back. *owned* closes what reading opens.
    """

    stream: Stream
    name: str
    head: bytes
    origin: int | None
    owned: ExitStack

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there and can be read here and there."""
        return self.origin is not None and not isinstance(self.stream, Waiting)

    def from_start(self) -> "Readable":
        """Return the stream as if nothing of it had been read."""
        if self.origin is None:
            return _Again(self.head, self.stream)
        self.stream.seek(self.origin)
        return self.stream


def open_source(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    follow: bool,
    stop: threading.Event,
    owned: ExitStack,
) -> Source:
    """Open *source* and read as much of it as tells its format."""
    if not isinstance(source, (str, os.PathLike)):
        name = str(getattr(source, "name", "the stream"))
        origin = source.tell() if source.seekable() else None
        return Source(source, name, _head(source), origin, owned)
    if is_stdin(source):
        opened = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - the stack closes it
    else:
        opened = open(source, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115 - the same
    file: BinaryIO = owned.enter_context(opened)
    name = "stdin" if is_stdin(source) else str(source)
    is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    waits = follow or not is_file
    stream = Waiting(file, name, follow=follow, stop=stop) if waits else file
    origin = stream.tell() if is_file else None
    return Source(stream, name, _head(stream), origin, owned)


def is_stdin(source: str | os.PathLike[str]) -> bool:
    """Say whether *source* means the standard input, whatever files there are."""
    return str(source) == STDIN


def read_exactly(stream: Readable, size: int) -> bytes:
    """Read *size* bytes, or fewer at the end; a pipe gives them in pieces."""
    data = stream.read(size)
    if not 0 < len(data) < size:
        return data
    pieces, length = [data], len(data)
    while length < size and (piece := stream.read(size - length)):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def _open_at_once(path: str, flags: int) -> int:
    """Open a named pipe without waiting for its writer, a wait that nothing ends."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


class _Again:
    """A stream that gives what was read of it once more."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes, none at the end."""
        if not self._head:
            return self._stream.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


def _head(stream: Readable) -> bytes:
    """Read the header and what came with it; a pipe may give it in small pieces."""
    head = b""
    while len(head) < raw_header.HEADER_BYTES_MAX and not _tells(head):
        piece = stream.read(raw_header.HEADER_BYTES_MAX - len(head))
        if not piece:
            break
        head += piece
    return head


def _tells(head: bytes) -> bool:
    """Say whether *head* is enough: a whole header, or no header at all."""
    if head.startswith(raw_header.LINE_START):
        return raw_header.is_whole(head)
    return len(head) >= SIGNATURE_BYTES

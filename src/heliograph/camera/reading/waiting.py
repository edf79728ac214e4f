"""A stream whose bytes are still to come: a pipe, or a file that somebody writes."""

import os
import select
import stat
import threading
from typing import BinaryIO

from heliograph.camera.reading.errors import broken

PIPE_WAIT_S = 0.1
FILE_WAIT_S = 0.05
"""How often a wait looks whether it is to end."""


class Waiting:
    """Reads *stream* (unbuffered, called *name*), and waits where nothing is there.

    A pipe ends when its writer closes it. A file ends, where *follow* is set, only when
    it is deleted, else where it ends. Setting *stop* ends either.
    """

    def __init__(
        self, stream: BinaryIO, name: str, *, follow: bool, stop: threading.Event
    ) -> None:
        self.name = name
        self._stream = stream
        self._follow = follow
        self._stop = stop
        self._is_file = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes as soon as there are any, none at the end.

        Raises `BrokenRecordingError` where a file that is followed became shorter.
        """
        while not self._stop.is_set():
            if not self._is_file:
                if select.select([self._stream], [], [], PIPE_WAIT_S)[0]:
                    return self._stream.read(size)
                continue
            # Asked before the read: what was written until then is read.
            known = os.fstat(self._stream.fileno())
            if data := self._stream.read(size):
                return data
            if not self._follow or known.st_nlink == 0:
                break
            if known.st_size < (at := self._stream.tell()):
                raise broken(
                    self.name, f"the file became shorter ({known.st_size} bytes)", at=at
                )
            self._stop.wait(FILE_WAIT_S)
        return b""

    def seekable(self) -> bool:
        """Say whether there is going back: in a file, not in a pipe."""
        return self._is_file

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._stream.tell()

    def seek(self, place: int, /) -> int:
        """Go to byte *place*."""
        return self._stream.seek(place)

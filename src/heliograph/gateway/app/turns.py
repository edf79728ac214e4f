"""Lets several processes write to one standard output, a batch at a time.

What is longer than a pipe takes at once could be mixed with another process's lines.
The lock is the system's: it is freed when its holder dies.
"""

import fcntl
from tempfile import TemporaryFile
from typing import Self

from heliograph.gateway.app.voice import write_lines


class Turns:
    """Made before the fork, used after it."""

    def __enter__(self) -> Self:
        self.file = TemporaryFile()
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> None:
        """Write lines when it is our turn."""
        fcntl.lockf(self.file, fcntl.LOCK_EX)
        try:
            write_lines(data)
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN)

"""Writes the exchange log from a thread of its own: a pipe may be full, a disk slow.

Nobody who answers requests waits for it. What it cannot take is refused, and whoever
hands it over counts the loss.
"""

from collections.abc import Callable
from queue import Full, Queue
from threading import Thread

BATCHES_MAX = 64
CLOSE_S = 2.0


class Writer:
    """Hands batches of bytes to *write*, one after the other, off the loop."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write
        self.batches: Queue[bytes | None] = Queue(BATCHES_MAX)
        # A daemon: a reader that has stopped reading must not keep us from ending.
        self.thread = Thread(target=self.run, name="exchange-log", daemon=True)
        self.thread.start()

    def put(self, batch: bytes) -> None:
        """Take *batch*; raise `BlockingIOError` while too many wait already."""
        try:
            self.batches.put_nowait(batch)
        except Full:
            raise BlockingIOError("the exchange log is not being read") from None

    def run(self) -> None:
        """Write what comes until told to end, or until nobody can read it any more."""
        while (batch := self.batches.get()) is not None:
            try:
                self.write(batch)
            except OSError:
                return

    def close(self) -> None:
        """Write what waits, within `CLOSE_S`."""
        try:
            self.batches.put(None, timeout=CLOSE_S)
        except Full:
            return
        self.thread.join(CLOSE_S)

"""Lines on standard output, which may be a pipe that nobody reads or a full disk."""

import io
import os
import sys
import threading
from collections import deque
from itertools import islice
from types import TracebackType
from typing import Self

from heliograph.camera.sinks.jsonl import SinkError

LINES_MAX = 10_000
LINES_AT_ONCE = 64
"""How many are written in one go: a watch that explains itself tells thousands."""
GOODBYE_S = 2.0
"""How long the end waits for a reader, where something else has gone wrong."""


def write_line(line: str) -> None:
    """Write *line* to standard output, or to nobody when its reader has left.

    Raises `SinkError` where it cannot be written, as on a full disk.
    """
    if sys.stdout is None:  # the program was started without one
        return
    try:
        _write(f"{line}\n")
    except OSError as error:
        # What is still in the buffer would raise once more at the program's end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            why = (error.strerror or type(error).__name__).lower()
            raise SinkError(f"cannot write to standard output: {why}") from error


class Lines:
    """Lines on their way to standard output; who does not read them holds up nobody.

    A thread writes them while this is entered. At most `LINES_MAX` wait: then the
    oldest is given up, counted, and told of where the others are read.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[str] = deque()
        self._dropped = self._untold = 0
        self._ending = False
        self._error: SinkError | None = None
        self._thread = threading.Thread(
            target=self._write_all, name="standard output", daemon=True
        )

    @property
    def dropped(self) -> int:
        """How many lines were given up."""
        with self._changed:
            return self._dropped

    def put(self, line: str) -> None:
        """Have *line* written. Raises `SinkError` where an earlier one could not be."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if len(self._waiting) >= LINES_MAX:
                self._waiting.popleft()
                self._dropped += 1
                self._untold += 1
            self._waiting.append(line)
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self, wait_s: float | None = None) -> None:
        """Wait until all is written, or for *wait_s*. Twice does no harm.

        Raises `SinkError` where a line could not be written.
        """
        self._end(wait_s)
        with self._changed:
            if self._error is not None:
                raise self._error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._end(GOODBYE_S)

    def _end(self, wait_s: float | None) -> None:
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join(wait_s)

    def _write_all(self) -> None:
        """Write what waits until the end, or until it cannot be written."""
        while (text := self._take()) is not None:
            try:
                write_line(text)
            except SinkError as error:
                with self._changed:
                    self._error = error
                    self._waiting.clear()
                return

    def _take(self) -> str | None:
        """Wait for lines and return some; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            if not self._waiting:
                return None
            lines = list(islice(self._waiting, LINES_AT_ONCE))
            for _ in lines:
                self._waiting.popleft()
            if self._untold:
                lines.insert(
                    0, f"({self._untold} lines are left out: nobody read them)"
                )
                self._untold = 0
            return "\n".join(lines)


def _write(text: str) -> None:
    """Write *text* past Python's buffer where there is a file below it.

    Who hangs in a buffer's write holds its lock, and a program cannot end over that.
    """
    sys.stdout.flush()
    try:
        number = sys.stdout.fileno()
    except io.UnsupportedOperation:  # a test's, or of a program that we are part of
        sys.stdout.write(text)
        return
    data = memoryview(text.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
    while data:
        data = data[os.write(number, data) :]

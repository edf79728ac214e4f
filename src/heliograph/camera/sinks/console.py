"""Lines on standard output, which may be a pipe that nobody reads or a full disk."""

import os
import sys

from heliograph.camera.sinks.jsonl import SinkError


def write_line(line: str) -> None:
    """Write *line* to standard output, or to nobody when its reader has left.

    Raises `SinkError` where it cannot be written, as on a full disk.
    """
    if sys.stdout is None:  # the program was started without one
        return
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        # What is still in the buffer would raise once more at the program's end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            why = (error.strerror or type(error).__name__).lower()
            raise SinkError(f"cannot write to standard output: {why}") from error

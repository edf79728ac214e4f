"""The supervisor's end of a socket pair: it never waits for who is at the other."""

import socket
from collections.abc import Iterator
from contextlib import suppress

from heliograph.gateway.app.messages import UPWARD, Downward, Frames, Upward, framed

READ_BYTES = 256 * 1024


class Link:
    """One worker's link; what it does not take yet waits here."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        end.settimeout(0)
        self.frames = Frames()
        self.unsent = bytearray()
        self.ended = False

    def fileno(self) -> int:
        """Say which descriptor to wait for."""
        return self.end.fileno()

    def send(self, message: Downward) -> None:
        """Send *message*, as soon as it is taken."""
        self.unsent += framed(message)
        self.flush()

    def flush(self) -> None:
        """Send what is taken now; who has gone takes nothing."""
        with suppress(BlockingIOError):
            try:
                while self.unsent:
                    del self.unsent[: self.end.send(self.unsent)]
            except (BrokenPipeError, ConnectionResetError):
                self.unsent.clear()

    def receive(self) -> Iterator[Upward]:
        """Yield what has come; `ended` is set when nothing more can."""
        with suppress(BlockingIOError):
            try:
                while data := self.end.recv(READ_BYTES):
                    for frame in self.frames.feed(data):
                        yield UPWARD.decode(frame)
            except ConnectionResetError:
                pass
            self.ended = True

    def close(self) -> None:
        """Close this end."""
        self.end.close()

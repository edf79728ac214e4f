"""The supervisor's signals: noted as they come, and waking whoever waits in `poll`."""

import signal
import socket
from types import FrameType
from typing import Self


class Ears:
    """Hears signals for as long as the block takes."""

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

    def __enter__(self) -> Self:
        self.heard: list[int] = []
        self.wakes, self.woken = socket.socketpair()
        self.wakes.settimeout(0)
        self.woken.settimeout(0)
        signal.set_wakeup_fd(self.woken.fileno(), warn_on_full_buffer=False)
        self.before = {n: signal.signal(n, self.hear) for n in self.numbers}
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(-1)
        for number, heard_before in self.before.items():
            signal.signal(number, heard_before)
        self.wakes.close()
        self.woken.close()

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal."""
        self.heard.append(number)

    def take(self) -> list[int]:
        """Take what was heard since the last time."""
        try:
            while self.wakes.recv(4096):
                pass
        except BlockingIOError:
            pass
        heard, self.heard = self.heard, []
        return heard

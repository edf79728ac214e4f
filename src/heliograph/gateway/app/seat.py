"""One place for a process below the supervisor: who sits on it, and since when."""

import os
import signal
import socket
from typing import NamedTuple

from heliograph.gateway.app.link import Link
from heliograph.gateway.app.messages import Downward, State
from heliograph.gateway.app.restarts import Restarts
from heliograph.gateway.server.standing import WorkerStanding
from heliograph.gateway.types import Config

STAND = 0
"""The number of the seat of the simulated provider; workers count from 1."""


class Birth(NamedTuple):
    """What a process that has just been forked needs to know."""

    number: int
    link: socket.socket
    config: Config
    state: State


class Seat:
    """A seat; without a pid nobody sits on it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.restarts = Restarts()
        self.state = "waiting"
        self.pid: int | None = None
        self.link: Link | None = None
        self.born_s = 0.0
        self.due_s = 0.0

    @property
    def standing(self) -> WorkerStanding:
        """What `/health` tells of it."""
        return WorkerStanding(self.number, self.pid, self.state)

    def fork(self, now_s: float) -> socket.socket | None:
        """Fork a process for this seat; return its end of the link in the new one.

        Raise OSError when there can be no other process or socket.
        """
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            theirs.close()
            raise
        if pid == 0:
            ours.close()
            return theirs
        theirs.close()
        self.pid, self.link = pid, Link(ours)
        self.state, self.born_s = "starting", now_s
        return None

    def send(self, message: Downward) -> None:
        """Tell the process, if there is one."""
        if self.link is not None:
            self.link.send(message)

    def kill(self) -> bool:
        """End the process without a word; return whether there was one."""
        if self.pid is None:
            return False
        os.kill(self.pid, signal.SIGKILL)
        return True

    def reap(self) -> int | None:
        """Return the exit status of a process that has ended; below 0, a signal."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def leave(self) -> None:
        """Note that nobody sits here any more."""
        if self.link is not None:
            self.link.close()
        self.pid = self.link = None
        self.state = "waiting"

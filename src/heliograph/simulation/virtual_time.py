"""An event loop whose clock stands still while anything happens, then jumps.

Ninety minutes of a gateway and its providers play in seconds, over real sockets on
loopback: what is sent arrives before the clock moves on, and a wait costs nothing. What
runs on it must take its time from the loop, or from `VirtualClock`.
"""

import asyncio
import selectors
import socket
import struct
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

if sys.platform == "linux":
    from fcntl import ioctl

NEW_YEAR_2026_S = 1_767_225_600.0
PLUMB_S_MAX = 5.0
UNSENT_LOOK_S = 0.001
SIOCOUTQNSD = 0x894B
"""Linux, `linux/sockios.h`: how many bytes a socket has not sent yet."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that lives in virtual time, which begins at 0.

    Work in threads by `run_in_executor` (name look-ups are such) holds the clock: it
    is waited for in real time.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.jumping = JumpingSelector(self.jump)
        super().__init__(self.jumping)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.now_s

    def jump(self, ahead_s: float) -> None:
        """Move the clock on."""
        self.now_s += ahead_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run *func* in a thread; the clock stands still until it is done."""
        job = super().run_in_executor(executor, func, *args)
        self.jumping.jobs += 1
        job.add_done_callback(self.job_done)
        return job

    def job_done(self, job: asyncio.Future[T]) -> None:
        """Let the clock go on."""
        del job  # how it ended is its waiter's business
        self.jumping.jobs -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own signature
        """Wait for the threads in real time, not in jumps to the end of a timeout."""
        self.jumping.jobs += 1
        try:
            if sys.version_info >= (3, 12):
                await super().shutdown_default_executor(timeout)
            else:
                await super().shutdown_default_executor()
        finally:
            self.jumping.jobs -= 1

    def close(self) -> None:
        """Close the loop and its plumb line."""
        super().close()
        self.jumping.plumb.close()


class JumpingSelector(selectors.DefaultSelector):
    """Looks without waiting; with nothing to see, calls *jump* in the place of a wait.

    Loopback delivers within the call that sends, but for a kernel that puts it off
    under load. So before each jump a datagram goes the same way as the data, and comes
    after them: the *plumb line*. What a full window holds back is looked for as well.
    """

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self.jump = jump
        self.jobs = 0
        self.moved = True  # something was received since the last jump
        self.plumb = plumb_line()

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; jump by *timeout* if nothing is or will be."""
        events = super().select(0)
        at_once = timeout is not None and timeout <= 0
        if not events and not at_once:
            events = self.wait(timeout)
        self.moved = bool(events) or (self.moved and at_once)
        return events

    def wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for threads, or where there is no timer to jump to; else jump."""
        if timeout is None or self.jobs:
            return super().select(None)
        events = self.what_was_on_its_way()
        if not events:
            self.jump(timeout)
        return events

    def what_was_on_its_way(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Let everything sent arrive, and return what is ready then."""
        self.plumb.send(b"\0")
        self.plumb.recv(1)
        events = super().select(0)
        while not events and self.moved and self.unsent():
            events = super().select(UNSENT_LOOK_S)
        return events

    def unsent(self) -> bool:
        """Say whether any socket still has bytes that its peer has no room for yet."""
        return any(unsent_bytes(key.fd) for key in self.get_map().values())


def unsent_bytes(fd: int) -> int:
    """Ask the kernel what a socket has yet to send; 0 where it cannot tell."""
    if sys.platform != "linux":
        return 0
    try:
        told = ioctl(fd, SIOCOUTQNSD, b"\0\0\0\0")
    except OSError:
        return 0  # it listens, or is no TCP socket
    return int(struct.unpack("i", told)[0])


def plumb_line() -> socket.socket:
    """Make a datagram socket that is connected to itself."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.connect(made.getsockname())
    made.settimeout(PLUMB_S_MAX)
    return made


class VirtualClock:
    """A `Clock` by the loop's time; *began_at* is what the calendar says at 0."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, began_at: float = NEW_YEAR_2026_S
    ) -> None:
        self.monotonic_s = loop.time
        self.began_at = began_at

    def wall_s(self) -> float:
        """Seconds since 1970, for people."""
        return self.began_at + self.monotonic_s()

"""An event loop whose clock stands still while anything happens, then jumps.

Ninety minutes of a gateway and its providers play in seconds, over real sockets on
loopback: what is sent arrives before the clock moves on, and a wait costs nothing. What
runs on it must take its time from the loop, or from `VirtualClock`.
"""

import asyncio
import selectors
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

NEW_YEAR_2026_S = 1_767_225_600.0

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Events = list[tuple[selectors.SelectorKey, int]]


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
    after them: the *plumb line*. Sockets must send at once (TCP_NODELAY): what Nagle's
    algorithm holds back is not on its way yet.
    """

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self.jump = jump
        self.jobs = 0
        self.plumb = plumb_line()
        self.register(self.plumb, selectors.EVENT_READ)

    def select(self, timeout: float | None = None) -> Events:
        """Return what is ready; jump by *timeout* if nothing is or will be."""
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if timeout is None or self.jobs:
            return super().select(None)  # a thread, or whoever else, will call in
        self.plumb.send(b"\0")
        events = [e for e in super().select(None) if e[0].fileobj is not self.plumb]
        self.let_fall()
        if not events:
            self.jump(timeout)
        return events

    def let_fall(self) -> None:
        """Take the plumb line up again; where data came first, it may still fall."""
        while True:
            try:
                self.plumb.recv(1)
            except BlockingIOError:
                time.sleep(0)
            else:
                return


def plumb_line() -> socket.socket:
    """Make a datagram socket that is connected to itself."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.connect(made.getsockname())
    made.setblocking(False)  # noqa: FBT003 - the standard library's signature
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

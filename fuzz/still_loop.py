"""An event loop whose time stands still until there is nothing left to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class StuckError(AssertionError):
    """Everybody waits and no timer runs: a hang."""


class Impatient(selectors.SelectSelector):
    """A selector that waits for nothing: it moves the loop's time on instead."""

    now_s = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Let *timeout* pass at once."""
        if timeout is None:
            raise StuckError
        self.now_s += max(timeout, 0.0)
        return []


class StillLoop(asyncio.SelectorEventLoop):
    """A loop on which a minute takes no time; it has no sockets."""

    def __init__(self) -> None:
        self.selector = Impatient()
        super().__init__(self.selector)

    def time(self) -> float:
        """Return the seconds that passed for the loop."""
        return self.selector.now_s


def run(coroutine: Coroutine[Any, Any, None]) -> list[dict[str, Any]]:
    """Run *coroutine* to its end; return what went wrong where nobody was asked."""
    unheard: list[dict[str, Any]] = []

    async def watched() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unheard.append(context))
        await coroutine

    with asyncio.Runner(loop_factory=StillLoop) as runner:
        runner.run(watched())
    return unheard

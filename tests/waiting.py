"""Waits for what another thread or process does."""

from collections.abc import Callable
from time import monotonic, sleep

PATIENCE_S = 60.0
"""Longer than a program takes to start on a machine where everybody else works too."""


def until(true: Callable[[], bool], *, every_s: float = 0.005) -> None:
    """Wait until something is true, and look each *every_s*."""
    end_s = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end_s, "it did not come true"
        sleep(every_s)

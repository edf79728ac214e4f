"""Ids of requests: a prefix of the process's own, and a number."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from secrets import token_hex

LAST_DIGITS = tuple(f"{number:02x}" for number in range(256))


class RequestIds:
    """Counts requests; no two processes write the same id."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin anew under another prefix; the first number is 1."""
        ids = numbered(f"hg-{token_hex(4)}")
        next(ids)
        self.next: Callable[[], str] = ids.__next__


def numbered(prefix: str) -> Iterator[str]:
    """Count in eight hexadecimal digits behind *prefix*.

    A random id each time would cost more than the lane's parse, and to format each
    number more than to put two digits behind the others.
    """
    for block in count():
        others = f"{prefix}-{block:06x}"
        for digits in LAST_DIGITS:
            yield others + digits


REQUEST_IDS = RequestIds()
if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=REQUEST_IDS.begin)

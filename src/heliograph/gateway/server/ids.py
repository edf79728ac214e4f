"""Ids of requests: a prefix of the process's own, and a number."""

import os
from itertools import count
from secrets import token_hex


class RequestIds:
    """Counts requests; no two processes write the same id."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin anew under another prefix."""
        self.prefix = f"hg-{token_hex(4)}"
        self.numbers = count(1)

    def next(self) -> str:
        """Make an id; a random one each time would cost more than the lane's parse."""
        return f"{self.prefix}-{next(self.numbers):08x}"


REQUEST_IDS = RequestIds()
if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=REQUEST_IDS.begin)

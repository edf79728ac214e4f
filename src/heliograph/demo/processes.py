"""Children of the demo: started, waited for until they serve, stopped."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

START_S_MAX = 20.0
STOP_S_MAX = 5.0
LOOK_S = 0.05
ADDRESS = re.compile(r"http://[\w.\[\]:]+:\d+")


class ChildError(Exception):
    """A child that did not begin to serve; the message has its last words."""


class Child:
    """One `heliograph` command as a process, to be used with `with`.

    `url` is the address it says it serves on, without a path.
    """

    def __init__(
        self, arguments: Sequence[str], log: Path, extra: Mapping[str, str]
    ) -> None:
        self.arguments = arguments
        self.log = log
        self.extra = extra
        self.url = ""

    def __enter__(self) -> Self:
        """Start it and wait until it says where it serves."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "heliograph", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.extra},
            )
        give_up_s = time.monotonic() + START_S_MAX
        while time.monotonic() < give_up_s and self.process.poll() is None:
            said = self.log.read_text(errors="replace")
            # The line is whole, or the port may be cut.
            found = ADDRESS.search(said[: said.rfind("\n") + 1])
            if found is not None:
                self.url = found.group()
                return self
            time.sleep(LOOK_S)
        self.stop()
        last = self.log.read_text(errors="replace").strip()
        raise ChildError(f"heliograph {self.arguments[0]} did not start: {last}")

    def __exit__(self, *raised: object) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

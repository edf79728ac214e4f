"""What the program says to its operator, and where the exchange log goes."""

import os
import socket
import sys

from heliograph import __version__
from heliograph.gateway.config import summary
from heliograph.gateway.types import Config

STDOUT = 1


def announce(config: Config, listening: socket.socket) -> None:
    """Say on stderr where the gateway is and what stands behind it."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    say(f"heliograph {__version__} serves on http://{shown}:{port}/v1")
    say(summary(config))
    if host not in {"127.0.0.1", "::1"}:
        say(f"warning: anyone who reaches {shown}:{port} can spend your keys")


def say(text: str) -> None:
    """Tell the operator; stdout is for the exchange log."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a program's voice


def write_lines(data: bytes) -> None:
    """Write to stdout, past Python's buffer: its lock would be held while we wait."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(STDOUT, rest) :]

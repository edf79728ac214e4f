"""What the program says to its operator, and where the exchange log goes."""

import os
import select
import socket
import sys
from contextlib import suppress

from heliograph import __version__
from heliograph.gateway.config import summary
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Config

STDOUT = 1
STDERR = 2
PIPE_BYTES = 4096  # what a pipe takes whole, or is not ready to take


def announce(config: Config, listening: socket.socket) -> None:
    """Say on stderr where the gateway is and what stands behind it."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if config.server.tls is None else "https"
    say(f"heliograph {__version__} serves on {scheme}://{shown}:{port}/v1")
    say(summary(config))
    store = store_at(config.ledger)
    kept = "not recorded" if store is None else f"recorded in {store.name}"
    say(f"exchanges are {kept}")


def say(text: str) -> None:
    """Tell the operator; stdout is for the exchange log.

    Nobody waits for an operator who does not read: words are lost then, no answers.
    """
    data = f"{text}\n".encode()
    with suppress(OSError):
        for at in range(0, len(data), PIPE_BYTES):
            if not takes_more(STDERR):
                return
            os.write(STDERR, data[at : at + PIPE_BYTES])


def takes_more(descriptor: int) -> bool:
    """Tell whether `PIPE_BYTES` can be written without a wait."""
    if sys.platform == "win32":  # there it can be asked of sockets only
        return True
    return bool(select.select((), (descriptor,), (), 0)[1])


def write_lines(data: bytes) -> None:
    """Write to stdout, past Python's buffer: its lock would be held while we wait."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(STDOUT, rest) :]

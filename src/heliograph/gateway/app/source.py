"""Where the config comes from: a file, and what that names; or the environment."""

from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from traceback import extract_tb

from msgspec import Struct

from heliograph.gateway.app.watch import Mark, Marks
from heliograph.gateway.catalog.facts import models_of
from heliograph.gateway.catalog.prices import is_listed
from heliograph.gateway.config import (
    Problem,
    from_environment,
    prices_path,
    process_environment,
    read_bytes,
    read_data,
)
from heliograph.gateway.config.prices_file import FILE_BYTES_MAX
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

FAULTS = (ArithmeticError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What our own reading may raise on a file that nobody had thought of."""


class Read(Struct, frozen=True):
    """What was read once; *marks* are of the moment before, so that no change is lost.

    *beside* tells one content of the file that the config names from another.
    """

    marks: Marks
    data: bytes | None
    found: Config | list[Problem]
    beside: bytes = b""


class Source:
    """The config's file, or the environment when *path* is None.

    `beside` is the file of prices that it named when it was read last.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.beside: Path | None = None

    def read(self) -> Read:
        """Read it, from the first byte to the config or its problems."""
        if self.path is None:
            environ = process_environment()
            return Read((), None, from_environment(environ, ENDPOINTS, models_of))
        mark = mark_of(self.path)
        data = read_bytes(self.path)
        if isinstance(data, Problem):
            return Read((mark, *self.marks()[1:]), None, [data])
        file = str(self.path)
        self.beside = None
        with suppress(*FAULTS):  # what it is `parse` will tell
            self.beside = prices_path(data, file)
        marks = (mark, *self.marks()[1:])
        beside = digest(self.beside)
        return Read(marks, data, parse(data, file), beside)

    def marks(self) -> Marks:
        """Look at the files."""
        return tuple(mark_of(path) for path in (self.path, self.beside) if path)


def mark_of(path: Path) -> Mark:
    """Look at a file, through every symlink; None when it is not there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def digest(path: Path | None) -> bytes:
    """Tell one content of a file from another; empty when it cannot be read."""
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            return blake2b(file.read(FILE_BYTES_MAX)).digest()
    except (OSError, ValueError):
        return b""


def parse(data: bytes, file: str) -> Config | list[Problem]:
    """Read what a config file holds, with the endpoints and prices we know."""
    try:
        found = read_data(
            data, file=file, endpoints=ENDPOINTS, environ=process_environment()
        )
        return found if isinstance(found, list) else unlisted_prices(found) or found
    except FAULTS as error:
        return [fault(error, file)]


def fault(error: Exception, file: str) -> Problem:
    """Say what a fault of ours was and where, but not what it said: it may be a key."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    said = f"the gateway failed over it: {type(error).__name__} at {where}"
    return Problem(file, 1, "file", said, "take the last change back, and report this")


def unlisted_prices(config: Config) -> list[Problem]:
    """Find the prices of *config* that are to be like a row that there is not."""
    return [
        Problem(
            config.source,
            price.line,
            f"prices.{name}.like",
            f'no price row is called "{price.like}"',
            'write one that "heliograph prices" lists, such as openai/gpt-4o',
        )
        for name, price in config.prices.items()
        if price.like and not is_listed(price.like)
    ]

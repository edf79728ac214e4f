"""Where the config comes from: a file, or the environment."""

from pathlib import Path

from msgspec import Struct

from heliograph.gateway.app.watch import Mark
from heliograph.gateway.catalog.facts import models_of
from heliograph.gateway.catalog.prices import is_listed
from heliograph.gateway.config import (
    Problem,
    from_environment,
    process_environment,
    read_bytes,
    read_data,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config


class Read(Struct, frozen=True):
    """What was read once; *mark* is of the moment before, so that no change is lost."""

    mark: Mark
    data: bytes | None
    found: Config | list[Problem]


class Source:
    """The config's file, or the environment when *path* is None."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self) -> Read:
        """Read it, from the first byte to the config or its problems."""
        if self.path is None:
            environ = process_environment()
            return Read(None, None, from_environment(environ, ENDPOINTS, models_of))
        mark = self.mark()
        data = read_bytes(self.path)
        if isinstance(data, Problem):
            return Read(mark, None, [data])
        return Read(mark, data, parse(data, str(self.path)))

    def mark(self) -> Mark:
        """Look at the file, through every symlink; None when it is not there."""
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except (OSError, ValueError):
            return None
        return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def parse(data: bytes, file: str) -> Config | list[Problem]:
    """Read what a config file holds, with the endpoints and prices we know."""
    found = read_data(
        data, file=file, endpoints=ENDPOINTS, environ=process_environment()
    )
    return found if isinstance(found, list) else unlisted_prices(found) or found


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

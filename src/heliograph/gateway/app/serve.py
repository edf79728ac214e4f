"""The two commands: serve, and check a config."""

import asyncio
import sys
from pathlib import Path

from heliograph.gateway.app.composition import loop_factory, run
from heliograph.gateway.app.door import listen
from heliograph.gateway.app.voice import say
from heliograph.gateway.catalog.facts import models_of
from heliograph.gateway.config import (
    Problem,
    from_environment,
    process_environment,
    read_file,
    render_problems,
    summary,
    unusable_variables,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config


def check(path: Path) -> int:
    """Print what is wrong with the config at *path*, or what it configures."""
    config = read(path)
    if isinstance(config, list):
        print(render_problems(config), file=sys.stderr)  # noqa: T201 - its purpose
        return 1
    print(summary(config))  # noqa: T201 - its purpose
    return 0


def read(path: Path) -> Config | list[Problem]:
    """Read the config at *path* with the endpoints we know."""
    return read_file(path, endpoints=ENDPOINTS, environ=process_environment())


def serve(path: Path | None, *, host: str, port: int) -> int:
    """Run the gateway until it is told to stop; return the exit status."""
    config: Config | list[Problem]
    if path is not None:
        config = read(path)
    else:
        environ = process_environment()
        for said in unusable_variables(environ, ENDPOINTS):
            say(f"warning: {said}")
        config = from_environment(environ, ENDPOINTS, models_of)
    if isinstance(config, list):
        say(render_problems(config))
        return 1
    try:
        listening = listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        say(f"error: cannot listen on {host}:{port}: {reason}; try another --port")
        return 1
    with listening, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(config, listening))
    return 0

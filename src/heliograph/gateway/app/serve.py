"""The two commands: serve, and check a config."""

import asyncio
import sys
from pathlib import Path

from heliograph.gateway.app.composition import loop_factory, run
from heliograph.gateway.app.door import listen
from heliograph.gateway.app.source import Source
from heliograph.gateway.app.voice import say
from heliograph.gateway.config import (
    process_environment,
    render_problems,
    summary,
    unusable_variables,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS


def check(path: Path) -> int:
    """Print what is wrong with the config at *path*, or what it configures."""
    config = Source(path).read().found
    if isinstance(config, list):
        print(render_problems(config), file=sys.stderr)  # noqa: T201 - its purpose
        return 1
    print(summary(config))  # noqa: T201 - its purpose
    return 0


def serve(path: Path | None, *, host: str, port: int) -> int:
    """Run the gateway until it is told to stop; return the exit status."""
    source = Source(path)
    if path is None:
        for said in unusable_variables(process_environment(), ENDPOINTS):
            say(f"warning: {said}")
    read = source.read()
    config = read.found
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
        runner.run(run(source, read, config, listening))
    return 0

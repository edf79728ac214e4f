"""The two commands: serve, and check a config."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from heliograph.gateway.app.composition import run, settle_memory
from heliograph.gateway.app.door import listen
from heliograph.gateway.app.loop import loop_factory
from heliograph.gateway.app.source import Read, Source
from heliograph.gateway.app.voice import say
from heliograph.gateway.config import (
    fault_of_variable,
    process_environment,
    render_problems,
    summary,
    unusable_variables,
)
from heliograph.gateway.ledger.stores.place import fault_of_keeping
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config


def check(path: Path) -> int:
    """Print what is wrong with the config at *path*, or what it configures."""
    config = Source(path).read().found
    if isinstance(config, list):
        print(render_problems(config), file=sys.stderr)  # noqa: T201 - its purpose
        return 1
    print(summary(config))  # noqa: T201 - its purpose
    return 0


def serve(path: Path | None, *, host: str, port: int, workers: int = 1) -> int:
    """Run the gateway until it is told to stop; return the exit status."""
    if workers > 1 and not hasattr(os, "fork"):
        say("error: --workers above 1 needs a system with fork; leave it out here")
        return 1
    source = Source(path)
    fault = fault_of_variable(process_environment())
    if fault is not None:
        say(f"error: {fault}")
        return 1
    if path is None:
        for said in unusable_variables(process_environment(), ENDPOINTS):
            say(f"warning: {said}")
    read = source.read()
    config = read.found
    if isinstance(config, list) or (fault := fault_of_keeping(config.ledger)):
        say(render_problems(config) if isinstance(config, list) else f"error: {fault}")
        return 1
    try:
        listening = listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        say(f"error: cannot listen on {host}:{port}: {reason}; try another --port")
        return 1
    with listening:
        if workers > 1:
            return serve_by_workers(workers, source, read, config, listening)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run(source, read, config, listening))
    return 0


def serve_by_workers(
    workers: int, source: Source, read: Read, config: Config, listening: socket.socket
) -> int:
    """Supervise *workers* processes, or be one of them."""
    # They need what only Unix has.
    from heliograph.gateway.app.supervisor import supervise  # noqa: PLC0415
    from heliograph.gateway.app.turns import Turns  # noqa: PLC0415
    from heliograph.gateway.app.worker import work  # noqa: PLC0415

    loop_factory()  # what it imports is shared by those who are forked
    settle_memory()
    with Turns() as turns:
        end = supervise(workers, source, read, config, listening)
        return end if isinstance(end, int) else work(end, listening, turns)

"""The two commands: serve, and check a config."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from heliograph.gateway.app.composition import run, settle_memory
from heliograph.gateway.app.door import listen
from heliograph.gateway.app.keys import fault_of_openness, key_ring
from heliograph.gateway.app.loop import loop_factory
from heliograph.gateway.app.prices import unpriced
from heliograph.gateway.app.source import Read, Source
from heliograph.gateway.app.voice import say
from heliograph.gateway.config import (
    fault_of_variable,
    process_environment,
    render_problems,
    summary,
    unusable_variables,
)
from heliograph.gateway.ledger.key_ring import KeyRing
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
    unknown = ", ".join(unpriced(config))
    if unknown:
        print(f"  no price is known of: {unknown}")  # noqa: T201 - its purpose
    return 0


class CannotServeError(Exception):
    """Why there can be no gateway, for its operator."""


def serve(
    path: Path | None,
    *,
    host: str,
    port: int,
    workers: int = 1,
    insecure: bool = False,
) -> int:
    """Run the gateway until it is told to stop; return the exit status."""
    source = Source(path)
    try:
        check_place(path, workers)
        read = source.read()
        config = judged(read)
        with opened(host, port) as listening:
            keys = keys_of(config, listening, insecure=insecure)
            if workers > 1:
                return serve_by_workers(
                    workers, source, read, config, listening, keys=keys
                )
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(run(source, read, config, listening, keys))
    except CannotServeError as error:
        say(str(error))
        return 1
    return 0


def check_place(path: Path | None, workers: int) -> None:
    """See that system and environment are fit for a gateway."""
    if workers > 1 and not hasattr(os, "fork"):
        raise CannotServeError(
            "error: --workers above 1 needs a system with fork; leave it out here"
        )
    fault = fault_of_variable(process_environment())
    if fault is not None:
        raise CannotServeError(f"error: {fault}")
    if path is None:
        for said in unusable_variables(process_environment(), ENDPOINTS):
            say(f"warning: {said}")


def judged(read: Read) -> Config:
    """Return the config that was read, if it is one."""
    config = read.found
    if isinstance(config, list):
        raise CannotServeError(render_problems(config))
    fault = fault_of_keeping(config.ledger)
    if fault:
        raise CannotServeError(f"error: {fault}")
    return config


def opened(host: str, port: int) -> socket.socket:
    """Listen: a port that is taken is told before a ledger is begun."""
    try:
        return listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotServeError(
            f"error: cannot listen on {host}:{port}: {reason}; try another --port"
        ) from error


def keys_of(config: Config, listening: socket.socket, *, insecure: bool) -> KeyRing:
    """Return the virtual keys there are, if that can be known and they are enough.

    Who connects meanwhile waits: nobody is accepted yet.
    """
    keys = key_ring(config.ledger, process_environment())
    if isinstance(keys, str):
        raise CannotServeError(f"error: {keys}")
    fault = fault_of_openness(listening, keys, insecure=insecure)
    if fault is not None:
        raise CannotServeError(f"error: {fault}")
    return keys


def serve_by_workers(
    workers: int,
    source: Source,
    read: Read,
    config: Config,
    listening: socket.socket,
    *,
    keys: KeyRing,
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
        return end if isinstance(end, int) else work(end, listening, turns, keys)

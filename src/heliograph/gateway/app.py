"""The composition root: builds the gateway from a config and runs it.

Every owner of state is made here, once: the pool (sockets), the metrics (numbers),
the log (lines), the engine (the config snapshot).
"""

import asyncio
import gc
import logging
import os
import random
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
import uvicorn

from heliograph import __version__
from heliograph.clock import SystemClock
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
from heliograph.gateway.engine import Engine
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.server.api import make_api
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.telemetry.writer import Writer
from heliograph.gateway.types import Config, Endpoint, Key, Provider, Secret
from heliograph.gateway.upstream.pool import Pool

BACKLOG = 2048
DRAIN_S = 30
GARBAGE_OBJECTS = 50_000
STDOUT = 1
SIMULATED = "simulated"
SIMULATED_MODEL = "event-captioner"


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


def listen(host: str, port: int) -> socket.socket:
    """Bind the door before anything else, so that a taken port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def loop_factory() -> Any:  # noqa: ANN401 - uvloop's loop where there is one
    """Choose the event loop: uvloop wherever it exists."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - there is none on Windows

    return uvloop.new_event_loop


async def run(config: Config, listening: socket.socket) -> None:
    """Serve on *listening* until a signal, then drain."""
    async with AsyncExitStack() as stack:
        if not config.providers:
            config = await stack.enter_async_context(Stand(config))
        loop = asyncio.get_running_loop()
        pool = Pool(loop)
        stack.callback(pool.close)
        writer = Writer(write_lines)
        stack.callback(writer.close)
        log = ExchangeLog(loop, writer.put)
        stack.callback(log.flush)
        engine = Engine(
            config,
            pool=pool,
            metrics=Metrics(),
            log=log,
            clock=SystemClock(),
            draw=random.random,
            tls=ssl.create_default_context(),
        )
        server = door(engine, partial(announce, config, listening))
        settle_memory()
        await server.serve(sockets=[listening])


def settle_memory() -> None:
    """Spare the garbage collector what stays, and let it look less often.

    An exchange leaves no cycles, so that its objects are freed as it ends; looking
    through them every 700 objects took a tenth of the request path.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


class Door(uvicorn.Server):
    """Uvicorn's server; a drain that a signal asked for is a success.

    *when_up* is called when it listens and a signal would be heard.
    """

    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self.when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.when_up()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT begin the drain; a second SIGINT ends it."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def door(engine: Engine, when_up: Callable[[], None] = lambda: None) -> Door:
    """Make the server: uvicorn's life cycle, our lane, Starlette for the rest."""
    server: Door
    settings = uvicorn.Config(
        make_api(engine, lambda: server.should_exit),
        http=cast("Any", partial(Lane, engine)),
        ws="none",
        lifespan="off",
        access_log=False,
        log_level=logging.WARNING,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = Door(settings, when_up)
    return server


class Stand:
    """The simulated provider, in this process, for a gateway without any other.

    It speaks the real wire format on a loopback port of its own: the gateway calls
    it as it would any provider.
    """

    def __init__(self, config: Config) -> None:
        # The gateway needs the simulation only here, and only without providers.
        from heliograph.simulation.providers import (  # noqa: PLC0415
            SimulatedProviders,
        )

        self.config = config
        self.providers = SimulatedProviders(host="127.0.0.1", port=0)

    async def __aenter__(self) -> Config:
        """Start it and configure it as the only provider."""
        await self.providers.__aenter__()
        base_url = f"{self.providers.base_url}/{SIMULATED}/v1"
        endpoint = Endpoint(SIMULATED, "openai", base_url)
        key = Key(f"{SIMULATED}#1", Secret("any-key-will-do"))
        provider = Provider(SIMULATED, endpoint, keys=(key,), models=(SIMULATED_MODEL,))
        say(
            "WARNING: no provider is configured. The SIMULATED provider answers: its\n"
            "         answers are made up by a program, not by a model. Set\n"
            "         OPENAI_API_KEY or ANTHROPIC_API_KEY, or give a config with -c."
        )
        return msgspec.structs.replace(
            self.config, providers={SIMULATED: provider}, source="no configuration"
        )

    async def __aexit__(self, *error: object) -> None:
        """Stop it."""
        await self.providers.__aexit__(None, None, None)


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

"""The server's life: it listens, and drains when a signal asks for it."""

import asyncio
import logging
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn

from heliograph.gateway.engine import Engine
from heliograph.gateway.server.api import make_api
from heliograph.gateway.server.lane import Lane

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Bind the door before anything else, so that a taken port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


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
        timeout_graceful_shutdown=math.ceil(engine.config.server.drain_s),
    )
    server = Door(settings, when_up)
    return server

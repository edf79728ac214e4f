"""The server's life: it listens, and drains when a signal asks for it."""

import asyncio
import logging
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from starlette.requests import Request

from heliograph.gateway.app.beside import Beside
from heliograph.gateway.app.descriptors import connections_possible
from heliograph.gateway.app.voice import say
from heliograph.gateway.config.tls import context_of
from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.server.api import make_api
from heliograph.gateway.server.credentials import asker
from heliograph.gateway.server.edge import Edge
from heliograph.gateway.server.guard import Guard
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.server.standing import Standing

if TYPE_CHECKING:
    from heliograph.gateway.admin.application import Admin

BACKLOG = 2048
TLS_GOODBYE_S = 2.0
LAST_WORDS_S = 1.0
LOOK_S = 0.02


def listen(host: str, port: int) -> socket.socket:
    """Bind the door before anything else, so that a taken port is said at once.

    asyncio's own loop sends small pieces at once (TCP_NODELAY) only where the socket
    knows that it is TCP's, which one made anew from its descriptor does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    return socket.socket(fileno=bound.detach())


class Door(uvicorn.Server):
    """Uvicorn's server; a drain that a signal asked for is a success.

    *when_up* is called when it listens and a signal would be heard.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        edge: Edge,
        when_up: Callable[[], None],
        beside: Beside,
    ) -> None:
        super().__init__(config)
        self.beside = beside
        self.edge = edge
        self.engine = edge.engine
        self.when_up = when_up
        self.signals = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so.

        Uvicorn would give a caller a minute for TLS's handshake.
        """
        server = self.engine.config.server
        bounds: dict[str, Any] = {}
        if server.tls is not None:
            bounds["ssl"] = self.edge.tls = context_of(server.tls)
            bounds["ssl_handshake_timeout"] = server.head_s
            bounds["ssl_shutdown_timeout"] = TLS_GOODBYE_S
        make = partial(
            cast("Any", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state={},
        )
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(make, sock=one, backlog=BACKLOG, **bounds)
            for one in sockets or ()
        ]
        self.started = True
        self.when_up()

    def drain(self) -> None:
        """Let nobody new in, finish what is under way."""
        self.should_exit = True

    def stop(self) -> None:
        """Drain; asked once more, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then tell those whose answer is not whole that it will not be.

        What is cancelled has last words, and they need a moment to go out.
        """
        drain_s = self.engine.config.server.drain_s
        self.config.timeout_graceful_shutdown = math.ceil(drain_s)
        await super().shutdown(sockets)
        rest = tuple(self.server_state.tasks)
        for task in rest:
            if not task.cancelling():
                task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        loop = asyncio.get_running_loop()
        until = loop.time() + (LAST_WORDS_S if rest else 0.0)
        while self.server_state.connections and loop.time() < until:  # noqa: ASYNC110 - uvicorn keeps a set of them and tells nobody
            await asyncio.sleep(LOOK_S)
        self.beside.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear the signals that end the process for as long as it serves."""
        loop = asyncio.get_running_loop()
        for number, heard in self.signals.items():
            loop.add_signal_handler(number, heard)
        try:
            yield
        finally:
            for number in self.signals:
                loop.remove_signal_handler(number)


def door(
    engine: Engine,
    standing: Standing,
    when_up: Callable[[], None] = lambda: None,
    keys: KeyRing | None = None,
) -> Door:
    """Make the server: uvicorn's life cycle, our lane, Starlette for the rest."""
    server: Door
    keys = keys or KeyRing()
    guard = Guard(keys, engine.clock.wall_s)
    edge = Edge(engine, connections_possible(), guard)
    beside = Beside(
        partial(make_admin, engine, keys, standing, guard),
        make_api(engine, standing, lambda: server.should_exit, guard),
    )
    settings = uvicorn.Config(
        beside,
        http=cast("Any", partial(Lane, edge)),
        ws="none",
        lifespan="off",
        access_log=False,
        log_level=logging.WARNING,
        proxy_headers=False,
        server_header=False,
    )
    server = Door(settings, edge, when_up, beside)
    return server


def make_admin(
    engine: Engine, keys: KeyRing, standing: Standing, guard: Guard
) -> "Admin":
    """Make what is under `/admin`: it is imported here, not at the start."""
    from heliograph.gateway.admin.application import Admin  # noqa: PLC0415
    from heliograph.gateway.admin.house import House  # noqa: PLC0415

    return Admin(House(engine, keys, standing, partial(address_of, guard), say))


def address_of(guard: Guard, request: Request) -> str:
    """Say from which address *request* comes, through the proxies that are trusted."""
    peer = request.client.host if request.client else None
    return asker(peer, request.headers.raw, guard.trusted) or ""

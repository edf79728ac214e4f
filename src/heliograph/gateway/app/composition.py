"""The composition root: builds the gateway from a config and runs it.

Every owner of state is made here, once: the pool (sockets), the metrics (numbers),
the log (lines), the ledger (what is remembered), the engine (the config snapshot).
"""

import asyncio
import gc
import random
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import cache, partial

from msgspec import UNSET, UnsetType

from heliograph.clock import SystemClock
from heliograph.gateway.app.alone import Alone
from heliograph.gateway.app.door import door
from heliograph.gateway.app.reloader import Reloader
from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.source import Read, Source
from heliograph.gateway.app.stand import simulated_provider, stand_in
from heliograph.gateway.app.voice import announce, say, write_lines
from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.ledger import ledger_of
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.telemetry.writer import Writer
from heliograph.gateway.types import Config
from heliograph.gateway.upstream.pool import Pool

GARBAGE_OBJECTS = 50_000
RELOAD: int | None = getattr(signal, "SIGHUP", None)  # there is none on Windows


async def run(
    source: Source, read: Read, config: Config, door_at: socket.socket, keys: KeyRing
) -> None:
    """Serve on the socket *door_at* until a signal, then drain."""
    async with AsyncExitStack() as stack:
        if not config.providers:
            address = await stack.enter_async_context(simulated_provider())
            config = stand_in(config, address)
        engine = make_engine(config, stack, keys)
        clock = engine.clock
        reloads = Reloads(config, read, say=say, wall_s=clock.wall_s)
        reloader = Reloader(source, read, reloads, engine.reload)
        watching = reloader.start()
        stack.callback(watching.cancel)
        if RELOAD is not None:
            asyncio.get_running_loop().add_signal_handler(RELOAD, reloader.asked.set)
        announced = partial(announce, config, door_at)
        server = door(engine, Alone(engine, reloads), announced, keys)
        settle_memory()
        await server.serve(sockets=[door_at])


def make_engine(
    config: Config,
    stack: AsyncExitStack,
    keys: KeyRing,
    *,
    write: Callable[[bytes], object] = write_lines,
    worker: int | UnsetType = UNSET,
) -> Engine:
    """Make the engine and all it owns; *stack* closes them."""
    loop = asyncio.get_running_loop()
    pool = Pool(loop)
    stack.callback(pool.close)
    writer = Writer(write)
    stack.callback(writer.close)
    log = ExchangeLog(loop, writer.put, worker)
    stack.callback(log.flush)
    ledger = ledger_of(config.ledger, say, keys)
    if ledger is not None:
        ledger.start()
        stack.callback(ledger.close)
    engine = Engine(
        config,
        pool=pool,
        metrics=Metrics(),
        log=log,
        clock=SystemClock(),
        draw=random.random,
        tls=cache(ssl.create_default_context),
        ledger=ledger,
    )
    stack.callback(engine.close)
    return engine


def settle_memory() -> None:
    """Spare the garbage collector what stays, and let it look less often.

    An exchange leaves no cycles, so that its objects are freed as it ends; looking
    through them every 700 objects took a tenth of the request path.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    gc.enable()

"""The stage: the user's gateway, with every provider replaced by a simulated one.

One process, one loop, real sockets. No key's value is sent, not even here: each is
replaced by its id.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from types import MappingProxyType

from msgspec import structs

from heliograph.clock import Clock
from heliograph.gateway.app import Alone, Read, Reloads, door, listen
from heliograph.gateway.config.schema import DIALECT_AUTH
from heliograph.gateway.engine import Engine
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.types import Config, Key, Provider, Secret
from heliograph.gateway.upstream.pool import Pool


def staged(config: Config, simulated_url: str) -> Config:
    """Point every provider of *config* at the simulated one of its name."""
    providers = {
        name: stand_in(provider, simulated_url)
        for name, provider in config.providers.items()
    }
    return structs.replace(config, providers=MappingProxyType(providers))


def stand_in(provider: Provider, simulated_url: str) -> Provider:
    """Keep what routing looks at; change where it is and what it is shown."""
    endpoint = structs.replace(
        provider.endpoint,
        base_url=f"{simulated_url}/{provider.name}/v1",
        auth=DIALECT_AUTH[provider.endpoint.dialect],
    )
    keys = tuple(structs.replace(key, secret=Secret(key.id)) for key in provider.keys)
    if not keys:
        keyless = f"{provider.name}#1"
        keys = (Key(keyless, Secret(keyless)),)
    return structs.replace(provider, endpoint=endpoint, keys=keys)


@asynccontextmanager
async def gateway(
    config: Config, *, clock: Clock, draw: Random, write: Callable[[bytes], object]
) -> AsyncIterator[int]:
    """Run the gateway's own server on a loopback port; yield the port.

    *write* gets the lines of its exchange log.
    """
    loop = asyncio.get_running_loop()
    pool = Pool(loop)
    log = ExchangeLog(loop, write)
    engine = Engine(
        config,
        pool=pool,
        metrics=Metrics(),
        log=log,
        clock=clock,
        draw=draw.random,
        tls=ssl.create_default_context,
    )
    reloads = Reloads(
        config, Read((), None, config), say=lambda _: None, wall_s=clock.wall_s
    )
    server = door(engine, Alone(engine, reloads))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with listen("127.0.0.1", 0) as door_at:
        # Without uvicorn's main loop: it would look around ten times a second.
        await server.startup(sockets=[door_at])
        await server.on_tick(0)
        try:
            yield door_at.getsockname()[1]
        finally:
            for listener in server.servers:
                listener.close()
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
            await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
            log.flush()
            pool.close()

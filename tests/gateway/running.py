"""A real gateway on a real loopback socket, in the test's own loop."""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from gateway.raw_client import Answer, RawClient
from heliograph.clock import Clock, SystemClock
from heliograph.gateway.app import Alone, Door, Read, Reloads, door, listen
from heliograph.gateway.config import render_problems
from heliograph.gateway.config.reading import read_text
from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.types import Config, Retries
from heliograph.gateway.upstream.pool import Pool
from heliograph.simulation.providers import SimulatedProviders
from secret_hygiene import look

HELLO = [{"role": "user", "content": "hello there"}]
SAID = "[simulated] Your last message has 2 words and no picture."
"""What the simulated providers answer to `HELLO`."""
TWO = """
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-first-a111, sk-ant-second-a222]
    models: [claude-sonnet-4-6, claude-haiku-4-5]
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-first-b111, sk-oai-second-b222]
    models: [gpt-4o, gpt-4o-mini]
"""
CLAUDE_FIRST = f"""
providers:{TWO}
fallbacks:
  - from: anthropic/claude-sonnet-4-6
    to: openai/gpt-4o
  - from: openai/gpt-4o-mini
    to: anthropic/claude-haiku-4-5
"""
TLS = ssl.create_default_context()
FIRST = {"anthropic": "anthropic/claude-sonnet-4-6", "openai": "openai/gpt-4o-mini"}
SECOND = {"anthropic": "openai", "openai": "anthropic"}
"""By dialect: the model to ask for, and the provider that is its fallback."""


def config_of(text: str, sim_url: str, **timeouts: float) -> Config:
    """Read *text* with `{sim}` replaced, and *timeouts* for every provider."""
    bounds = json.dumps({"connect_s": 2, **timeouts})
    text = text.replace("{sim}", sim_url) + f"\ntimeouts: {bounds}\n"
    config = read_text(text, file="test.yaml", endpoints=ENDPOINTS, environ={})
    if isinstance(config, list):
        pytest.fail(render_problems(config))
    return config


def plain(config: Config) -> Config:
    """Leave out repeats and rescue: what one attempt does is seen as it is."""
    return replace(config, rescue="off", retries=Retries(same_target_max=0))


class Way(NamedTuple):
    """One of the four ways through the gateway: a dialect, whole or streamed."""

    dialect: str
    stream: bool

    @property
    def model(self) -> str:
        """A model of that dialect's provider."""
        return FIRST[self.dialect]

    @property
    def fallback(self) -> str:
        """The provider asked after it."""
        return SECOND[self.dialect]

    def body(self, **members: object) -> bytes:
        """Write a request that goes this way."""
        return request({"model": self.model, "stream": self.stream, **members})


def request(members: Mapping[str, object]) -> bytes:
    """Write a request of *members*; what is left out is plain."""
    return json.dumps({"model": FIRST["openai"], "messages": HELLO, **members}).encode()


class Gateway:
    """The gateway, what it logged, and short ways to ask it."""

    def __init__(self, engine: Engine, server: Door, port: int) -> None:
        self.engine = engine
        self.server = server
        self.port = port
        self._lines: list[bytes] = []
        self._written = asyncio.Event()
        engine.log.write = self._write

    def _write(self, data: bytes) -> None:
        self._lines.append(data)
        self._written.set()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The exchange log so far."""
        self.engine.log.flush()
        return [json.loads(line) for line in b"".join(self._lines).splitlines()]

    @property
    def raw_log(self) -> bytes:
        """The exchange log, as it was written."""
        self.engine.log.flush()
        return b"".join(self._lines)

    async def recorded(self, count: int = 1) -> dict[str, Any]:
        """Wait for *count* exchanges in the log; return the last."""
        async with asyncio.timeout(5):
            while len(self.lines) < count:
                self._written.clear()
                await self._written.wait()
        assert len(self.lines) == count, self.lines
        return self.lines[-1]

    async def ask(self, **members: object) -> Answer:
        """Ask a chat of *members*, on a connection of its own."""
        return await self.post(request(members))

    async def post(self, body: bytes, *, extra: str = "") -> Answer:
        """Send *body*, on a connection of its own."""
        async with RawClient.to(self.port) as client:
            client.send(body, extra=extra)
            return await client.answer()

    async def get(self, path: str, *, method: str = "GET", extra: str = "") -> Answer:
        """Get *path*."""
        async with RawClient.to(self.port) as client:
            client.get(path, method=method, extra=extra)
            return await client.answer()


def alone(engine: Engine) -> Alone:
    """Tell of a process whose config was never read again."""
    read = Read((), b"", engine.config)
    wall_s = engine.clock.wall_s
    return Alone(engine, Reloads(engine.config, read, say=print, wall_s=wall_s))


class SteppedClock:
    """A clock that stands until it is stepped: a slow machine changes nothing."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    def wall_s(self) -> float:
        """Seconds since 1970, or so."""
        return 1.8e9 + self.now_s

    def monotonic_s(self) -> float:
        """Seconds that health is kept in."""
        return self.now_s


@asynccontextmanager
async def running(
    config: Config,
    clock: Clock | None = None,
    *,
    keys: KeyRing | None = None,
    ledger: Ledger | None = None,
) -> AsyncIterator[Gateway]:
    """Run the gateway as `app.run` does, but for its signals and its slow farewell."""
    loop = asyncio.get_running_loop()
    pool = Pool(loop)
    engine = Engine(
        config,
        pool=pool,
        metrics=Metrics(),
        log=ExchangeLog(loop, bytes),
        clock=clock or SystemClock(),
        draw=random.Random(1).random,
        tls=lambda: TLS,
        ledger=ledger,
    )
    server = door(engine, alone(engine), keys=keys)
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[listening])
        await server.on_tick(0)
        gateway = Gateway(engine, server, port)
        try:
            yield gateway
            look(gateway.raw_log, "the exchange log")
        finally:
            for listener in server.servers:
                listener.close()
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
            await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
            engine.log.flush()
            engine.close()
            pool.close()


@asynccontextmanager
async def gateway_before(
    sim: SimulatedProviders, text: str = CLAUDE_FIRST, **timeouts: float
) -> AsyncIterator[Gateway]:
    """Run a gateway whose providers are *sim*, without repeats and rescue."""
    async with running(plain(config_of(text, sim.base_url, **timeouts))) as gateway:
        yield gateway


async def until(done: Callable[[], object]) -> None:
    """Wait until *done* holds, where there is no event to wait for."""
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come true within 5 s")


def keys_tried(sim: SimulatedProviders, provider: str) -> list[str]:
    """List the last four characters of the keys *provider* was asked with."""
    return [seen.key for seen in sim.log if seen.provider == provider]


def fault(provider: str, fault: Mapping[str, object], **when: object) -> dict[str, Any]:
    """Write a rule for *provider*."""
    return {"when": {"provider": provider, **when}, "fault": dict(fault)}

"""The simulated providers as a server: for tests, the demo, and the command line."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self, cast

from heliograph.simulation.providers.desk import Desk
from heliograph.simulation.providers.journal import Seen
from heliograph.simulation.providers.protocol import Connection
from heliograph.simulation.providers.rules import Rule, Script
from heliograph.simulation.providers.script import ScriptError, load_script, to_rules

BACKLOG = 4096
PlainRule = Mapping[str, object]


class SimulatedProviders:
    """One server for many providers, to be used with `async with`.

    Every provider is at `base_url` and at `base_url/NAME`, NAME being whatever the
    rules call it. `rules` are `Rule`s or plain mappings of the script's schema. Times
    are the loop's; *wall_s* gives the date that answers carry.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rules: Sequence[Rule | PlainRule] = (),
        keepalive_s: float | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.host = host
        self.port = port
        self._rules = _as_rules(rules)
        self._keepalive_s = keepalive_s
        self._wall_s = wall_s
        self._connections: set[Connection] = set()
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._desk = Desk(self._rules, "", 0.0)

    @property
    def base_url(self) -> str:
        """`http://HOST:PORT`, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def log(self) -> tuple[Seen, ...]:
        """Every request seen since the start or the last reset, oldest first."""
        return tuple(self._desk.journal.entries)

    @property
    def open_connections(self) -> int:
        """How many sockets are open now."""
        return len(self._connections)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start or the last reset: the log's time."""
        return self._desk.elapsed_s(asyncio.get_running_loop().time())

    def set_rules(self, rules: Sequence[Rule | PlainRule]) -> None:
        """Replace the rules; raise ScriptError on a bad one. The clock goes on."""
        self._rules = _as_rules(rules)
        self._desk.set_rules(self._rules)

    def reset(self) -> None:
        """Begin again: clock, counts and log. The rules stay."""
        self._desk.reset(asyncio.get_running_loop().time())

    async def until(
        self, done: Callable[[Sequence[Seen]], bool], *, timeout_s: float = 5.0
    ) -> None:
        """Wait until *done* holds of the log. Raise TimeoutError after *timeout_s*."""
        async with asyncio.timeout(timeout_s):
            while not done(self.log):
                self._changed.clear()
                await self._changed.wait()

    async def start(self) -> Self:
        """Listen. Raise OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._desk = Desk(self._rules, token_hex(6), loop.time())
        self._desk.journal.on_change = self._changed.set

        def connect() -> asyncio.Protocol:
            connection = Connection(
                self._desk,
                loop,
                open_connections=self._connections,
                keepalive_s=self._keepalive_s,
                wall_s=self._wall_s,
            )
            # It has a protocol's methods; inheriting would add only empty ones.
            return cast("asyncio.Protocol", connection)

        self._server = await loop.create_server(
            connect, self.host, self.port, backlog=BACKLOG
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        leaving = tuple(self._connections)
        for connection in leaving:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in leaving))
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def serve(host: str, port: int, script: Script) -> SimulatedProviders:
    """Start a server that follows *script*; the caller closes it."""
    server = SimulatedProviders(
        host=host, port=port, rules=script.rules, keepalive_s=script.keepalive_s
    )
    return await server.start()


def run(host: str, port: int, script_path: Path | None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code.

    A script that cannot be used, or an address that cannot be had, is said on
    stderr, with exit code 1.
    """
    try:
        script = load_script(script_path) if script_path else Script()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve_until_signal(host, port, script))
    except ScriptError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: cannot listen on {host}:{port}: {error}\n")
        return 1
    return 0


async def _serve_until_signal(host: str, port: int, script: Script) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    server = await serve(host, port, script)
    _say(
        f"SIMULATED providers on {server.base_url}: openai, anthropic and gemini, "
        f"each also under /NAME; {len(script.rules)} rules of misbehaviour. "
        "No answer comes from a real model.\n"
    )
    try:
        await stop.wait()
    finally:
        await server.close()


def _say(line: str) -> None:
    """Write *line* to standard output, or to standard error where nobody reads it.

    Past Python's buffer, or what was not read would raise again at the end.
    """
    try:
        os.write(sys.stdout.fileno(), line.encode())
    except OSError:
        sys.stderr.write(line)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - optional, and absent on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _as_rules(rules: Sequence[Rule | PlainRule]) -> tuple[Rule, ...]:
    """Read the plain ones among *rules*, under their own index."""
    plain = [rule for rule in rules if not isinstance(rule, Rule)]
    read = iter(to_rules(plain))
    return tuple(rule if isinstance(rule, Rule) else next(read) for rule in rules)

"""Each official SDK before every kind of stream: straight, and through the gateway.

The gateway runs once with one target for each stream and once with a fallback. All
that is kept of a run is a verdict for each stream, in one word.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from conformance.stream_faults import ROWS, TEXT, Stream, rows
from gateway.running import config_of, running
from heliograph.simulation.providers.desk import Request
from heliograph.simulation.providers.types import DialectName, Step
from replaying import replaying, streamed

FOLDER = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE_S = 20.0
IMPATIENCE_S = 2.0
"""How long a silent stream is listened to where nothing else would end it."""
RUN_S = 120.0
SILENCE_S = 0.4
ENDS = frozenset({"stop", "end_turn", "STOP"})
LATE = frozenset({"APITimeoutError", "ReadTimeout", "Timeout"})
"""What is raised when a client's own patience ends, and not by what it was told."""
SERVED: tuple[DialectName, ...] = ("openai", "anthropic")
"""The dialects of the providers that stand behind the gateway."""
DOORS: tuple[DialectName, ...] = ("openai", "anthropic", "gemini")
"""The dialects in which the gateway may be asked."""
TOKENS_MAX = {"straight": 200, "alone": 2000, "held": 200, "continued": 2000}
"""The ways to ask, and for how many tokens: straight; through the gateway with one
target; and with a fallback, for an answer that is held back and for one that is not."""
PROVIDER = """\
  at_{name}:
    base_url: {url}/{name}/v1
    dialect: {dialect}
    models: [{name}]
    timeouts: {{idle_s: {silence_s}, first_byte_s: {silence_s}}}
"""
FALLBACK = "  - {{from: at_{name}/{name}, to: at_{dialect}_spare/{dialect}_spare}}\n"

Ask = dict[str, str | float]
"""What a judge is told of one stream."""
Verdicts = dict[str, dict[str, str]]
"""By way and name of the row: ok, error, waits or silent."""


class Way(NamedTuple):
    """How an SDK gets to a stream: straight or how else, and whose dialect it is in."""

    kind: str
    dialect: DialectName

    @property
    def name(self) -> str:
        """The key of its verdicts."""
        return f"{self.kind} {self.dialect}"


class Sdk(NamedTuple):
    """One version of an SDK, and the program that judges with it."""

    name: str
    dialect: DialectName
    command: tuple[str, ...]

    @property
    def ways(self) -> list[Way]:
        """The ways it can go; straight is the first."""
        straight, *through = TOKENS_MAX
        found = [Way(straight, self.dialect)]
        if self.dialect in DOORS:
            found += [Way(kind, dialect) for kind in through for dialect in SERVED]
        return found

    def base_url(self, url: str) -> str:
        """Where the SDK is told that a server is; openai wants the version too."""
        return f"{url}/v1" if self.dialect == "openai" else url


class Found(NamedTuple):
    """What a run found: the version that judged, and its verdicts."""

    version: str
    verdicts: Verdicts


def by_python(name: str, dialect: DialectName, *, of: Path = BIN) -> Sdk:
    """Judge by an SDK for Python, in the environment whose `bin` is *of*."""
    module = name.partition("-")[0]
    program = (str(of / "python"), str(FOLDER / "judge.py"), module)
    return Sdk(name, dialect, program)


def by_node(name: str, package: str) -> Sdk:
    """Judge by an SDK for JavaScript."""
    program = str(FOLDER / "node" / "judge_streams.mjs")
    return Sdk(name, "openai", (str(BIN / "node"), program, package))


SDKS = (
    by_python("openai-python 1", "openai", of=BIN.parent / "openai-1" / "bin"),
    by_python("openai-python 2", "openai", of=BIN.parent / "openai-2" / "bin"),
    by_python("openai-python 3", "openai"),
    by_node("openai-node 7", "openai"),
    by_node("AI SDK 7", "ai"),
    by_python("anthropic-python 2", "anthropic"),
    by_python("google-genai 3", "gemini"),
)


def streams(dialects: Iterable[DialectName]) -> dict[str, Callable[[], Iterable[Step]]]:
    """Name every stream of *dialects*, and how it is played."""
    found: dict[str, Callable[[], Iterable[Step]]] = {}
    for dialect in dialects:
        stream = Stream(dialect)
        found[f"{dialect}_spare"] = partial(streamed, stream.events)
        for row in rows(dialect):
            found[f"{dialect}_{row.slug}"] = partial(row.play, stream)
    return found


def config(url: str, *, fallback: bool) -> str:
    """Write the gateway's file: a provider for each stream, so that each fails once."""
    text, more = "providers:\n", ""
    for dialect in SERVED:
        own = {f"{dialect}_{row.slug}": row for row in rows(dialect)}
        for name, row in {f"{dialect}_spare": ROWS[0], **own}.items():
            text += PROVIDER.format(
                name=name,
                url=url,
                dialect=dialect,
                silence_s=SILENCE_S if row.stalls else PATIENCE_S,
            )
        more += "".join(FALLBACK.format(name=name, dialect=dialect) for name in own)
    return f"{text}fallbacks:\n{more}" if fallback else text


def asks(sdk: Sdk, replay: str, alone: str, backed: str) -> list[Ask]:
    """List what *sdk* is to ask: where, and for which model."""
    found: list[Ask] = []
    for way in sdk.ways:
        straight = way.kind == "straight"
        gateway = alone if way.kind == "alone" else backed
        for row in rows(way.dialect):
            model = f"{way.dialect}_{row.slug}"
            ask: Ask = {
                "name": json.dumps([way.name, row.name]),
                "base_url": sdk.base_url(f"{replay}/{model}" if straight else gateway),
                "model": model,
                "tokens_max": TOKENS_MAX[way.kind],
                "timeout_s": IMPATIENCE_S if straight and row.stalls else PATIENCE_S,
            }
            found.append(ask)
    return found


def verdict(text: str, finish: str | None, error: str | None) -> str:
    """Judge what an application got to see."""
    if error is not None:
        return "waits" if error in LATE else "error"
    return "ok" if text == TEXT and finish in ENDS else "silent"


async def judged(sdk: Sdk) -> Found:
    """Run the SDK's judge before all streams."""
    known = streams(("openai", "anthropic", "gemini"))

    def find(request: Request) -> Iterable[Step]:
        return known[request.target.split("/")[1]]()

    async with replaying(find) as replay:
        one, two = (config(replay, fallback=way) for way in (False, True))
        async with (
            running(config_of(one, replay)) as alone,
            running(config_of(two, replay)) as backed,
        ):
            todo = asks(sdk, replay, url_of(alone.port), url_of(backed.port))
            return await ask_all(sdk, todo)


def url_of(port: int) -> str:
    """Write the address of a server on this machine."""
    return f"http://127.0.0.1:{port}"


async def ask_all(sdk: Sdk, todo: list[Ask]) -> Found:
    """Run the judge's program on *todo*."""
    program = await asyncio.create_subprocess_exec(
        *sdk.command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin"},
    )
    job = json.dumps(todo).encode()
    async with asyncio.timeout(RUN_S):
        out, problems = await program.communicate(job)
    assert program.returncode == 0, problems.decode()
    version, *lines = out.decode().splitlines()
    assert len(lines) == len(todo)
    verdicts: Verdicts = {way.name: {} for way in sdk.ways}
    for line in lines:
        seen = json.loads(line)
        way, row = json.loads(seen["name"])
        verdicts[way][row] = verdict(seen["text"], seen["finish"], seen["error"])
    return Found(version, verdicts)

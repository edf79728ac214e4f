"""Plays a script: sends the traffic at its times, and gathers what came of it."""

import asyncio
import base64
import io
from collections.abc import Callable, Sequence
from random import Random

import msgspec
from msgspec import Struct
from PIL import Image

from heliograph.drill.caller import Callers, Heard
from heliograph.drill.casting import Cast
from heliograph.drill.judge import (
    StreamJudge,
    Verdict,
    WholeJudge,
    expected_text,
)
from heliograph.drill.rules import script_rules
from heliograph.drill.script import Script, Traffic
from heliograph.drill.stage import gateway, staged
from heliograph.gateway.types import Config
from heliograph.simulation.providers import SimulatedProviders
from heliograph.simulation.virtual_time import VirtualClock, VirtualLoop

PICTURE_SIDE = 64
NUMBER = b"NUMBER"


class Tried(Struct, frozen=True):
    """One attempt of the gateway, at its time in the drill; a cost may be unknown."""

    at_s: float
    provider: str
    key: str | None
    kind: str | None
    cost_nano: int | None = None


class Row(Struct, frozen=True):
    """One request: when, what its caller got, and what the gateway did for it."""

    at_s: float
    stream: bool
    latency_s: float
    verdict: Verdict
    status: int
    provider: str | None = None
    key: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    tried: tuple[Tried, ...] = ()


class AttemptLine(Struct):
    """What a drill wants of an attempt in the log."""

    target: str
    key: str | None
    kind: str | None
    started_ms: float
    cost_nano: int | None


class LogLine(Struct):
    """What a drill wants of a line of the exchange log."""

    request_id: str
    provider: str | None
    input_tokens: int | None
    output_tokens: int | None
    attempts: tuple[AttemptLine, ...]


def play(
    script: Script, cast: Cast, config: Config, progress: Callable[[float, int], None]
) -> list[Row]:
    """Play the whole script; *progress* is told the time and the requests sent."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(perform(script, cast, config, progress))


async def perform(
    script: Script, cast: Cast, config: Config, progress: Callable[[float, int], None]
) -> list[Row]:
    """Set the stage on the running loop and let the callers call."""
    clock = VirtualClock(asyncio.get_running_loop())
    written: list[bytes] = []
    providers = SimulatedProviders(rules=script_rules(script), wall_s=clock.wall_s)
    async with providers as simulated:
        draw = Random(script.seed)  # noqa: S311 - replayable, and nothing secret
        stage = staged(config, simulated.base_url)
        async with gateway(stage, clock=clock, draw=draw, write=written.append) as port:
            simulated.reset()
            begin_s = clock.monotonic_s()
            heard = await call_all(script, cast, Callers(port), progress)
    decode = msgspec.json.Decoder(LogLine).decode
    lines = map(decode, b"".join(written).splitlines())
    log = {line.request_id: line for line in lines}
    return [
        row_of(answer, log.get(answer.request_id), begin_s, stream=stream)
        for answer, stream in heard
    ]


async def call_all(
    script: Script,
    cast: Cast,
    callers: Callers,
    progress: Callable[[float, int], None],
) -> Sequence[tuple[Heard, bool]]:
    """Send every request at its time, whatever became of those before."""
    traffic = script.traffic
    loop = asyncio.get_running_loop()
    chance = Random(script.seed)  # noqa: S311 - replayable, and nothing secret
    expected = expected_text(traffic.answer_words, traffic.max_tokens)
    bodies = {stream: body_of(traffic, cast.model, stream=stream) for stream in (0, 1)}
    begin_s = loop.time()
    calls: list[tuple[asyncio.Task[Heard], bool]] = []
    for number in range(script.requests):
        at_s = (number + chance.random()) / traffic.requests_per_s
        stream = chance.random() < traffic.stream_share
        await asyncio.sleep(begin_s + at_s - loop.time())
        progress(at_s, number)
        judge = StreamJudge(expected) if stream else WholeJudge(expected)
        # Each request is another one, or a cache would answer it.
        body = bodies[stream].replace(NUMBER, b"%06d" % number)
        calls.append((asyncio.create_task(callers.ask(body, judge)), stream))
    heard = [(await call, stream) for call, stream in calls]
    progress(script.duration_s, script.requests)
    callers.close()
    return heard


def body_of(traffic: Traffic, model: str, *, stream: bool | int) -> bytes:
    """Write a request; its number is filled in later."""
    asked = "What moves in frame NUMBER?"
    content: object = asked
    if traffic.picture:
        url = {"url": f"data:image/png;base64,{picture()}"}
        content = [
            {"type": "text", "text": asked},
            {"type": "image_url", "image_url": url},
        ]
    return msgspec.json.encode(
        {
            "model": model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": traffic.max_tokens,
            "stream": bool(stream),
        }
    )


def picture() -> str:
    """Draw a small grey picture with a light square in it."""
    drawn = Image.new("L", (PICTURE_SIDE, PICTURE_SIDE), 128)
    drawn.paste(255, (20, 24, 40, 44))
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def row_of(heard: Heard, line: LogLine | None, begin_s: float, *, stream: bool) -> Row:
    """Join what a caller got with what the gateway says it did."""
    at_s = heard.asked_s - begin_s
    until_s = heard.first_s if stream and heard.first_s is not None else heard.ended_s
    row = Row(at_s, stream, until_s - heard.asked_s, heard.verdict, heard.status)
    if line is None:
        return row
    tried = tuple(
        Tried(
            at_s + attempt.started_ms / 1000,
            attempt.target.partition("/")[0],
            attempt.key,
            attempt.kind,
            attempt.cost_nano,
        )
        for attempt in line.attempts
    )
    answering = [attempt for attempt in tried if attempt.kind is None]
    return msgspec.structs.replace(
        row,
        provider=line.provider,
        key=answering[-1].key if answering else None,
        input_tokens=line.input_tokens or 0,
        output_tokens=line.output_tokens or 0,
        tried=tried,
    )

"""Streams that are struck at one of their events: what is sent, what must be heard."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from gateway.raw_client import Answer
from heliograph.simulation.providers import types as simulation
from heliograph.simulation.providers.answer import compose
from heliograph.simulation.providers.desk import Request
from heliograph.simulation.providers.routes import WIRES
from recorded_streams import DONE, recorded
from replaying import Cut, streamed

DIALECTS: tuple[simulation.DialectName, ...] = ("openai", "anthropic")
FAMILIES = ("cut", "stalled", "garbled")
END_EVENTS = 100
CUTS: tuple[Cut, ...] = ("end", "chunked", "close_delimited", "reset")
WAYS = (*CUTS, "half")
"""How streams are cut, in turn: between two events, or in the middle of one."""
PAUSE_S = 0.003
ENDS: dict[str, Cut] = {**{cut: cut for cut in CUTS}, "stall": "hang"}
TOLD = re.compile(rb"strike by (\w+) at (\d+)")


class Strike(NamedTuple):
    """What happens to a stream, and at which of its events."""

    by: str
    at: int

    def told(self) -> str:
        """Say it in a request, for the provider to read."""
        return f"strike by {self.by} at {self.at}"


class Heard(NamedTuple):
    """What a caller has been told, put together."""

    text: str
    calls: tuple[object, ...]
    finish: str | None


def strikes(family: str, count: int) -> Iterator[Strike]:
    """List the strikes of a *family* on a stream of *count* events.

    Both ends of a stream are struck by every family, what is between them in turn.
    """
    place = FAMILIES.index(family)
    for at in range(count):
        if END_EVENTS <= at < count - END_EVENTS and at % len(FAMILIES) != place:
            continue
        if family == "stalled":
            yield Strike("stall", at)
        elif family == "garbled":
            yield Strike("garble", at)
        else:
            yield Strike(WAYS[at % len(WAYS)], at)


def replay(events: Sequence[bytes], request: Request) -> Iterable[simulation.Step]:
    """Answer a request: the spare whole, the other as the request has it."""
    found = TOLD.search(request.body)
    if found is None or request.target.startswith("/spare"):
        return streamed([b"".join(events)])
    return struck(events, Strike(found[1].decode(), int(found[2])))


def struck(events: Sequence[bytes], strike: Strike) -> Iterable[simulation.Step]:
    """Play *events* as *strike* has them; what comes before it in one write."""
    before, rest = b"".join(events[: strike.at]), events[strike.at :]
    if strike.by == "half":
        return streamed([before + rest[0][: len(rest[0]) // 2]])
    if strike.by == "garble":
        after = broken_off(rest[0]) + b"".join(rest[1:])
        # What comes before has been passed on when the rest is read.
        return streamed([before, PAUSE_S, after] if before else [after])
    return streamed([before] if before else [], ENDS[strike.by])


def broken_off(event: bytes) -> bytes:
    """Lose the second half of an event's data, but not the event's end."""
    head, _, data = event.partition(b"data: ")
    return head + b"data: " + data[: len(data) // 2] + b"\n\n"


@cache
def streams(dialect: simulation.DialectName) -> dict[str, list[bytes]]:
    """Return every stream of *dialect* as its events, simulated and recorded ones."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    }
    tool = simulation.Tool("weather", schema)
    asks = {
        "simulated-text": simulation.Ask("m", stream=True, include_usage=True),
        "simulated-tool": simulation.Ask("m", stream=True, tool=tool),
    }
    simulated = {name: events_of(dialect, ask) for name, ask in asks.items()}
    return {**simulated, **recorded(dialect)}


def events_of(dialect: simulation.DialectName, ask: simulation.Ask) -> list[bytes]:
    """Return what the simulated provider sends for *ask*."""
    said = compose(ask, dialect, serial="1", created_at=1, fault=None)
    assert isinstance(said, simulation.Answer)
    return [event.data for event in WIRES[dialect].events(said, ask)]


def heard(got: Answer) -> Heard:
    """Put together what a caller was told by a stream."""
    text: list[str] = []
    calls: list[object] = []
    finish: str | None = None
    chunks = (chunk["choices"] for chunk in got.chunks if "choices" in chunk)
    for choice in chain.from_iterable(chunks):
        delta = choice["delta"]
        text.append(words_of(delta))
        calls += delta.get("tool_calls") or ()
        finish = choice.get("finish_reason") or finish
    return Heard("".join(text), tuple(calls), finish)


def words_of(delta: dict[str, Any]) -> str:
    """Return what a delta says; Mistral's thinking comes as a list of parts."""
    content = delta.get("content") or ""
    return content if isinstance(content, str) else json.dumps(content)


def text_of(events: Sequence[bytes]) -> str:
    """Return the text of a provider's own stream, whichever dialect it speaks."""
    text = []
    for event in events:
        if event == DONE:
            continue
        told: dict[str, Any] = json.loads(event.partition(b"data: ")[2])
        text += [words_of(choice["delta"]) for choice in told.get("choices", ())]
        if told.get("type") == "content_block_delta":
            text.append(told["delta"].get("text", ""))
    return "".join(text)

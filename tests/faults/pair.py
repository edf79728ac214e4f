"""A sick target and one that is well, before a gateway: and what came of a request.

Both have the gateway's own rules: repeats, breakers and rescue are as a user has them.
Whatever a test does, at its end metrics, log lines and the providers' own journal must
tell the same story.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, NamedTuple

from msgspec.structs import replace

from gateway.raw_client import Answer, RawClient
from gateway.running import SAID, Gateway, config_of, fault, request, running, until
from heliograph.clock import Clock
from heliograph.simulation.providers import Seen, SimulatedProviders

WELL = """
  well:
    base_url: {sim}/well/v1
    keys: [sk-well-b111]
    models: [m]
fallbacks:
  - {from: sick/m, to: well/m}
"""
ALONE = """
providers:
  sick:
    base_url: {sim}/sick/v1
    keys: [sk-sick-a111]
    models: [m]
"""
PAIR = ALONE + WELL
TWO_KEYS = PAIR.replace("[sk-sick-a111]", "[sk-sick-a111, sk-sick-a222]")
PATIENT: Mapping[str, float] = {"connect_s": 2, "first_byte_s": 10, "idle_s": 10}
PROMPT_S = 2.0
"""What needs no waiting takes milliseconds; a busy machine may need this."""
SHORT = 64
"""`max_tokens` of an answer that is held back to its end."""


class Heard(NamedTuple):
    """What a caller was told, when it asked, and how long it took; by the loop."""

    answer: Answer
    began_s: float
    took_s: float


class Told(NamedTuple):
    """What came of one request: what the caller saw, and what was recorded."""

    answer: Answer
    line: dict[str, Any]
    began_s: float
    took_s: float

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """Its attempts, as they were logged."""
        found: list[dict[str, Any]] = self.line["attempts"]
        return found

    @property
    def targets(self) -> list[str]:
        """Whom it was put to, in order."""
        return [attempt["target"].partition("/")[0] for attempt in self.attempts]

    @property
    def kinds(self) -> list[str | None]:
        """What came of each attempt; None is an answer."""
        return [attempt["kind"] for attempt in self.attempts]

    @property
    def gaps_s(self) -> list[float]:
        """The waits between its attempts."""
        pairs = zip(self.attempts, self.attempts[1:], strict=False)
        return [(b["started_ms"] - a["ended_ms"]) / 1e3 for a, b in pairs]


class Pair:
    """The gateway and the providers behind it."""

    def __init__(self, sim: SimulatedProviders, gateway: Gateway) -> None:
        self.sim = sim
        self.gateway = gateway

    def falls_sick(self, what: Mapping[str, object], **when: object) -> None:
        """Let the first target misbehave from now."""
        self.sim.set_rules([fault("sick", what, **when)])

    def calls(self, provider: str = "sick") -> list[Seen]:
        """List the calls that a provider has seen."""
        return [seen for seen in self.sim.log if seen.provider == provider]

    async def ask(
        self, *, stream: bool = False, header: str = "", **members: object
    ) -> Told:
        """Ask for the sick target's model, on a connection of its own."""
        async with RawClient.to(self.gateway.port) as client:
            heard = await self.hear(client, stream, header, members)
        return (await self.told([heard]))[0]

    async def ask_often(
        self, count: int, *, at_once: int = 1, stream: bool = False
    ) -> list[Told]:
        """Ask *count* times, by so many callers *at_once*; caller by caller."""
        places = iter(range(count))

        async def work() -> list[Heard]:
            async with RawClient.to(self.gateway.port) as client:
                return [await self.hear(client, stream) for _ in places]

        heard = await asyncio.gather(*(work() for _ in range(at_once)))
        return await self.told(list(chain.from_iterable(heard)))

    async def ask_at(self, times_s: Iterable[float]) -> list[Told]:
        """Ask at each of these times of the loop, in order; in the order asked."""
        loop = asyncio.get_running_loop()

        async def one() -> Heard:
            async with RawClient.to(self.gateway.port) as client:
                return await self.hear(client, stream=False)

        asking = []
        for at_s in times_s:
            await asyncio.sleep(max(0.0, at_s - loop.time()))
            asking.append(asyncio.create_task(one()))
        return await self.told(await asyncio.gather(*asking))

    async def hear(
        self,
        client: RawClient,
        stream: bool,  # noqa: FBT001 - as the fixture of that name
        header: str = "",
        members: Mapping[str, object] | None = None,
    ) -> Heard:
        """Send one request and read its answer."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        asked = {"model": "sick/m", "stream": stream, **(members or {})}
        client.send(request(asked), extra=header)
        got = await client.answer()
        return Heard(got, began_s, loop.time() - began_s)

    async def told(self, heard: Sequence[Heard]) -> list[Told]:
        """Put to each answer its line of the log, which comes a moment later."""
        ids = {each.answer.headers["x-request-id"] for each in heard}
        lines: dict[str, dict[str, Any]] = {}

        def all_there() -> bool:
            lines.update((line["request_id"], line) for line in self.gateway.lines)
            return ids <= lines.keys()

        await until(all_there)
        return [
            Told(h.answer, lines[h.answer.headers["x-request-id"]], h.began_s, h.took_s)
            for h in heard
        ]

    async def accounted(self) -> None:
        """Check that log and metrics tell the same: each exchange once, none better."""
        lines = self.gateway.lines
        page = (await self.gateway.get("/metrics")).body.decode()
        outcomes = Counter(line["outcome"] for line in lines)
        assert counted(page, "exchanges", "outcome") == outcomes
        kinds = Counter(
            attempt["kind"] or "" for line in lines for attempt in line["attempts"]
        )
        assert counted(page, "attempts", "kind") == kinds
        answered = [line for line in lines if line["outcome"] == "answered"]
        tokens = counted(page, "tokens", "direction")["output"]
        assert tokens == sum(line["output_tokens"] or 0 for line in answered)
        assert self.gateway.engine.metrics.in_flight == 0


def counted(page: str, name: str, label: str) -> Counter[str]:
    """Add up the samples of a counter by one of its labels; without the zeros."""
    found: Counter[str] = Counter()
    pattern = rf'^heliograph_{name}_total{{.*\b{label}="(\w*)".*}} (\S+)$'
    for value, count in re.findall(pattern, page, re.MULTILINE):
        found[value] += int(float(count))
    return +found


def assert_answered(told: Told, by: str = "well") -> None:
    """The caller has the whole answer, and headers and log say whose it is."""
    got, line = told.answer, told.line
    assert got.status == 200, got.body
    assert got.text == SAID
    assert (line["outcome"], line["provider"], line["failure"]) == (
        "answered",
        by,
        None,
    )
    assert line["finish"] == "stop"
    assert told.kinds[-1] is None
    assert None not in told.kinds[:-1]
    assert line["output_tokens"]
    if line["stream"]:
        assert got.events[-1] == "[DONE]"
        assert [c for c in got.chunks if "error" in c] == []
    if line["rescue"] not in ("prefill", "restart"):
        assert got.headers["x-heliograph-provider"] == by
        assert got.headers["x-heliograph-attempts"] == str(len(told.attempts))
        assert got.headers["x-heliograph-fallback"] == str(by != "sick").lower()


def assert_refused(told: Told, status: int, code: str) -> None:
    """The caller got an error that SDKs do not repeat, and none counts as answered."""
    got, line = told.answer, told.line
    assert (got.status, got.error["code"]) == (status, code), got.body
    assert got.headers["x-should-retry"] == "false"
    assert got.headers["x-heliograph-attempts"] == str(len(told.attempts))
    assert (line["outcome"], line["failure"]) == ("failed", code)
    assert None not in told.kinds
    assert line["provider"] is None


def assert_broken(told: Told, code: str) -> None:
    """A stream that had begun ended in an error that no SDK overlooks."""
    got, line = told.answer, told.line
    assert got.status == 200
    assert "[DONE]" not in got.events
    assert got.chunks[-1]["error"]["code"] == code
    assert SAID.startswith(got.text)
    assert (line["outcome"], line["failure"]) == ("failed", code)


def seen_by(calls: Sequence[Seen], key: str) -> int:
    """Count the calls that were made with a key that ends so."""
    return sum(seen.key.endswith(key) for seen in calls)


@asynccontextmanager
async def pair(
    text: str = PAIR,
    *,
    clock: Clock | None = None,
    changed: Mapping[str, object] | None = None,
    bounds: Mapping[str, float] | None = None,
) -> AsyncIterator[Pair]:
    """Run the gateway and its providers; at the end everything is accounted for."""
    wall_s = clock.wall_s if clock is not None else time.time
    async with SimulatedProviders(wall_s=wall_s) as sim:
        config = config_of(text, sim.base_url, **{**PATIENT, **(bounds or {})})
        config = replace(config, **dict(changed or {}))
        async with running(config, clock) as gateway:
            both = Pair(sim, gateway)
            yield both
            await until(lambda: gateway.engine.metrics.in_flight == 0)
            await both.accounted()

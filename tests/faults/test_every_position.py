"""A stream that is struck at any of its events: the whole answer, or an error.

Every recorded stream and the simulated providers' own are cut, stalled and garbled
at every event position, before one target and before two. A caller on a bare socket
must get the whole answer or an error it cannot overlook, and what is not whole is
not counted as answered, nor are its tokens.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from faults.strikes import (
    DIALECTS,
    FAMILIES,
    Heard,
    Strike,
    heard,
    replay,
    streams,
    strikes,
    text_of,
)
from gateway.raw_client import Answer, RawClient
from gateway.running import Gateway, config_of, request, running, until
from replaying import replaying

# Two messages in one stream: a recording of a provider's mistake, never whole.
SPLICED = "spliced-message-start"
DONE = b"data: [DONE]\n\n"
CLIENTS = {"cut": 8, "garbled": 8, "stalled": 50}
AFTER_THE_FINISH = 2
"""Events at most between a stream's finish and its end: usage, and `[DONE]`."""
EVENTS_MAX = 60
"""Events of a stream that is short enough to be struck before a fallback too."""
SHORT, LONG = 200, 2000
"""Tokens asked for: short answers are held back, long ones sent as they come."""
# Each strike is to be met as the first one: nothing is learnt, and none is asked again.
CONFIG = """
retries: {{same_target_max: 0}}
breaker: {{failures: 1000, error_rate: 1, calls_min: 100000}}
providers:
  struck:
    base_url: {url}/struck/v1
    dialect: {dialect}
    models: [m]
    timeouts: {{idle_s: 0.15, first_byte_s: 0.15}}
  spare:
    base_url: {url}/spare/v1
    dialect: {dialect}
    models: [m]
"""
FALLBACK = """
fallbacks:
  - {{from: struck/m, to: spare/m}}
"""
ALL = [(dialect, name) for dialect in DIALECTS for name in streams(dialect)]
SHORT_ONES = [(d, name) for d, name in ALL if len(streams(d)[name]) <= EVENTS_MAX]


class Stand:
    """A gateway before a provider that replays one stream."""

    def __init__(
        self, gateway: Gateway, events: Sequence[bytes], tokens_max: int
    ) -> None:
        self.gateway = gateway
        self.events = events
        self.tokens_max = tokens_max
        self.whole = b""
        self.heard = Heard("", (), None)
        self.outcomes: dict[str, str] = {}

    async def ask(self, client: RawClient, strike: Strike | None = None) -> Answer:
        """Ask for the stream, and note what has to be recorded of it."""
        told = strike.told() if strike else "as it was recorded"
        asked = {
            "model": "struck/m" if strike else "spare/m",
            "messages": [{"role": "user", "content": told}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": self.tokens_max,
        }
        client.send(request(asked))
        got = await client.answer()
        done = got.body.endswith(DONE)
        self.outcomes[got.headers["x-request-id"]] = "answered" if done else "failed"
        return got

    async def assert_whole(self, name: str) -> None:
        """Check the stream as it was recorded; it is the measure of the others."""
        async with RawClient.to(self.gateway.port) as client:
            got = await self.ask(client)
        if name == SPLICED:
            assert got.error["code"] == "malformed_event"
        else:
            assert got.body.endswith(DONE)
            self.heard = heard(got)
            assert self.heard.text == text_of(self.events)
            assert self.heard.finish
            self.whole = undated(got.body)

    async def strike(self, family: str) -> Counter[str]:
        """Strike at every position and check what is heard; count the ends."""
        todo = strikes(family, len(self.events))
        ends: Counter[str] = Counter()

        async def work() -> None:
            async with RawClient.to(self.gateway.port) as client:
                for strike in todo:
                    got = await self.ask(client, strike)
                    ends[self.check(strike, got)] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS[family]):
                group.create_task(work())
        return ends

    def check(self, strike: Strike, got: Answer) -> str:
        """Fail unless *got* is the whole answer or says that it is not."""
        if got.status != 200:
            assert got.error["type"] == "upstream_error", strike
            return "refused"
        body = undated(got.body)
        if body.endswith(DONE):
            assert b'data: {"error":' not in body, strike
            assert body == self.whole or heard(got) == self.heard, strike
            return "whole"
        assert DONE not in body, strike
        told, _, last = body[:-2].rpartition(b"\n\n")
        assert last.startswith(b'data: {"error":{"message":'), strike
        # What is never whole has no measure.
        assert not self.whole or self.whole.startswith(told), strike
        return "broken"

    async def assert_recorded(self) -> None:
        """What came whole, and nothing else, is in log and metrics as answered."""
        await until(lambda: len(self.gateway.lines) == len(self.outcomes))
        lines = self.gateway.lines
        assert {line["request_id"]: line["outcome"] for line in lines} == self.outcomes
        answered = [line for line in lines if line["outcome"] == "answered"]
        page = (await self.gateway.get("/metrics")).body.decode()
        whole = count_of(page, "exchanges", 'outcome="answered"')
        tokens = count_of(page, "tokens", 'direction="output"')
        assert whole == len(answered)
        assert count_of(page, "exchanges", "") == len(lines)
        assert tokens == sum(line["output_tokens"] or 0 for line in answered)


def undated(body: bytes) -> bytes:
    """Take the date out of the chunks that the gateway has written itself."""
    found = re.search(rb'"created":\d+', body)
    return body.replace(found[0], b'"created":0') if found else body


def count_of(page: str, name: str, label: str) -> float:
    """Add up the samples of a counter that have *label*."""
    samples = re.findall(
        rf"^heliograph_{name}_total{{(.*)}} (\S+)$", page, re.MULTILINE
    )
    return sum(float(value) for labels, value in samples if label in labels)


@asynccontextmanager
async def stand(
    dialect: str, name: str, *, tokens_max: int = LONG, more: str = ""
) -> AsyncIterator[Stand]:
    """Run both."""
    [events] = [streams(known)[name] for known in DIALECTS if known == dialect]
    async with replaying(partial(replay, events)) as url:
        text = (CONFIG + more).format(url=url, dialect=dialect)
        async with running(config_of(text, url)) as gateway:
            yield Stand(gateway, events, tokens_max)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("dialect", "name"), ALL)
async def test_it_ends_whole_or_in_an_error(
    dialect: str, name: str, family: str
) -> None:
    async with stand(dialect, name) as struck:
        await struck.assert_whole(name)
        ends = await struck.strike(family)
        assert ends.total() == len(list(strikes(family, len(struck.events))))
        # Nothing can be made of a stream that is struck at its first event.
        assert ends["refused"] > 0
        # Whole without its end is only a stream that has said its finish.
        assert ends["whole"] <= AFTER_THE_FINISH
        await struck.assert_recorded()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tokens_max", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(("dialect", "name"), SHORT_ONES)
async def test_before_a_fallback_none_is_refused(
    dialect: str, name: str, tokens_max: int, family: str
) -> None:
    async with stand(dialect, name, tokens_max=tokens_max, more=FALLBACK) as struck:
        await struck.assert_whole(name)
        ends = await struck.strike(family)
        assert (ends["whole"] > 0) is (name != SPLICED)
        assert (ends["refused"] == 0) is (name != SPLICED)
        # A short answer is held back, so that its break is repaired unseen.
        assert ends["broken"] == 0 or tokens_max == LONG
        await struck.assert_recorded()

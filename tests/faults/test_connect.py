"""No way to the provider: refused, a black hole, no address, TLS that does not hold."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from faults.certificates import Authority
from faults.pair import (
    ALONE,
    PAIR,
    PROMPT_S,
    Pair,
    assert_answered,
    assert_refused,
    pair,
)
from gateway.running import SteppedClock
from replaying import page, replaying

CONNECT_S = 0.5
BOUNDS = {"connect_s": CONNECT_S}
SICK_AT = "{sim}/sick/v1"
CHAT = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}'
)
CAUSES = {
    "expired": "certificate has expired",
    "not yet valid": "certificate is not yet valid",
    "self-signed": "self-signed certificate",
    "wrong host": "IP address mismatch",
}
"""What is wrong with a certificate, and the words the caller gets for it."""


@contextmanager
def refusing() -> Iterator[str]:
    """Hold a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@contextmanager
def black_hole() -> Iterator[str]:
    """Listen with a backlog that is full: further connections hang."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):
            caller = held.enter_context(socket.socket())
            caller.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def no_address() -> Iterator[str]:
    """Name a host that has no address, by RFC 6761 for ever."""
    yield "http://no-such-host.invalid/v1"


Opening: TypeAlias = Callable[[], contextlib.AbstractContextManager[str]]


class Way(NamedTuple):
    """How there is no way, what it is called, and what it costs an exchange."""

    kinds: frozenset[str]
    status: int
    cost_s: float


WAYS: dict[Opening, Way] = {
    refusing: Way(frozenset({"connect_failed"}), 502, 0.0),
    black_hole: Way(frozenset({"connect_timeout"}), 504, CONNECT_S),
    # A resolver that cannot be reached takes its time to say so.
    no_address: Way(frozenset({"dns_failure", "connect_timeout"}), 502, CONNECT_S),
}

NAMES = ["refused", "black hole", "no address"]


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
async def test_without_a_way_the_fallback_is_asked_once_and_soon(
    way: Opening, *, stream: bool
) -> None:
    with way() as url:
        async with pair(PAIR.replace(SICK_AT, url), bounds=BOUNDS) as both:
            told = await both.ask(stream=stream)
            assert_answered(told)
            assert told.targets == ["sick", "well"]
            assert told.kinds[0] in WAYS[way].kinds
            assert told.took_s < WAYS[way].cost_s + PROMPT_S


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
async def test_without_a_way_and_a_fallback_the_caller_is_told(
    way: Opening, *, stream: bool
) -> None:
    with way() as url:
        async with pair(ALONE.replace(SICK_AT, url), bounds=BOUNDS) as both:
            told = await both.ask(stream=stream)
            kind = told.kinds[0] or ""
            assert kind in WAYS[way].kinds
            status = 504 if kind == "connect_timeout" else WAYS[way].status
            assert_refused(told, status, kind)
            assert len(told.attempts) == 1
            assert told.took_s < WAYS[way].cost_s + PROMPT_S


async def test_after_five_in_a_black_hole_nobody_looks_for_the_way(
    *, stream: bool
) -> None:
    with black_hole() as url:
        text = PAIR.replace(SICK_AT, url)
        async with pair(text, clock=SteppedClock(), bounds=BOUNDS) as both:
            await both.ask_often(5, at_once=5, stream=stream)
            for told in await both.ask_often(20, stream=stream):
                assert_answered(told)
                assert told.targets == ["well"]


async def test_a_black_hole_holds_up_nobody_elses_requests() -> None:
    with black_hole() as url:
        text = PAIR.replace(SICK_AT, url)
        async with pair(text, bounds={"connect_s": 3}) as both:
            stuck = [asyncio.create_task(both.ask()) for _ in range(4)]
            for _ in range(20):
                told = await both.ask(model="well/m")
                assert told.took_s < PROMPT_S
            assert not any(task.done() for task in stuck)
            for told in await asyncio.gather(*stuck):
                assert_answered(told)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@asynccontextmanager
async def secured(
    authority: Authority, kind: str, text: str
) -> AsyncIterator[tuple[Pair, list[bytes]]]:
    """Run a pair whose sick one has a certificate of that *kind*; list its requests."""
    heard: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head)
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(size)
        whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        writer.write(whole + b"content-length: %d\r\n\r\n" % len(CHAT) + CHAT)
        writer.close()

    tls = authority.server(kind)
    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, pair(text.replace(SICK_AT, url)) as both:
        trusting = authority.client()
        both.gateway.engine.tls = lambda: trusting
        yield both, heard


async def test_a_certificate_that_holds_is_trusted(authority: Authority) -> None:
    async with secured(authority, "good", ALONE) as (both, heard):
        told = await both.ask()
        assert (told.answer.status, told.answer.text) == (200, "yes")
        assert len(heard) == 1


@pytest.mark.parametrize("kind", CAUSES)
async def test_a_certificate_that_does_not_hold_gets_no_request(
    authority: Authority, kind: str, *, stream: bool
) -> None:
    async with secured(authority, kind, PAIR) as (both, heard):
        told = await both.ask(stream=stream)
        assert_answered(told)
        assert told.kinds == ["tls_failure", None]
        assert told.took_s < PROMPT_S
        assert heard == []  # nor is it tried again without a check


@pytest.mark.parametrize("kind", CAUSES)
async def test_what_is_wrong_with_a_certificate_is_told(
    authority: Authority, kind: str
) -> None:
    async with secured(authority, kind, ALONE) as (both, _):
        told = await both.ask()
        assert_refused(told, 502, "tls_failure")
        message = told.answer.error["message"]
        assert CAUSES[kind] in message
        assert "sk-sick" not in message


async def test_a_handshake_that_hangs_is_given_up_in_time(*, stream: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it connects: no more
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/v1"
        async with pair(PAIR.replace(SICK_AT, url), bounds=BOUNDS) as both:
            told = await both.ask(stream=stream)
            assert_answered(told)
            assert told.kinds == ["connect_timeout", None]
            assert told.took_s < CONNECT_S + PROMPT_S


async def test_a_provider_that_speaks_no_tls_is_left_at_once(*, stream: bool) -> None:
    async with replaying(lambda _: page("application/json", CHAT)) as url:
        text = PAIR.replace(SICK_AT, url.replace("http://", "https://") + "/v1")
        async with pair(text, bounds={"connect_s": 5}) as both:
            told = await both.ask(stream=stream)
            assert_answered(told)
            assert told.kinds == ["tls_failure", None]
            assert told.took_s < PROMPT_S


async def test_a_connection_that_is_reset_or_closed_before_the_headers_is_repeated(
    *, stream: bool
) -> None:
    for what in ("reset", "close"):
        async with pair() as both:
            both.falls_sick({"kind": what}, first=1)
            told = await both.ask(stream=stream)
            assert_answered(told, by="sick")
            assert told.kinds == ["reset", None]


async def test_resets_for_ever_are_left_to_the_fallback(*, stream: bool) -> None:
    async with pair(clock=SteppedClock()) as both:
        both.falls_sick({"kind": "reset"})
        told = await both.ask_often(20, stream=stream)
        for each in told:
            assert_answered(each)
            assert each.targets.count("sick") <= 2
        assert [each.targets for each in told[6:]] == [["well"]] * 14

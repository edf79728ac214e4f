"""Web pages: who may ask, who may read, and what their browsers ask first."""

import pytest

from gateway.raw_client import CHAT_PATH, Answer, RawClient
from gateway.running import CLAUDE_FIRST, SAID, Gateway, gateway_before, request
from heliograph.simulation.providers import SimulatedProviders

PAGE = "https://app.example"
LISTED = f"{CLAUDE_FIRST}\nserver: {{cors_origins: ['{PAGE}']}}"
PATHS = [("POST", CHAT_PATH), ("GET", "/v1/models"), ("GET", "/nowhere")]


async def asked(
    gateway: Gateway, method: str, path: str, origin: str, extra: str = ""
) -> Answer:
    body = request({}) if method == "POST" else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: localhost:80\r\norigin: {origin}\r\n{extra}"
        f"content-length: {len(body)}\r\n\r\n"
    )
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head.encode() + body)
        return await client.answer()


def granted(got: Answer) -> list[str]:
    return [name for name in got.headers if name.startswith("access-control")]


async def preflight(gateway: Gateway, path: str, origin: str) -> Answer:
    wanted = (
        "access-control-request-method: POST\r\n"
        "access-control-request-headers: authorization, content-type\r\n"
    )
    return await asked(gateway, "OPTIONS", path, origin, wanted)


@pytest.mark.parametrize("page", [PAGE, "null", "http://localhost", "file://"])
@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_page_that_is_not_listed_spends_nothing_and_reads_nothing(
    sim: SimulatedProviders, gateway: Gateway, method: str, path: str, page: str
) -> None:
    got = await asked(gateway, method, path, page)
    assert got.status == 403
    assert got.error["code"] == "origin_not_allowed"
    assert "server.cors_origins" in got.error["message"]
    assert not granted(got)
    assert (await gateway.recorded())["outcome"] == "refused"
    assert sim.log == ()


async def test_a_page_of_the_gateways_own_address_may_ask(gateway: Gateway) -> None:
    got = await asked(gateway, "POST", CHAT_PATH, "http://localhost:80")
    assert got.status == 200
    assert not granted(got)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_listed_page_may_read_answers_and_errors(
    sim: SimulatedProviders, method: str, path: str
) -> None:
    async with gateway_before(sim, LISTED) as gateway:
        got = await asked(gateway, method, path, PAGE)
        assert got.status in {200, 404}
        assert got.headers["access-control-allow-origin"] == PAGE
        assert got.headers["access-control-expose-headers"] == "*"
        assert got.headers["vary"] == "origin"
        if path == CHAT_PATH:
            assert got.text == SAID
        else:
            assert got.headers["content-type"] == "application/json"
        other = await asked(gateway, method, path, "https://other.example")
        assert other.status == 403
        plain = await gateway.ask()
    assert plain.status == 200
    assert not granted(plain)


async def test_a_listed_page_may_read_why_it_was_refused(
    sim: SimulatedProviders,
) -> None:
    async with gateway_before(sim, LISTED) as gateway:
        got = await asked(gateway, "POST", CHAT_PATH, PAGE, "host: localhost\r\n")
    assert got.status == 400
    assert got.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("path", [CHAT_PATH, "/v1/models", "/v1/messages"])
async def test_the_preflight_of_a_listed_page_is_answered(
    sim: SimulatedProviders, path: str
) -> None:
    async with gateway_before(sim, LISTED) as gateway:
        async with RawClient.to(gateway.port) as client:
            client.writer.write(
                f"OPTIONS {path} HTTP/1.1\r\nhost: localhost\r\norigin: {PAGE}\r\n"
                "access-control-request-method: POST\r\n"
                "access-control-request-headers: authorization\r\n\r\n".encode()
            )
            status, headers = await client.head()
        assert status == 204
        assert headers["access-control-allow-origin"] == PAGE
        assert "POST" in headers["access-control-allow-methods"]
        assert headers["access-control-allow-headers"] == "authorization"
        assert (await preflight(gateway, path, "https://other.example")).status == 403
        # Who only asks for the options of a path is no browser's preflight.
        assert (await asked(gateway, "OPTIONS", path, PAGE)).status == 405
        assert gateway.lines[0]["failure"] == "origin_not_allowed"


async def test_without_a_list_a_preflight_is_refused(gateway: Gateway) -> None:
    assert (await preflight(gateway, CHAT_PATH, PAGE)).status == 403


async def test_a_star_lets_every_page_in(sim: SimulatedProviders) -> None:
    text = f"{CLAUDE_FIRST}\nserver: {{cors_origins: ['*']}}"
    async with gateway_before(sim, text) as gateway:
        got = await asked(gateway, "POST", CHAT_PATH, "chrome-extension://abc")
    assert got.status == 200
    assert got.headers["access-control-allow-origin"] == "chrome-extension://abc"

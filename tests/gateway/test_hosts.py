"""Which names the gateway answers to, on every path and in every form."""

import pytest

from gateway.raw_client import CHAT_PATH, Answer, RawClient
from gateway.running import CLAUDE_FIRST, Gateway, gateway_before, request
from heliograph.simulation.providers import SimulatedProviders

PATHS = [("POST", CHAT_PATH), ("GET", "/v1/models"), ("GET", "/health"), ("PUT", "/x")]


async def asked(
    gateway: Gateway, target: str, *hosts: str, version: str = "1.1"
) -> Answer:
    body = request({})
    lines = "".join(f"host: {host}\r\n" for host in hosts)
    head = f"{target} HTTP/{version}\r\n{lines}content-length: {len(body)}\r\n\r\n"
    async with RawClient.to(gateway.port) as client:
        client.writer.write(head.encode() + body)
        return await client.answer()


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_another_name_is_refused_with_the_fix_on_every_path(
    sim: SimulatedProviders, gateway: Gateway, method: str, path: str
) -> None:
    got = await asked(gateway, f"{method} {path}", "evil.example:8080")
    assert got.status == 421
    assert got.error["code"] == "host_not_allowed"
    assert "evil.example" in got.error["message"]
    assert "server.hosts" in got.error["message"]
    assert got.headers["connection"] == "close"
    line = await gateway.recorded()
    assert (line["outcome"], line["status"]) == ("refused", 421)
    assert line["failure"] == "host_not_allowed"
    assert line["request_id"] == got.headers["x-request-id"]
    assert sim.log == ()


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("hosts", [(), ("localhost", "localhost"), ("x/y?z=",), ("",)])
async def test_there_is_exactly_one_host_and_it_is_well_formed(
    gateway: Gateway, method: str, path: str, hosts: tuple[str, ...]
) -> None:
    got = await asked(gateway, f"{method} {path}", *hosts)
    assert got.status == 400
    assert got.error["code"] == "bad_host"
    assert (await gateway.recorded())["outcome"] == "refused"


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "[::1]:8080", "10.0.0.7", "a.localhost"]
)
async def test_this_machine_and_every_address_is_answered(
    gateway: Gateway, host: str
) -> None:
    for method, path in PATHS[:3]:
        assert (await asked(gateway, f"{method} {path}", host)).status == 200


async def test_http_1_0_may_name_no_host(gateway: Gateway) -> None:
    got = await asked(gateway, f"POST {CHAT_PATH}", version="1.0")
    assert got.status == 200
    assert (await asked(gateway, "GET /health", version="1.0")).status == 200


async def test_the_absolute_form_is_held_to_its_own_name(gateway: Gateway) -> None:
    good = f"POST http://localhost{CHAT_PATH}"
    bad = f"POST http://evil.example{CHAT_PATH}"
    assert (await asked(gateway, good, "localhost")).status == 200
    assert (await asked(gateway, bad, "localhost")).status == 421
    assert (await asked(gateway, good, "evil.example")).status == 421
    assert (await asked(gateway, "GET http://evil.example/health", "::")).status == 400


async def test_listed_names_are_answered(sim: SimulatedProviders) -> None:
    text = f"{CLAUDE_FIRST}\nserver: {{hosts: [gate.example, '*.inner.example']}}"
    async with gateway_before(sim, text) as gateway:
        for host in ("gate.example:80", "a.inner.example", "localhost"):
            assert (await asked(gateway, f"POST {CHAT_PATH}", host)).status == 200
        got = await asked(gateway, f"POST {CHAT_PATH}", "inner.example")
    assert got.status == 421


async def test_a_star_lets_every_name_in(sim: SimulatedProviders) -> None:
    text = f"{CLAUDE_FIRST}\nserver: {{hosts: ['*']}}"
    async with gateway_before(sim, text) as gateway:
        got = await asked(gateway, f"POST {CHAT_PATH}", "evil.example")
        assert got.status == 200
        assert (await asked(gateway, f"POST {CHAT_PATH}", "a b")).status == 400

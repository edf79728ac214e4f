"""Whatever is refused at the door ends in one log line, one metric and one answer."""

import asyncio

import pytest

from gateway.raw_client import CHAT_PATH, RawClient
from gateway.running import CLAUDE_FIRST, SAID, Gateway, fault, gateway_before, request
from heliograph.simulation.providers import SimulatedProviders

POST = f"POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\n".encode()
GET = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n"
UPGRADE = b"connection: upgrade\r\nupgrade: h2c\r\n"
LARGE = b"content-length: 40000000\r\n\r\n"
MANY = b"".join(b"x-%d: y\r\n" % number for number in range(200))

REFUSED = [
    (b"HELLO\r\n\r\n", 400, "bad_http"),
    (POST + b"content-length: x\r\n\r\n", 400, "bad_http"),
    (POST + UPGRADE + b"content-length: 2\r\n\r\n{}", 400, "no_upgrade"),
    (GET + UPGRADE + b"content-length: 2\r\n\r\n{}", 400, "no_upgrade"),
    (
        GET.replace(b"localhost", b"evil.example") + UPGRADE + b"\r\n",
        421,
        "host_not_allowed",
    ),
    (POST + LARGE, 413, "request_too_large"),
    (POST + b"expect: 100-continue\r\n" + LARGE, 413, "request_too_large"),
    (GET + LARGE, 413, "request_too_large"),
    (POST + MANY + b"\r\n", 431, "headers_too_large"),
    (GET + MANY + b"\r\n", 431, "headers_too_large"),
    (GET + b"x: " + b"y" * 120_000 + b"\r\n\r\n", 431, "headers_too_large"),
    (b"BREW /pot HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "bad_http"),
    (b"SOURCE /x HTTP/1.1\r\nhost: localhost\r\n\r\n", 501, "method_unknown"),
    (b"TRACE /x HTTP/1.1\r\nhost: localhost\r\n\r\n", 501, "method_unknown"),
    (b"CONNECT a:1 HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "bad_http"),
    (b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "bad_http"),
    (b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n", 404, "not_found"),
    (b"GET /v1/models/no HTTP/1.1\r\nhost: localhost\r\n\r\n", 404, "not_found"),
    (b"PUT /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "wrong_method"),
    (b"GET /v1/chat/completions HTTP/1.0\r\n\r\n", 405, "wrong_method"),
    (POST.replace(b"POST", b"OPTIONS") + b"\r\n", 405, "wrong_method"),
]


async def counted(gateway: Gateway, outcome: str) -> float:
    lines = (await gateway.get("/metrics")).body.decode().splitlines()
    found = [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("heliograph_exchanges_total")
        and f'outcome="{outcome}"' in line
    ]
    return sum(found)


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED)
async def test_each_refusal_is_answered_logged_and_counted_once(
    sim: SimulatedProviders, gateway: Gateway, sent: bytes, status: int, code: str
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(sent)
        got = await client.answer()
    assert (got.status, bool(got.error["message"])) == (status, True)
    line = await gateway.recorded()
    assert (line["outcome"], line["status"]) == ("refused", status)
    assert line["failure"] == code
    assert line["request_id"] == got.headers["x-request-id"]
    assert line["at"] > "2026"
    assert line["attempts"] == []
    assert await counted(gateway, "refused") == 1
    assert sim.log == ()


async def test_what_is_no_request_behind_one_is_logged_and_not_answered(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.1})])
    async with RawClient.to(gateway.port) as client:
        client.send(request({}))
        client.writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        assert (await client.answer()).text == SAID
        assert await client.to_the_close() == b""
    await gateway.recorded(2)
    assert {line["outcome"] for line in gateway.lines} == {"answered", "refused"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + LARGE, 413),
        (POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (GET + LARGE, 413),
        (GET.replace(b"localhost", b"evil.example") + b"\r\n", 421),
        (POST + UPGRADE + b"\r\n", 400),
    ],
)
async def test_a_refusal_waits_for_the_answers_before_it(
    sim: SimulatedProviders, gateway: Gateway, sent: bytes, status: int
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.2})])
    async with RawClient.to(gateway.port) as client:
        client.send(request({}))
        client.get("/health/live")
        client.writer.write(sent)
        client.get("/health/live")
        assert (await client.answer()).text == SAID
        assert (await client.answer()).json == {"live": True}
        got = await client.answer()
        assert got.status == status
        assert got.headers["connection"] == "close"
        assert await client.to_the_close() == b""
    await gateway.recorded(2)


async def test_a_body_that_grows_too_large_in_the_pipeline_is_refused_in_its_turn(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.3}, first=1)])
    text = f"{CLAUDE_FIRST}\nserver: {{body_mb_max: 0.1}}"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with (
        gateway_before(sim, text) as gateway,
        RawClient.to(gateway.port) as client,
    ):
        client.send(request({}))
        client.writer.write(POST + b"transfer-encoding: chunked\r\n\r\n" + chunk * 3)
        assert (await client.answer()).text == SAID
        assert (await client.answer()).status == 413
        assert await client.to_the_close() == b""
        await gateway.recorded(2)


async def test_an_upgrade_on_another_path_is_passed_over(gateway: Gateway) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(GET + UPGRADE + b"\r\n")
        got = await client.answer()
        assert got.status == 200
        assert got.headers["connection"] == "close"
        assert await client.to_the_close() == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (GET.replace(b"localhost", b"evil.example") + b"\r\n", 421),
        (GET + MANY + b"\r\n", 431),
        (GET + LARGE, 413),
        (GET + b"no header\r\n\r\n", 400),
    ],
)
async def test_a_refused_head_is_told_without_a_body(
    gateway: Gateway, sent: bytes, status: int
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(sent.replace(b"GET", b"HEAD"))
        told, headers = await client.head()
        assert told == status
        assert int(headers["content-length"]) > 0
        assert await client.to_the_close() == b""


async def test_what_only_begins_like_a_head_is_told_with_a_body(
    gateway: Gateway,
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.writer.write(b"HEAD" + GET + b"\r\n")
        got = await client.answer()
    assert got.status == 400
    assert got.error["code"] == "bad_http"


async def test_head_is_get_without_the_body(gateway: Gateway) -> None:
    for path in ("/v1/models", "/health", "/health/live", "/metrics"):
        got = await gateway.get(path)
        async with RawClient.to(gateway.port) as client:
            client.get(path, method="HEAD")
            status, headers = await client.head()
            assert (status, headers["content-type"]) == (
                200,
                got.headers["content-type"],
            )
            client.get("/health/live")
            assert (await client.answer()).json == {"live": True}


async def test_head_and_options_are_off_where_answers_cost_money(
    gateway: Gateway,
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.get(CHAT_PATH, method="HEAD")
        status, headers = await client.head()
        assert (status, headers["allow"]) == (405, "POST")
        client.get(CHAT_PATH, method="OPTIONS")
        got = await client.answer()
    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert got.error["code"] == "wrong_method"


async def test_those_who_wait_in_the_pipeline_are_recorded_when_the_caller_leaves(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"kind": "silent"})])
    async with RawClient.to(gateway.port) as client:
        for _ in range(4):
            client.send(request({}))
        client.writer.write(POST + b"content-length: 9\r\n\r\n")
        await sim.until(lambda log: len(log) == 1)
        await asyncio.sleep(0.05)
    await gateway.recorded(5)
    assert {line["outcome"] for line in gateway.lines} == {"client_gone"}
    assert gateway.engine.metrics.in_flight == 0

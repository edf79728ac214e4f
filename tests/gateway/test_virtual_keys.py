"""The door once there are virtual keys, on real sockets."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from gateway.raw_client import Answer, RawClient
from gateway.running import (
    CLAUDE_FIRST,
    HELLO,
    Gateway,
    SteppedClock,
    config_of,
    fault,
    plain,
    running,
)
from heliograph.gateway.ledger import virtual_keys as store
from heliograph.simulation.providers import SimulatedProviders
from key_cases import NOW_S, KeptKeys

MINI = "openai/gpt-4o-mini"
ROUTES = """
routes:
  captions:
    to: openai/gpt-4o-mini
"""
ANTHROPIC = {"max_tokens": 9, "messages": HELLO}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hello there"}]}]}
GEMINI_PATH = f"/v1beta/models/{MINI}:generateContent"


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[KeptKeys]:
    kept = KeptKeys(tmp_path)
    yield kept
    kept.database.close()


@pytest.fixture
async def guarded(sim: SimulatedProviders, keys: KeptKeys) -> AsyncIterator[Gateway]:
    config = plain(config_of(CLAUDE_FIRST + ROUTES, sim.base_url))
    async with running(config, keys=keys.ring) as gateway:
        yield gateway


def bearer(secret: str) -> str:
    return f"authorization: Bearer {secret}\r\n"


async def post(
    gateway: Gateway, path: str, members: Mapping[str, object], extra: str = ""
) -> Answer:
    async with RawClient.to(gateway.port) as client:
        client.send(json.dumps(members).encode(), path=path, extra=extra)
        return await client.answer()


async def ask(gateway: Gateway, extra: str = "", **members: object) -> Answer:
    chat = {"model": MINI, "messages": HELLO, **members}
    return await post(gateway, "/v1/chat/completions", chat, extra)


async def test_without_any_key_whatever_is_sent_is_passed_over(
    guarded: Gateway,
) -> None:
    assert (await ask(guarded)).status == 200
    assert (await ask(guarded, bearer("hg-whatever"))).status == 200
    assert "virtual_key" not in await guarded.recorded(2)


async def test_the_first_key_closes_the_door_at_once(
    guarded: Gateway, keys: KeptKeys, sim: SimulatedProviders
) -> None:
    assert (await ask(guarded)).status == 200
    key, secret = keys.add("night")
    assert (await ask(guarded)).status == 401
    assert (await ask(guarded, bearer(secret))).status == 200
    line = await guarded.recorded(3)
    assert (line["virtual_key"], line["virtual_key_name"]) == (key.id, "night")
    assert len(sim.log) == 2
    assert secret.encode() not in guarded.raw_log


async def test_every_dialect_carries_its_key_its_own_way(
    guarded: Gateway, keys: KeptKeys
) -> None:
    _, secret = keys.add()
    with_key = [
        await ask(guarded, bearer(secret)),
        await post(
            guarded, "/v1/messages", {"model": MINI, **ANTHROPIC},
            f"x-api-key: {secret}\r\n",
        ),
        await post(guarded, GEMINI_PATH, GEMINI, f"x-goog-api-key: {secret}\r\n"),
        await post(guarded, f"{GEMINI_PATH}?key={secret}", GEMINI),
        await guarded.get("/v1/models", extra=bearer(secret)),
    ]  # fmt: skip
    assert [answer.status for answer in with_key] == [200] * 5


async def test_a_stranger_is_told_401_in_the_dialect_he_asked_in(
    guarded: Gateway, keys: KeptKeys, sim: SimulatedProviders
) -> None:
    keys.add()
    openai = await ask(guarded, bearer("hg-wrong"))
    assert openai.status == 401
    assert openai.error["code"] == "invalid_api_key"
    assert openai.headers["www-authenticate"] == "Bearer"
    claude = await post(guarded, "/v1/messages", {"model": MINI, **ANTHROPIC})
    assert (claude.status, claude.json["type"]) == (401, "error")
    assert claude.json["error"]["type"] == "authentication_error"
    gemini = await post(guarded, f"{GEMINI_PATH}?key=hg-wrong", GEMINI)
    assert gemini.status == 401
    assert gemini.json["error"]["status"] == "UNAUTHENTICATED"
    listed = await guarded.get("/v1/models", extra=bearer("hg-wrong"))
    assert (listed.status, listed.error["code"]) == (401, "invalid_api_key")
    for answer in (openai, gemini, listed):
        assert b"hg-wrong" not in answer.body
    assert not sim.log
    line = await guarded.recorded(4)
    assert (line["outcome"], line["failure"]) == ("refused", "key_unknown")
    assert b"hg-wrong" not in guarded.raw_log


async def test_a_stranger_is_refused_before_the_body_is_read(
    guarded: Gateway, keys: KeptKeys
) -> None:
    keys.add()
    async with RawClient.to(guarded.port) as client:
        client.writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-length: 1000000\r\n\r\n"
        )
        answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (401, "close")
    assert guarded.server.config is not None


async def test_a_model_that_is_not_for_the_key_is_told_403_with_the_rule(
    guarded: Gateway, keys: KeptKeys, sim: SimulatedProviders
) -> None:
    _, secret = keys.add(models=("anthropic/*",), routes=("captions",))
    assert (await ask(guarded, bearer(secret), model="captions")).status == 200
    refused = await ask(guarded, bearer(secret))
    assert refused.status == 403
    assert refused.error["code"] == "model_not_allowed"
    assert (
        "for the models anthropic/* and the routes captions"
        in (refused.error["message"])
    )
    shown = f"x-api-key: {secret}\r\n"
    claude = await post(guarded, "/v1/messages", {"model": MINI, **ANTHROPIC}, shown)
    assert claude.json["error"]["type"] == "permission_error"
    gemini = await post(guarded, GEMINI_PATH, GEMINI, shown)
    assert gemini.json["error"]["status"] == "PERMISSION_DENIED"
    assert len(sim.log) == 1


async def test_a_key_lists_the_models_it_may_use_and_no_others(
    guarded: Gateway, keys: KeptKeys
) -> None:
    _, secret = keys.add(models=("*-mini",))
    listed = await guarded.get("/v1/models", extra=bearer(secret))
    assert [each["id"] for each in listed.json["data"]] == [MINI, "captions"]
    one = await guarded.get(f"/v1/models/{MINI}", extra=bearer(secret))
    other = await guarded.get("/v1/models/openai/gpt-4o", extra=bearer(secret))
    assert (one.status, other.status) == (200, 404)
    _, whole = keys.add("day")
    listed = await guarded.get("/v1/models", extra=bearer(whole))
    assert len(listed.json["data"]) == 5


async def test_a_fallback_that_is_not_for_the_key_is_passed_over(
    guarded: Gateway, keys: KeptKeys, sim: SimulatedProviders
) -> None:
    _, secret = keys.add(models=("openai/*",))
    sim.set_rules([fault("openai", {"status": 500})])
    answer = await ask(guarded, bearer(secret))
    assert answer.status == 502
    assert {seen.provider for seen in sim.log} == {"openai"}


async def test_a_key_for_another_place_is_told_403(
    guarded: Gateway, keys: KeptKeys
) -> None:
    _, secret = keys.add(ip_ranges=("10.0.0.0/8",))
    lie = "x-forwarded-for: 10.1.1.1\r\n"
    for extra in (bearer(secret), bearer(secret) + lie):
        answer = await ask(guarded, extra)
        assert (answer.status, answer.error["code"]) == (403, "ip_not_allowed")
    listed = await guarded.get("/v1/models", extra=bearer(secret))
    assert (listed.status, listed.error["code"]) == (403, "ip_not_allowed")
    line = await guarded.recorded(3)
    assert (line["failure"], line["virtual_key_name"]) == ("ip_not_allowed", "night")


async def test_a_proxy_that_the_config_trusts_says_who_asks(
    sim: SimulatedProviders, keys: KeptKeys
) -> None:
    _, secret = keys.add(ip_ranges=("10.0.0.0/8",))
    text = CLAUDE_FIRST + "\nserver: {trusted_proxies: [127.0.0.1]}\n"
    async with running(config_of(text, sim.base_url), keys=keys.ring) as gateway:
        inside = await ask(gateway, f"{bearer(secret)}x-forwarded-for: 10.1.1.1\r\n")
        outside = await ask(gateway, f"{bearer(secret)}x-forwarded-for: 9.9.9.9\r\n")
    assert (inside.status, outside.status) == (200, 403)


async def test_a_revoked_key_is_refused_from_then_on_and_the_log_says_whose(
    guarded: Gateway, keys: KeptKeys
) -> None:
    key, secret = keys.add()
    assert (await ask(guarded, bearer(secret))).status == 200
    store.revoke(keys.database, key.id, NOW_S)
    keys.follow()
    assert (await ask(guarded, bearer(secret))).status == 401
    line = await guarded.recorded(2)
    assert (line["failure"], line["virtual_key"]) == ("key_revoked", key.id)


async def test_pipelined_requests_are_each_judged_by_their_own_key(
    guarded: Gateway, keys: KeptKeys
) -> None:
    one, first = keys.add("one")
    two, second = keys.add("two")
    chat = json.dumps({"model": MINI, "messages": HELLO}).encode()
    async with RawClient.to(guarded.port) as client:
        for extra in (bearer(first), bearer(second), ""):
            client.send(chat, extra=extra)
        answers = [await client.answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 401]
    await guarded.recorded(3)
    by_status = {line["status"]: line for line in guarded.lines}
    whose = {line.get("virtual_key") for line in guarded.lines}
    assert whose == {one.id, two.id, None}
    assert "virtual_key" not in by_status[401]


@pytest.mark.parametrize("rounds", [1, 3])
async def test_the_same_head_again_is_judged_anew_when_the_keys_have_changed(
    guarded: Gateway, keys: KeptKeys, rounds: int
) -> None:
    key, secret = keys.add()
    chat = json.dumps({"model": MINI, "messages": HELLO}).encode()
    async with RawClient.to(guarded.port) as client:
        for _ in range(rounds):
            client.send(chat, extra=bearer(secret))
            assert (await client.answer()).status == 200
        store.revoke(keys.database, key.id, NOW_S)
        keys.follow()
        client.send(chat, extra=bearer(secret))
        assert (await client.answer()).status == 401
    await guarded.recorded(rounds + 1)
    assert {line["virtual_key"] for line in guarded.lines} == {key.id}


@pytest.mark.parametrize("rounds", [1, 3])
async def test_the_same_head_again_is_refused_once_the_first_key_is_made(
    guarded: Gateway, keys: KeptKeys, rounds: int
) -> None:
    keys.follow()
    chat = json.dumps({"model": MINI, "messages": HELLO}).encode()
    async with RawClient.to(guarded.port) as client:
        for _ in range(rounds):
            client.send(chat)
            assert (await client.answer()).status == 200
        keys.add()
        client.send(chat)
        assert (await client.answer()).status == 401


async def test_the_same_head_again_is_refused_when_its_key_has_expired(
    sim: SimulatedProviders, keys: KeptKeys
) -> None:
    clock = SteppedClock()
    _, secret = keys.add(expires_at=int(clock.wall_s()) + 10)
    chat = json.dumps({"model": MINI, "messages": HELLO}).encode()
    config = plain(config_of(CLAUDE_FIRST, sim.base_url))
    async with (
        running(config, clock, keys=keys.ring) as gateway,
        RawClient.to(gateway.port) as client,
    ):
        for _ in range(3):
            client.send(chat, extra=bearer(secret))
            assert (await client.answer()).status == 200
        clock.step(11)
        client.send(chat, extra=bearer(secret))
        answer = await client.answer()
    assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    assert "has expired" in answer.error["message"]


async def test_the_same_head_again_has_the_same_tags(
    guarded: Gateway, keys: KeptKeys
) -> None:
    _, secret = keys.add(tags=("edge",))
    chat = json.dumps({"model": MINI, "messages": HELLO}).encode()
    async with RawClient.to(guarded.port) as client:
        for _ in range(3):
            client.send(chat, extra=f"{bearer(secret)}x-heliograph-tags: run=7\r\n")
            assert (await client.answer()).status == 200
        client.send(chat, extra=bearer(secret))
        assert (await client.answer()).status == 200
    await guarded.recorded(4)
    tags = [line["tags"] for line in guarded.lines]
    assert tags == [["edge", "run=7"]] * 3 + [["edge"]]


async def test_tags_are_the_keys_and_the_requests_own(
    guarded: Gateway, keys: KeptKeys
) -> None:
    named = "x-heliograph-tags: run=7, edge\r\nX-Heliograph-Tags: late\r\n"
    assert (await ask(guarded, named)).status == 200
    assert (await guarded.recorded())["tags"] == ["run=7", "edge", "late"]
    _, secret = keys.add(tags=("edge", "cam"))
    assert (await ask(guarded, bearer(secret))).status == 200
    assert (await guarded.recorded(2))["tags"] == ["edge", "cam"]
    assert (await ask(guarded, bearer(secret) + named)).status == 200
    assert (await guarded.recorded(3))["tags"] == ["edge", "cam", "run=7", "late"]


async def test_a_bad_tag_is_told_400_in_every_dialect_and_not_quoted(
    guarded: Gateway, sim: SimulatedProviders
) -> None:
    bad = "x-heliograph-tags: ok, <secret words>\r\n"
    openai = await ask(guarded, bad)
    assert (openai.status, openai.error["param"]) == (400, "x-heliograph-tags")
    assert "tag 2 cannot be used" in openai.error["message"]
    claude = await post(guarded, "/v1/messages", {"model": MINI, **ANTHROPIC}, bad)
    assert claude.json["error"]["type"] == "invalid_request_error"
    assert b"secret words" not in openai.body + claude.body
    assert not sim.log
    assert b"secret words" not in guarded.raw_log


async def test_health_stays_open_and_numbers_are_near(
    guarded: Gateway, keys: KeptKeys
) -> None:
    keys.add()
    hashing = keys.secret.make()
    store.set_admin(keys.database, "hgadmin-x", hashing, now_s=NOW_S)
    keys.follow()
    assert (await guarded.get("/health")).status == 200
    assert (await guarded.get("/metrics")).status == 200
    proxied = "x-forwarded-for: 203.0.113.9\r\n"
    refused = await guarded.get("/metrics", extra=proxied)
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    scraped = await guarded.get("/metrics", extra=proxied + bearer("hgadmin-x"))
    assert scraped.status == 200
    assert b"heliograph_exchanges" in scraped.body
    assert (await ask(guarded, bearer("hgadmin-x"))).status == 401

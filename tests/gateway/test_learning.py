"""What one exchange learns, the next one does not pay for."""

import asyncio
import time
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from gateway.primary_and_spare import FIRST, TARGETS, ask, config
from gateway.raw_client import Answer, RawClient
from gateway.running import (
    Gateway,
    SteppedClock,
    config_of,
    fault,
    keys_tried,
    request,
    running,
    until,
)
from heliograph.gateway.types import Breaker, Limits, Retries, Route
from heliograph.simulation.providers import SimulatedProviders


@pytest.mark.parametrize("what", [{"status": 503}, {"kind": "reset"}], ids=str)
async def test_a_provider_that_is_down_is_left_alone_until_a_probe_is_answered(
    sim: SimulatedProviders, what: Mapping[str, object]
) -> None:
    clock = SteppedClock()
    sim.set_rules([fault("openai", what)])
    async with running(config(sim), clock) as gateway:
        assert await ask(gateway, 30) == ["spare"] * 30
        hit = len(keys_tried(sim, "openai"))
        # Five in a row; a reset on a kept connection is called once more.
        calls_max = 2 if what.get("kind") == "reset" else 1
        assert 5 <= hit <= 5 * calls_max
        clock.step(6.6)
        assert await ask(gateway, 10) == ["spare"] * 10
        assert hit < len(keys_tried(sim, "openai")) <= hit + calls_max
        sim.set_rules([])
        clock.step(6.6)
        assert await ask(gateway) == ["openai"]  # the probe
        clock.step(3.0)
        assert await ask(gateway, 5) == ["openai"] * 5
        metrics = (await gateway.get("/metrics")).body.decode()
    state = 'heliograph_provider_circuit{provider="openai",state="closed"} 1.0'
    assert state in metrics


async def test_only_one_probe_is_under_way_at_a_time(sim: SimulatedProviders) -> None:
    clock = SteppedClock()
    sim.set_rules([fault("openai", {"status": 503})])
    async with running(config(sim), clock) as gateway:
        await ask(gateway, 6)
        sim.set_rules([fault("openai", {"kind": "silent"})])
        hit = len(keys_tried(sim, "openai"))
        clock.step(6.6)
        probe = asyncio.create_task(ask(gateway))
        await until(lambda: len(keys_tried(sim, "openai")) > hit)
        assert await ask(gateway, 10) == ["spare"] * 10
        assert len(keys_tried(sim, "openai")) == hit + 1
        probe.cancel()


async def test_a_probe_is_not_waited_for_longer_than_is_usual(
    sim: SimulatedProviders,
) -> None:
    clock = SteppedClock()
    async with running(config(sim), clock) as gateway:
        await ask(gateway, 80)
        sim.set_rules([fault("openai", {"status": 503})])
        await ask(gateway, 6)
        sim.set_rules([fault("openai", {"kind": "silent"})])
        clock.step(6.6)
        began = time.monotonic()
        assert await ask(gateway) == ["spare"]
        assert 0.5 < time.monotonic() - began < 20  # first_byte_s is 30
        line = await gateway.recorded(87)
        assert line["attempts"][0]["kind"] == "first_byte_timeout"


async def test_a_limited_key_rests_for_as_long_as_it_says(
    sim: SimulatedProviders,
) -> None:
    limited = {"status": 429, "headers": {"retry-after-ms": "700"}}
    sim.set_rules([fault("openai", limited, key="b111")])
    clock = SteppedClock()
    async with running(config(sim), clock) as gateway:
        assert await ask(gateway, 40) == ["openai"] * 40
        assert keys_tried(sim, "openai").count("b111") == 1
        clock.step(0.8)
        sim.set_rules([])
        await ask(gateway, 40)
        assert keys_tried(sim, "openai").count("b111") > 5


@pytest.mark.parametrize(
    "what",
    [
        {"status": 401},
        {"status": 402},
        {"status": 429, "error": {"code": "insufficient_quota"}},
        {
            "status": 429,
            "headers": {
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "6m0s",
            },
        },
    ],
    ids=str,
)
async def test_a_key_that_is_no_good_is_asked_once(
    sim: SimulatedProviders, what: Mapping[str, object]
) -> None:
    sim.set_rules([fault("openai", what, key="b111")])
    async with running(config(sim)) as gateway:
        assert await ask(gateway, 40) == ["openai"] * 40
        assert keys_tried(sim, "openai").count("b111") == 1
        metrics = (await gateway.get("/metrics")).body.decode()
        assert 'heliograph_provider_resting_targets{provider="openai"} 1.0' in metrics


async def test_a_refused_key_is_tried_again_after_a_reload(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"status": 401}, key="b111")])
    async with running(config(sim)) as gateway:
        await ask(gateway, 20)
        sim.set_rules([])
        gateway.engine.reload(config(sim))
        await ask(gateway, 40)
        assert keys_tried(sim, "openai").count("b111") > 5


async def test_when_everything_rests_the_least_bad_is_tried(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([{"fault": {"status": 503}}])
    async with running(config(sim), SteppedClock()) as gateway:
        for _ in range(30):
            assert (await gateway.post(request(FIRST))).status == 503
        before = len(sim.log)
        for _ in range(10):
            await gateway.post(request(FIRST))
        assert len(sim.log) == before + 10  # one attempt each, not none and not two
        sim.set_rules([])
        got = await gateway.post(request(FIRST))
        assert got.status == 200


async def test_a_lone_error_is_asked_again_of_the_same_target(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"status": 500}, first=1)])
    async with running(config(sim)) as gateway:
        assert await ask(gateway) == ["openai"]
        first, second = gateway.lines[0]["attempts"]
        assert first["key"] == second["key"]
        assert second["started_ms"] - first["ended_ms"] < 1000


async def test_repeats_are_bounded_by_a_budget(sim: SimulatedProviders) -> None:
    sim.set_rules([fault("openai", {"status": 500}, every=2)])
    alone = "providers:\n  openai:\n    base_url: {sim}/openai/v1\n    keys: [k]\n"
    rules = Breaker(failures=1000, error_rate=1.0)
    retries = Retries(backoff_s=0.001)
    changed = replace(config_of(alone, sim.base_url), breaker=rules, retries=retries)
    async with running(changed) as gateway:
        for _ in range(200):
            await gateway.post(request({"model": "openai/x"}))
    assert 200 < len(sim.log) <= 230


async def test_a_caller_sets_a_nearer_deadline(sim: SimulatedProviders) -> None:
    sim.set_rules([fault("openai", {"delay_s": 20})])
    async with running(config(sim)) as gateway:
        began = time.monotonic()
        got = await post_with(gateway, "x-heliograph-timeout-ms: 300")
        assert time.monotonic() - began < 5
        assert (got.status, got.error["code"]) == (504, "caller_timeout")
        assert got.headers["x-heliograph-attempts"] == "1"
        bad = await post_with(gateway, "X-Heliograph-Timeout-Ms: soon")
        assert (bad.status, bad.error["param"]) == (400, "x-heliograph-timeout-ms")


async def post_with(gateway: Gateway, header: str, **members: object) -> Answer:
    async with RawClient.to(gateway.port) as client:
        client.send(request({**FIRST, **members}), extra=header + "\r\n")
        return await client.answer()


async def test_a_route_balances_and_holds_sticky_callers(
    sim: SimulatedProviders,
) -> None:
    both = Route("any", (("openai/gpt-4o", 1.0), ("spare/small", 1.0)))
    sticky = replace(both, name="held", sticky_header="x-session")
    routes = {"any": both, "held": sticky}
    async with running(config(sim, routes=routes)) as gateway:
        assert set(await ask(gateway, 40, model="any")) == {"openai", "spare"}
        by: list[str] = []
        for caller in range(8):
            header = f"X-Session: caller-{caller}"
            got = [await post_with(gateway, header, model="held") for _ in range(4)]
            names = {answer.headers["x-heliograph-provider"] for answer in got}
            assert len(names) == 1
            by += names
        assert set(by) == {"openai", "spare"}


async def test_a_full_provider_passes_callers_on_and_a_full_gateway_says_so(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 1}), fault("spare", {"delay_s": 1})])
    base = config(sim)
    tight = replace(base.providers["openai"], limits=Limits(2, 0, 0.1))
    changed = replace(
        base,
        providers={**base.providers, "openai": tight},
        limits=Limits(concurrent_max=4, queue_max=1, queue_s=0.2),
    )
    async with running(changed) as gateway:
        got = await asyncio.gather(*(gateway.post(request(FIRST)) for _ in range(9)))
        answered = [g for g in got if g.status == 200]
        refused = [g for g in got if g.status != 200]
        by = sorted(g.headers["x-heliograph-provider"] for g in answered)
        assert by == ["openai", "openai", "spare", "spare"]
        assert len(refused) == 5
        for answer in refused:
            assert (answer.status, answer.error["code"]) == (503, "saturated")
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["x-should-retry"] == "true"
        assert gateway.engine.gate.inside == 0
        assert await ask(gateway) == ["openai"]


@pytest.mark.parametrize("where", ["gateway", "provider"])
async def test_a_wait_in_a_queue_ends_with_the_callers_deadline(
    sim: SimulatedProviders, where: str
) -> None:
    sim.set_rules([{"fault": {"kind": "silent"}}])
    base = config_of(TARGETS.partition("fallbacks")[0], sim.base_url)
    narrow = Limits(concurrent_max=1, queue_max=5, queue_s=30)
    if where == "gateway":
        changed = replace(base, limits=narrow)
    else:
        tight = replace(base.providers["openai"], limits=narrow)
        changed = replace(base, providers={**base.providers, "openai": tight})
    async with running(changed) as gateway:
        first = asyncio.create_task(gateway.post(request(FIRST)))
        await sim.until(lambda log: len(log) == 1)
        began = time.monotonic()
        got = await post_with(gateway, "x-heliograph-timeout-ms: 300")
        assert 0.25 < time.monotonic() - began < 5
        assert got.status in {503, 504}
        assert len(sim.log) == 1
        first.cancel()

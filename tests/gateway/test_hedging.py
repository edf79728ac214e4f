"""A second call beside a slow one: who is first has it, the other is closed."""

import time

from gateway.primary_and_spare import ask, config
from gateway.raw_client import RawClient
from gateway.running import (
    SAID,
    fault,
    request,
    running,
)
from heliograph.gateway.types import Hedge, Retries, Route
from heliograph.simulation.providers import SimulatedProviders


async def test_a_slow_first_call_gets_a_second_beside_it(
    sim: SimulatedProviders,
) -> None:
    hedged = Route(
        "quick", (("openai/gpt-4o", 1.0),), hedge=Hedge(share=1.0, after_s=0.1)
    )
    sim.set_rules([fault("openai", {"delay_s": 5})])
    async with running(config(sim, routes={"quick": hedged})) as gateway:
        for stream in (False, True):
            began = time.monotonic()
            got = await gateway.post(request({"model": "quick", "stream": stream}))
            assert got.text == SAID
            assert time.monotonic() - began < 3
            assert got.headers["x-heliograph-provider"] == "spare"
        line = await gateway.recorded(2)
        assert line["hedged"] is True
        assert [a["kind"] for a in line["attempts"]] == ["hedged_away", None]
        assert line["outcome"] == "answered"
        await sim.until(
            lambda log: all(
                s.outcome == "client_closed" for s in log if s.provider == "openai"
            )
        )


async def test_no_hedge_goes_out_while_the_provider_throttles(
    sim: SimulatedProviders,
) -> None:
    hedged = Route(
        "quick", (("openai/gpt-4o", 1.0),), hedge=Hedge(share=1.0, after_s=0.05)
    )
    limited = {"status": 429, "headers": {"retry-after": "60"}}
    rules = [fault("openai", limited, key="b111"), fault("openai", {"delay_s": 0.3})]
    async with running(config(sim, routes={"quick": hedged})) as gateway:
        sim.set_rules(rules[:1])
        await ask(gateway, 12)
        sim.set_rules(rules)
        assert await ask(gateway, 2, model="quick") == ["openai"] * 2
        assert all(not line["hedged"] for line in gateway.lines)


async def test_a_caller_who_leaves_ends_both_calls(sim: SimulatedProviders) -> None:
    hedged = Route(
        "quick", (("openai/gpt-4o", 1.0),), hedge=Hedge(share=1.0, after_s=0.05)
    )
    sim.set_rules([{"fault": {"kind": "silent"}}])
    async with running(config(sim, routes={"quick": hedged})) as gateway:
        async with RawClient.to(gateway.port) as client:
            client.send(request({"model": "quick", "stream": True}))
            await sim.until(lambda log: len(log) == 2)
        await sim.until(lambda log: all(s.outcome == "client_closed" for s in log))
        line = await gateway.recorded()
        assert line["outcome"] == "client_gone"
        assert [a["kind"] for a in line["attempts"]] == ["client_gone"] * 2
        assert not gateway.engine.pool.busy
        assert all(t.in_flight == 0 for t in gateway.engine.health.targets.values())


async def test_when_both_fail_the_caller_is_told_of_both(
    sim: SimulatedProviders,
) -> None:
    hedged = Route(
        "quick", (("openai/gpt-4o", 1.0),), hedge=Hedge(share=1.0, after_s=0.05)
    )
    sim.set_rules([{"fault": {"status": 500, "delay_s": 0.3}}])
    once = Retries(same_target_max=0)
    changed = config(sim, routes={"quick": hedged}, retries=once)
    async with running(changed) as gateway:
        got = await gateway.post(request({"model": "quick"}))
        assert got.status == 502
        assert "openai/gpt-4o" in got.error["message"]
        assert "spare/small" in got.error["message"]
        line = await gateway.recorded()
        assert [a["kind"] for a in line["attempts"]] == ["server_error"] * 2


async def test_hedges_are_a_share_of_the_routes_exchanges(
    sim: SimulatedProviders,
) -> None:
    hedged = Route(
        "quick", (("openai/gpt-4o", 1.0),), hedge=Hedge(share=0.2, after_s=0.01)
    )
    sim.set_rules([fault("openai", {"delay_s": 0.1})])
    async with running(config(sim, routes={"quick": hedged})) as gateway:
        await ask(gateway, 20, model="quick")
        assert sum(line["hedged"] for line in gateway.lines) in {3, 4}
        metrics = (await gateway.get("/metrics")).body.decode()
        assert "heliograph_hedged_exchanges_total" in metrics

"""Budgets on real sockets: what is refused, what is charged, what is given back."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.kept import bounded
from gateway.raw_client import RawClient
from gateway.running import fault, request, until
from heliograph.simulation.providers import SimulatedProviders

DOLLAR = "  - {name: purse, usd: 1, per: day}\n"
EMPTY = "  - {name: purse, usd: 0, per: day}\n"


async def test_what_a_call_cost_is_charged_and_the_rest_is_free_again(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with bounded(sim, tmp_path, DOLLAR) as kept:
        for stream in (False, True):
            got = await kept.gateway.ask(model="openai/gpt-4o", stream=stream)
            assert got.status == 200
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 2)
        assert kept.reserved == 0
        ((cost,),) = kept.rows("SELECT SUM(cost_nano) FROM exchanges")
        assert cost
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(cost,)]
        assert kept.rows("SELECT SUM(amount) FROM budget_charges") == [(cost,)]
    assert kept.rows("SELECT * FROM budget_leases") == []


async def test_calls_that_share_a_purse_are_charged_what_each_came_to(
    sim: SimulatedProviders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.gateway.ledger.budgets.SPARE_HOLDS", 1000)
    plenty = (
        "  - {name: purse, usd: 1000, per: day, requests_per_minute: 100000,"
        " tokens_per_minute: 100000000, concurrent_max: 1000}\n"
    )
    async with bounded(sim, tmp_path, plenty) as kept:
        budgets = kept.gateway.engine.budgets
        assert budgets is not None
        for count in (1, 20, 20):
            asking = [
                kept.gateway.ask(model="openai/gpt-4o", stream=number % 2 == 0)
                for number in range(count)
            ]
            assert {got.status for got in await asyncio.gather(*asking)} == {200}
            await until(lambda: all(cap.free > 400 for cap in budgets.caps.values()))
        account = budgets.account(None, ())
        assert account is not None
        assert account.purse.shares > account.purse.left
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 41)
        assert kept.reserved == 0
        ((cost, tokens),) = kept.rows(
            "SELECT SUM(cost_nano), SUM(input_tokens + output_tokens) FROM exchanges"
        )
        assert cost
        assert kept.rows("SELECT SUM(amount) FROM budget_charges") == [(cost,)]
        spent = kept.rows("SELECT cap, SUM(amount) FROM budget_spent GROUP BY cap")
        assert set(spent) == {
            ("purse|usd|exchanges|day|calendar|UTC", cost),
            ("purse|tokens|exchanges|minute|rolling", tokens),
            ("purse|requests|exchanges|minute|rolling", 41),
        }
    assert kept.rows("SELECT * FROM budget_leases") == []


async def test_a_cap_that_is_used_up_refuses_in_every_dialect(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with bounded(sim, tmp_path, EMPTY) as kept:
        got = await kept.gateway.ask(model="openai/gpt-4o")
        assert got.status == 402
        assert got.error["code"] == "budget_exceeded"
        assert got.error["type"] == "insufficient_quota"
        assert "Budget `purse` ($0 per day)" in got.error["message"]
        assert "resets at" in got.error["message"]
        assert "retry-after" not in got.headers
        line = await kept.gateway.recorded()
        assert (line["outcome"], line["attempts"]) == ("refused", [])
        assert not sim.log


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (
            "/v1/messages",
            {"model": "openai/gpt-4o", "max_tokens": 5},
            {"type": "error", "error": {"type": "billing_error"}},
        ),
        (
            "/v1beta/models/openai/gpt-4o:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
            {"error": {"code": 402, "status": "RESOURCE_EXHAUSTED"}},
        ),
    ],
)
async def test_a_refusal_is_told_in_the_callers_dialect(
    sim: SimulatedProviders,
    tmp_path: Path,
    path: str,
    body: dict[str, object],
    told: dict[str, dict[str, object]],
) -> None:
    if "contents" not in body:
        body = {**body, "messages": [{"role": "user", "content": "hello"}]}
    async with bounded(sim, tmp_path, EMPTY) as kept:
        async with RawClient.to(kept.gateway.port) as client:
            client.send(json.dumps(body).encode(), path=path)
            got = await client.answer()
        assert got.status == 402
        error = got.json["error"]
        assert told["error"].items() <= error.items()
        assert "Budget `purse`" in error["message"]


async def test_requests_per_minute_are_counted_and_say_when_to_come_back(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: slow, requests_per_minute: 3}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        statuses = [(await kept.gateway.ask()).status for _ in range(3)]
        assert statuses == [200, 200, 200]
        got = await kept.gateway.ask()
        assert (got.status, got.error["code"]) == (429, "budget_rate_limited")
        assert 50 <= int(got.headers["retry-after"]) <= 61
        assert len(sim.log) == 3


async def test_tokens_per_minute_are_what_was_used_not_what_was_reserved(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: slow, tokens_per_minute: 2000, output_tokens_max: 1000}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        used = 0
        for _ in range(3):
            got = await kept.gateway.ask()
            assert got.status == 200
            used += got.json["usage"]["total_tokens"]
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 3)
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(used,)]
        assert kept.rows("SELECT 1 FROM budget_charges") == []
        got = await kept.gateway.ask(max_tokens=2000)
        assert (got.status, got.error["code"]) == (429, "budget_rate_limited")
        assert "a smaller `max_tokens` takes less" in got.error["message"]


async def test_so_many_at_once_and_no_more(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([{"fault": {"delay_s": 2.5}}])
    budgets = "  - {name: narrow, concurrent_max: 2}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        asked = [asyncio.ensure_future(kept.gateway.ask()) for _ in range(3)]
        got = await asyncio.gather(*asked)
        assert sorted(each.status for each in got) == [200, 200, 429]
        (refused,) = [each for each in got if each.status == 429]
        assert refused.error["code"] == "budget_held"
        assert refused.headers["retry-after"] == "1"
        assert kept.reserved == 0
        sim.set_rules([])
        assert (await kept.gateway.ask()).status == 200


async def test_who_waits_for_a_place_gets_it_when_one_becomes_free(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([{"fault": {"delay_s": 0.2}}])
    budgets = "  - {name: narrow, concurrent_max: 2}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        asked = [asyncio.ensure_future(kept.gateway.ask()) for _ in range(4)]
        got = await asyncio.gather(*asked)
        assert [each.status for each in got] == [200] * 4


async def test_a_caller_who_sets_no_bound_is_given_one(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: purse, usd: 1, per: day, output_tokens_max: 3}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        for model in ("openai/gpt-4o", "anthropic/claude-haiku-4-5"):
            got = await kept.gateway.ask(model=model)
            assert got.json["choices"][0]["finish_reason"] == "length"
            assert got.json["usage"]["completion_tokens"] == 3
        own = await kept.gateway.ask(model="openai/gpt-4o", max_tokens=5)
        assert own.json["usage"]["completion_tokens"] == 5


async def test_the_bound_is_that_of_the_budgets_whose_target_is_called(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = """
  - {name: purse, usd: 1, per: day, output_tokens_max: 9}
  - {name: dear, usd: 1, per: day, output_tokens_max: 3, for: {provider: openai}}
"""
    async with bounded(sim, tmp_path, budgets) as kept:
        for model, tokens in (
            ("openai/gpt-4o", 3),
            ("anthropic/claude-haiku-4-5", 9),
        ):
            got = await kept.gateway.ask(model=model)
            assert got.json["usage"]["completion_tokens"] == tokens


async def test_a_provider_whose_cap_is_hit_is_passed_over(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: dear, usd: 0, per: day, for: {provider: openai}}\n"
    more = "fallbacks: [{from: openai/gpt-4o, to: anthropic/claude-haiku-4-5}]"
    async with bounded(sim, tmp_path, budgets, more) as kept:
        got = await kept.gateway.ask(model="openai/gpt-4o")
        assert got.status == 200
        assert got.headers["x-heliograph-provider"] == "anthropic"
        assert got.headers["x-heliograph-fallback"] == "true"
        alone = await kept.gateway.ask(model="openai/gpt-4o-mini")
        assert (alone.status, alone.error["code"]) == (402, "budget_exceeded")
        assert {seen.provider for seen in sim.log} == {"anthropic"}


CHEAP = "routes: {cheap: {to: openai/gpt-4o-mini}}"


async def test_at_the_cap_an_exchange_falls_to_what_the_budget_names(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = """
  - {name: purse, usd: 0.01, per: day, requests_per_minute: 1, on_cap: cheap}
"""
    async with bounded(sim, tmp_path, budgets, CHEAP) as kept:
        for number in (1, 2):  # the second is above the rate as well
            got = await kept.gateway.ask(model="openai/gpt-4o")
            assert got.status == 200
            assert got.headers["x-heliograph-model"] == "gpt-4o-mini"
            assert got.headers["x-heliograph-fallback"] == "true"
            line = await kept.gateway.recorded(number)
            assert line["on_cap"] == "purse"
        assert {seen.model for seen in sim.log} == {"gpt-4o-mini"}


async def test_what_it_falls_to_must_fit_under_the_cap_as_well(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: purse, usd: 0, per: day, on_cap: openai/gpt-4o-mini}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        got = await kept.gateway.ask(model="openai/gpt-4o")
        assert (got.status, got.error["code"]) == (402, "budget_exceeded")
        assert not sim.log


async def test_a_failed_call_costs_nothing_and_gives_back_all_it_held(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", {"status": 500})])
    async with bounded(sim, tmp_path, DOLLAR) as kept:
        got = await kept.gateway.ask(model="openai/gpt-4o")
        assert got.status == 502
        assert kept.reserved == 0
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 1)
        assert kept.rows("SELECT * FROM budget_spent") == []


async def test_a_caller_who_leaves_pays_for_the_worst_and_holds_nothing(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([{"fault": {"stall_after_events": 2}}])
    async with bounded(sim, tmp_path, DOLLAR) as kept:
        async with RawClient.to(kept.gateway.port) as client:
            client.send(request({"model": "openai/gpt-4o", "stream": True}))
            await client.head()
            assert kept.reserved > 0
        await kept.gateway.recorded()
        assert kept.reserved == 0
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 1)
        ((cost, basis),) = kept.rows("SELECT cost_nano, cost_basis FROM attempts")
        assert basis == "estimate"
        assert cost
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(cost,)]


async def test_what_was_spent_is_known_after_a_restart(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: slow, requests_per_minute: 2}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        assert (await kept.gateway.ask()).status == 200
    async with bounded(sim, tmp_path, budgets) as kept:
        assert (await kept.gateway.ask()).status == 200
        assert (await kept.gateway.ask()).status == 429


HEDGED = """
routes:
  quick:
    to: openai/gpt-4o
    hedge: {share: 1.0, after_s: 0.05}
fallbacks: [{from: quick, to: anthropic/claude-haiku-4-5}]
"""


async def test_both_calls_of_a_hedge_are_charged_and_give_back_what_they_held(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 3})])
    async with bounded(sim, tmp_path, DOLLAR, HEDGED) as kept:
        got = await kept.gateway.ask(model="quick")
        assert got.headers["x-heliograph-provider"] == "anthropic"
        line = await kept.gateway.recorded()
        assert line["hedged"]
        costs = [attempt["cost_nano"] for attempt in line["attempts"]]
        assert all(costs)
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 1)
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(sum(costs),)]
        assert kept.reserved == 0


async def test_a_hedge_for_which_there_is_no_room_is_not_made(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", {"delay_s": 0.4})])
    budgets = """
  - {name: spare, concurrent_max: 0, for: {provider: anthropic}}
"""
    async with bounded(sim, tmp_path, budgets, HEDGED) as kept:
        got = await kept.gateway.ask(model="quick")
        assert got.headers["x-heliograph-provider"] == "openai"
        line = await kept.gateway.recorded()
        assert (line["hedged"], len(line["attempts"])) == (False, 1)
        assert kept.reserved == 0


async def test_it_is_still_a_fallback_when_there_is_room_again(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", {"status": 500, "delay_s": 0.4})])
    budgets = "  - {name: purse, usd: 0.05, per: day, requests_per_minute: 9}\n"
    async with bounded(sim, tmp_path, budgets, HEDGED) as kept:
        got = await kept.gateway.ask(model="quick", max_tokens=4000)
        assert (got.status, got.headers["x-heliograph-provider"]) == (200, "anthropic")
        line = await kept.gateway.recorded()
        assert (line["hedged"], len(line["attempts"])) == (False, 2)
        assert kept.reserved == 0
        text = (await kept.gateway.get("/metrics")).body.decode()
        refused = 'heliograph_budget_refusals_total{budget="purse",cap="usd/day"} 0'
        assert refused in text


async def test_under_a_cap_of_dollars_a_model_without_a_price_is_refused(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    more = """
  proxy: {base_url: "{sim}/own/v1", dialect: openai, models: [own]}
"""
    async with bounded(sim, tmp_path, DOLLAR, more) as kept:
        got = await kept.gateway.ask(model="proxy/own")
        assert (got.status, got.error["code"]) == (403, "unknown_price")
        assert "what proxy/own costs is not known" in got.error["message"]
        assert not sim.log


async def test_how_budgets_stand_is_told_to_prometheus(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    budgets = "  - {name: purse, usd: 2.5, per: day, concurrent_max: 0}\n"
    async with bounded(sim, tmp_path, budgets) as kept:
        assert (await kept.gateway.ask()).status == 429
        text = (await kept.gateway.get("/metrics")).body.decode()
        assert 'heliograph_budget_limit{budget="purse",cap="usd/day"} 2.5' in text
        assert 'heliograph_budget_spent{budget="purse",cap="usd/day"} 0.0' in text
        refused = 'heliograph_budget_refusals_total{budget="purse",cap="concurrent"} 1'
        assert refused in text

"""Budgets and calls of which nobody can say what they cost; limits that change."""

import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.fixed_provider import FixedProvider
from gateway.kept import bounded
from gateway.running import HELLO, fault, until
from heliograph.simulation.providers import SimulatedProviders

PROMPT_BYTES = len(json.dumps(HELLO))
COST = (
    "SELECT a.cost_nano, a.cost_basis, e.cost_nano FROM every_attempt AS a"
    " JOIN exchanges AS e ON e.exchange_id = a.exchange_id"
)


def answer(cached_tokens: int, service_tier: str) -> bytes:
    message = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": cached_tokens},
    }
    return json.dumps(
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o",
            "choices": [choice],
            "usage": usage,
            "service_tier": service_tier,
        }
    ).encode()


UNKNOWN = [answer(0, "a-new-one"), answer(9, "default")]
"""A service without rates; more tokens out of the cache than there were."""


@pytest.mark.parametrize("said", UNKNOWN, ids=["price", "usage"])
async def test_under_a_cap_of_dollars_what_nobody_can_tell_costs_what_was_reserved(
    tmp_path: Path, said: bytes
) -> None:
    budgets = "  - {name: purse, usd: 1, per: day}\n"
    async with (
        FixedProvider(said).serving() as provider,
        bounded(provider, tmp_path, budgets) as kept,
    ):
        got = await kept.gateway.ask(model="openai/gpt-4o", max_tokens=5)
        assert got.status == 200
        await until(lambda: kept.rows("SELECT 1 FROM exchanges"))
        reserved = PROMPT_BYTES * 2_500 + 5 * 10_000
        assert kept.rows(COST) == [(reserved, "estimate", reserved)]
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(reserved,)]
        assert kept.reserved == 0


@pytest.mark.parametrize("said", UNKNOWN, ids=["price", "usage"])
async def test_without_one_it_is_recorded_as_unknown_and_not_as_nothing(
    tmp_path: Path, said: bytes
) -> None:
    budgets = "  - {name: slow, tokens_per_minute: 9000}\n"
    async with (
        FixedProvider(said).serving() as provider,
        bounded(provider, tmp_path, budgets) as kept,
    ):
        assert (await kept.gateway.ask(model="openai/gpt-4o")).status == 200
        await until(lambda: kept.rows("SELECT 1 FROM exchanges"))
        ((cost, basis, _),) = kept.rows(COST)
        assert cost is None
        assert basis in {"unknown_price", "unknown_usage"}
        assert kept.rows("SELECT SUM(amount) FROM budget_spent") == [(7,)]


async def test_who_began_before_a_reload_does_not_bring_an_old_limit_back(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([fault("openai", {"status": 500, "delay_s": 0.3})])
    budgets = "  - {name: dear, requests_per_minute: 0, for: {provider: anthropic}}\n"
    more = "fallbacks: [{from: openai/gpt-4o, to: anthropic/claude-haiku-4-5}]"
    async with bounded(sim, tmp_path, budgets, more) as kept:
        engine = kept.gateway.engine
        asked = asyncio.ensure_future(kept.gateway.ask(model="openai/gpt-4o"))
        await sim.until(lambda log: len(log) == 1)
        (budget,) = engine.config.budgets
        wider = replace(budget, caps=(replace(budget.caps[0], limit=60),))
        engine.reload(replace(engine.config, budgets=(wider,)))
        assert (await asked).status == 200
        got = await kept.gateway.ask(model="anthropic/claude-haiku-4-5")
        assert got.status == 200

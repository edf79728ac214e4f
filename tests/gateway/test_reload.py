"""A new config takes over under way: nobody is served by a mixture of two."""

import asyncio

from gateway.running import CLAUDE_FIRST, Gateway, config_of, fault, keys_tried
from heliograph.simulation.providers import SimulatedProviders

ROTATED = CLAUDE_FIRST.replace("a111", "c333").replace("a222", "c444")


async def test_a_new_key_is_used_from_the_next_exchange_on(
    gateway: Gateway, sim: SimulatedProviders
) -> None:
    assert (await gateway.ask(model="anthropic/claude-sonnet-4-6")).status == 200
    gateway.engine.reload(config_of(ROTATED, sim.base_url))
    assert (await gateway.ask(model="anthropic/claude-sonnet-4-6")).status == 200
    before, after = keys_tried(sim, "anthropic")
    assert before in {"a111", "a222"}
    assert after in {"c333", "c444"}


async def test_an_exchange_that_outlives_a_reload_leaves_its_old_keys_to_nobody(
    gateway: Gateway, sim: SimulatedProviders
) -> None:
    """The old exchange calls with its second key after the new config is in force."""
    sim.set_rules([fault("anthropic", {"status": 429, "delay_s": 0.3}, first=1)])
    old = asyncio.ensure_future(gateway.ask(model="anthropic/claude-sonnet-4-6"))
    await sim.until(lambda log: len(log) == 1)
    gateway.engine.reload(config_of(ROTATED, sim.base_url))
    assert (await old).status == 200
    assert set(keys_tried(sim, "anthropic")) == {"a111", "a222"}
    for _ in range(20):
        assert (await gateway.ask(model="anthropic/claude-sonnet-4-6")).status == 200
    assert set(keys_tried(sim, "anthropic")[2:]) == {"c333", "c444"}

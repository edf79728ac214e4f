"""A primary with two keys and a spare behind it, with the gateway's own rules."""

from typing import Any

from msgspec.structs import replace

from gateway.running import SAID, Gateway, config_of, request
from heliograph.gateway.types import Config
from heliograph.simulation.providers import SimulatedProviders

TARGETS = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-b111, sk-oai-b222]
    models: [gpt-4o]
  spare:
    base_url: {sim}/spare/v1
    keys: [sk-spare-c111]
    models: [small]
fallbacks:
  - from: openai/gpt-4o
    to: spare/small
"""
FIRST = {"model": "openai/gpt-4o"}


def config(sim: SimulatedProviders, **changed: Any) -> Config:  # noqa: ANN401 - fields of a config
    """Read the config, with members of it *changed*."""
    return replace(config_of(TARGETS, sim.base_url), **changed)


async def ask(gateway: Gateway, count: int = 1, **members: object) -> list[str]:
    """Ask one after the other; return who answered."""
    named = []
    for _ in range(count):
        got = await gateway.post(request({**FIRST, **members}))
        assert got.status == 200, got.body
        assert got.text == SAID
        named.append(got.headers["x-heliograph-provider"])
    return named

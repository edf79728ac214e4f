"""The simulated provider, for a gateway that has no other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from heliograph.gateway.app.voice import say
from heliograph.gateway.types import Config, Endpoint, Key, Provider, Secret

SIMULATED = "simulated"
SIMULATED_MODEL = "event-captioner"


@asynccontextmanager
async def simulated_provider() -> AsyncIterator[str]:
    """Run it in this process; yield its address.

    It speaks the real wire format on a loopback port of its own: the gateway calls
    it as it would any provider.
    """
    # The gateway needs the simulation only here, and only without providers.
    from heliograph.simulation.providers import SimulatedProviders  # noqa: PLC0415

    async with SimulatedProviders(host="127.0.0.1", port=0) as providers:
        yield providers.base_url


def stand_in(config: Config, address: str) -> Config:
    """Configure the simulated provider at *address* as the only one, and say so."""
    endpoint = Endpoint(SIMULATED, "openai", f"{address}/{SIMULATED}/v1")
    key = Key(f"{SIMULATED}#1", Secret("any-key-will-do"))
    provider = Provider(SIMULATED, endpoint, keys=(key,), models=(SIMULATED_MODEL,))
    say(
        "WARNING: no provider is configured. The SIMULATED provider answers: its\n"
        "         answers are made up by a program, not by a model. Set\n"
        "         OPENAI_API_KEY or ANTHROPIC_API_KEY, or give a config with -c."
    )
    return msgspec.structs.replace(
        config, providers={SIMULATED: provider}, source="no configuration"
    )

"""The simulated provider, for a gateway that has no other."""

import msgspec

from heliograph.gateway.app.voice import say
from heliograph.gateway.types import Config, Endpoint, Key, Provider, Secret

SIMULATED = "simulated"
SIMULATED_MODEL = "event-captioner"


class Stand:
    """The simulated provider, in this process, for a gateway without any other.

    It speaks the real wire format on a loopback port of its own: the gateway calls
    it as it would any provider.
    """

    def __init__(self, config: Config) -> None:
        # The gateway needs the simulation only here, and only without providers.
        from heliograph.simulation.providers import (  # noqa: PLC0415
            SimulatedProviders,
        )

        self.config = config
        self.providers = SimulatedProviders(host="127.0.0.1", port=0)

    async def __aenter__(self) -> Config:
        """Start it and configure it as the only provider."""
        await self.providers.__aenter__()
        base_url = f"{self.providers.base_url}/{SIMULATED}/v1"
        endpoint = Endpoint(SIMULATED, "openai", base_url)
        key = Key(f"{SIMULATED}#1", Secret("any-key-will-do"))
        provider = Provider(SIMULATED, endpoint, keys=(key,), models=(SIMULATED_MODEL,))
        say(
            "WARNING: no provider is configured. The SIMULATED provider answers: its\n"
            "         answers are made up by a program, not by a model. Set\n"
            "         OPENAI_API_KEY or ANTHROPIC_API_KEY, or give a config with -c."
        )
        return msgspec.structs.replace(
            self.config, providers={SIMULATED: provider}, source="no configuration"
        )

    async def __aexit__(self, *error: object) -> None:
        """Stop it."""
        await self.providers.__aexit__(None, None, None)

"""The gateway's tests run on uvloop, as the gateway does."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from gateway.running import Gateway, Way, gateway_before
from heliograph.simulation.providers import SimulatedProviders


def pytest_asyncio_loop_factories() -> dict[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedProviders]:
    async with SimulatedProviders() as providers:
        yield providers


@pytest.fixture
async def gateway(sim: SimulatedProviders) -> AsyncIterator[Gateway]:
    async with gateway_before(sim) as running:
        yield running


@pytest.fixture(
    params=[
        Way(dialect, stream)
        for dialect in ("anthropic", "openai")
        for stream in (False, True)
    ],
    ids=lambda way: f"{way.dialect}-{'stream' if way.stream else 'whole'}",
)
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found

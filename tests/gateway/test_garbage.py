"""What has ended is freed at once: the collector looks too seldom to be relied on."""

import gc
from collections.abc import Iterator

import pytest

from gateway.raw_client import RawClient
from gateway.running import Gateway, fault, request, until
from heliograph.gateway.engine.run import Run
from heliograph.gateway.engine.trial import Trial
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Exchange
from heliograph.gateway.upstream.connection import Connection
from heliograph.simulation.providers import SimulatedProviders

OURS = (Lane, LaneCycle, Run, Trial, Exchange, Connection)


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> list[str]:
    """Name what is still there of connections and exchanges."""
    return sorted(
        type(found).__name__ for found in gc.get_objects() if isinstance(found, OURS)
    )


async def freed(gateway: Gateway, before: list[str]) -> None:
    """Wait until nothing more is there than *before*, but what the rows keep."""
    gateway.engine.metrics.count_row()
    gateway.engine.log.flush()
    await until(lambda: left() == before)


async def asked(sim: SimulatedProviders, count: int) -> None:
    """Wait until the provider has seen *count* calls."""
    await sim.until(lambda log: len(log) == count)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_callers_connection_is_freed_with_its_exchanges(
    gateway: Gateway, *, stream: bool
) -> None:
    before = left()
    for _ in range(5):
        async with RawClient.to(gateway.port) as client:
            for _ in range(2):
                client.send(request({"stream": stream}))
                assert (await client.answer()).status == 200
    gateway.engine.pool.close()
    await freed(gateway, before)


async def test_what_is_not_hot_leaves_nothing_either(gateway: Gateway) -> None:
    before = left()
    for _ in range(5):
        assert (await gateway.get("/health")).status == 200
        assert (await gateway.get("/nowhere")).status == 404
    await freed(gateway, before)


async def test_what_broke_leaves_nothing_either(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    before = left()
    sim.set_rules([fault("openai", {"cut_after_events": 4})])
    for _ in range(5):
        await gateway.ask(stream=True)
        async with RawClient.to(gateway.port) as client:
            client.send(b'{"broken')
            assert (await client.answer()).status == 400
    gateway.engine.pool.close()
    await freed(gateway, before)


async def test_callers_who_leave_leave_nothing_behind(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    before = left()
    sim.set_rules([{"fault": {"kind": "silent"}}])
    for number in range(1, 6):
        async with RawClient.to(gateway.port) as client:
            client.send(request({"stream": True}))
            await asked(sim, number)
    assert (await gateway.recorded(5))["outcome"] == "client_gone"
    await freed(gateway, before)

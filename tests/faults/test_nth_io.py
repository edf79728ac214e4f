"""The Nth input or output fails, for every N until an exchange ends without it.

After https://www.sqlite.org/testing.html, "I/O error testing". Whatever fails towards a
provider is mended by the other provider; whatever fails towards the caller ends the
exchange; nothing is left behind, and every exchange is recorded once.
"""

import asyncio
import socket
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.primary_and_spare import config
from gateway.raw_client import RawClient
from gateway.running import SAID, Gateway, fault, request, running, until
from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.upstream.call import Call
from heliograph.gateway.upstream.connection import Connection
from heliograph.gateway.upstream.pool import Pool
from heliograph.simulation.providers import SimulatedProviders

N_MAX = 200
LANE_WRITES = ("send_whole", "begin", "write", "end")


class NthIo:
    """Counts every input and output of the gateway, and lets the Nth fail."""

    def __init__(self, nth: int) -> None:
        self.nth = nth
        self.count = 0
        self.failed: str | None = None

    def due(self, name: str) -> bool:
        """Count one; say whether it is the one that fails."""
        self.count += 1
        if self.count != self.nth:
            return False
        self.failed = name
        return True

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put the count before each place where the gateway reads or writes."""
        self.hook(patch, Lane, "data_received", "caller")
        for name in LANE_WRITES:
            self.hook(patch, LaneCycle, name, "caller")
        for name in ("send", "data_received"):
            self.hook(patch, Connection, name, "provider")
        connect = Pool.connect

        async def refused(pool: Pool, call: Call) -> Any:  # noqa: ANN401 - as it is
            if self.due("provider connect"):
                with socket.create_server(("127.0.0.1", 0)) as gone:
                    port = gone.getsockname()[1]
                call = replace(call, origin=call.origin._replace(port=port))
            return await connect(pool, call)

        patch.setattr(Pool, "connect", refused)

    def hook(
        self, patch: pytest.MonkeyPatch, owner: type, name: str, side: str
    ) -> None:
        """Break the connection instead of one call of *name*."""
        right = getattr(owner, name)

        def counted(self_: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on as it is
            if self.due(f"{side} {name}"):
                lane = getattr(self_, "lane", self_)
                lane.transport.abort()
                if name == "data_received":
                    return None
            return right(self_, *args, **kwargs)

        patch.setattr(owner, name, counted)


async def answer_of(gateway: Gateway, *, stream: bool) -> tuple[str, bool]:
    """Ask; return the text that arrived and whether it claims to be whole."""
    async with RawClient.to(gateway.port) as client:
        members = {"model": "openai/gpt-4o", "stream": stream}
        client.send(request(members))
        try:
            got = await client.answer()
        except (asyncio.IncompleteReadError, OSError, ValueError):
            return "", False
        if not stream:
            return got.text, got.status == 200
        return got.text, bool(got.events) and got.events[-1] == "[DONE]"


def nothing_is_left(gateway: Gateway) -> bool:
    """Nobody is inside, nothing is called, every connection has its place."""
    engine = gateway.engine
    return (
        engine.gate.inside == 0
        and engine.metrics.in_flight == 0
        and all(t.in_flight == 0 for t in engine.health.targets.values())
        and all(p.in_flight == 0 for p in engine.health.providers.values())
        and not (set(engine.pool.busy) - set(engine.pool.lingering))
    )


async def recorded(gateway: Gateway, io: NthIo) -> dict[str, Any]:
    """Return the one log line; a request that never arrived has none."""
    if io.failed == "caller data_received":
        assert gateway.lines == []
        return {}
    return await gateway.recorded()


async def settled(gateway: Gateway) -> None:
    """Wait until nothing is left of the exchange."""
    await until(lambda: nothing_is_left(gateway))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_whichever_io_fails_nothing_is_lost_or_made_up(
    monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    seen = []
    for nth in range(1, N_MAX):
        io = NthIo(nth)
        async with SimulatedProviders() as sim:
            sim.set_rules([fault("openai", {"event_delay_s": 0.005}, stream=True)])
            async with running(config(sim)) as gateway:
                with monkeypatch.context() as patch:
                    io.install(patch)
                    text, whole = await answer_of(gateway, stream=stream)
                    line = await recorded(gateway, io)
                    await settled(gateway)
        if io.failed is None:
            assert (text, whole) == (SAID, True)
            break
        seen.append(io.failed)
        if io.failed.startswith("provider"):
            assert (text, whole, line["outcome"]) == (SAID, True, "answered"), io.failed
        else:
            assert not whole or text == SAID, io.failed
    else:
        pytest.fail(f"after {N_MAX} there was still something to fail: {seen}")
    assert len(seen) >= (12 if stream else 5), seen
    assert {name.partition(" ")[0] for name in seen} == {"caller", "provider"}

"""A worker process: a gateway as it would be alone, but for its supervisor."""

import asyncio
import signal
import socket
from contextlib import AsyncExitStack

from heliograph.gateway.app.composition import make_engine, settle_memory
from heliograph.gateway.app.door import door
from heliograph.gateway.app.linked import Linked
from heliograph.gateway.app.loop import loop_factory
from heliograph.gateway.app.messages import Simulated, framed
from heliograph.gateway.app.seat import STAND, Birth
from heliograph.gateway.app.stand import simulated_provider
from heliograph.gateway.app.turns import Turns
from heliograph.gateway.ledger.key_ring import KeyRing


def work(birth: Birth, listening: socket.socket, turns: Turns, keys: KeyRing) -> int:
    """Be what this process was forked for; return the exit status.

    The terminal's signals reach the whole group: they are the supervisor's to obey. A
    SIGTERM that is meant for this worker alone drains it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        if birth.number == STAND:
            listening.close()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            runner.run(simulate(birth))
        else:
            runner.run(serve(birth, listening, turns, keys))
    return 0


async def serve(
    birth: Birth, listening: socket.socket, turns: Turns, keys: KeyRing
) -> None:
    """Serve until the supervisor says otherwise, or has gone."""
    async with AsyncExitStack() as stack:
        engine = make_engine(
            birth.config, stack, keys, write=turns.write, worker=birth.number
        )
        keys.close_unless_known()
        reader, writer = await asyncio.open_unix_connection(sock=birth.link)
        linked = Linked(engine, birth.state, writer)
        server = door(engine, linked, linked.ready, keys)
        server.signals = {signal.SIGTERM: server.drain}
        listening_to = asyncio.create_task(linked.listen(reader, server))
        listening_to.add_done_callback(lambda _: server.drain())
        reporting = asyncio.create_task(linked.report())
        settle_memory()
        await server.serve(sockets=[listening])
        reporting.cancel()
        listening_to.cancel()
        await linked.farewell()


async def simulate(birth: Birth) -> None:
    """Be the simulated provider until the supervisor speaks, or has gone."""
    async with simulated_provider() as base_url:
        reader, writer = await asyncio.open_unix_connection(sock=birth.link)
        writer.write(framed(Simulated(base_url)))
        await reader.read(1)
        writer.close()

"""A gateway that has learnt nothing yet, for SDKs that block: it runs in a thread."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from gateway.running import running
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.types import Config

START_S = 30.0


@contextmanager
def fresh_gateway(
    config: Config, keys: KeyRing | None = None, ledger: Ledger | None = None
) -> Iterator[str]:
    """Run a gateway with *config* in a thread; return its address."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    gateway = running(config, keys=keys, ledger=ledger)
    try:
        begun = asyncio.run_coroutine_threadsafe(gateway.__aenter__(), loop)
        yield f"http://127.0.0.1:{begun.result(START_S).port}"
        ended = gateway.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(ended, loop).result(START_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""Faults are played before a gateway on uvloop, as the gateway runs."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop


def pytest_asyncio_loop_factories() -> dict[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether the answer is asked for as a stream."""
    return bool(request.param)

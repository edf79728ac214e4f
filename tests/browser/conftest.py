"""The admin page in a real browser: one Chromium for all tests of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from admin_parts import Administered, administered
from browser.chromium import Chromium
from heliograph.simulation.providers import SimulatedProviders


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium.started() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[Administered]:
    async with SimulatedProviders() as sim, administered(sim, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def watched(tmp_path: Path) -> AsyncIterator[Administered]:
    async with (
        SimulatedProviders() as sim,
        administered(sim, tmp_path, bodies=True) as made,
    ):
        yield made

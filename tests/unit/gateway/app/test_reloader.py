"""Who watches the file obeys who asks, and says so when it breaks down."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from heliograph.gateway.app.reloader import Reloader
from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.source import Source
from heliograph.gateway.types import Config

GOOD = "providers: {ollama: {models: [a]}}"


def reloader_of(path: Path, put: Callable[[Config], None]) -> Reloader:
    path.write_text(GOOD, encoding="utf-8")
    source = Source(path)
    read = source.read()
    assert isinstance(read.found, Config)
    reloads = Reloads(read.found, read, say=print, wall_s=lambda: 0.0)
    return Reloader(source, read, reloads, put)


async def test_who_asks_is_obeyed_at_once(tmp_path: Path) -> None:
    taken: asyncio.Queue[Config] = asyncio.Queue()
    reloader = reloader_of(tmp_path / "gateway.yaml", taken.put_nowait)
    task = reloader.start()
    for _ in range(3):
        reloader.asked.set()
        async with asyncio.timeout(10):
            config = await taken.get()
        assert config.providers["ollama"].models == ("a",)
    task.cancel()


async def test_a_fault_of_our_own_is_told_and_ends_the_watch_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(_config: Config) -> None:
        raise RuntimeError("a fault of ours")

    reloader = reloader_of(tmp_path / "gateway.yaml", break_down)
    task = reloader.start()
    reloader.asked.set()
    async with asyncio.timeout(10):
        await asyncio.wait([task])
    with caplog.at_level(logging.ERROR):
        await asyncio.sleep(0)
    assert "the config is no longer watched" in caplog.text
    assert "a fault of ours" in caplog.text

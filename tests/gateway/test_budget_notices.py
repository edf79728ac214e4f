"""A soft limit is told once in a window, to whoever takes it at last."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.kept import bounded
from gateway.running import until
from heliograph.simulation.providers import SimulatedProviders


class Hook:
    """Takes what is posted; *statuses* are what it answers, the last one for good."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.posted: list[bytes] = []
        self.port = 0

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.rpartition(b"content-length: ")[2].split()[0])
                body = await reader.readexactly(length)
                self.posted.append(head.partition(b"\r\n")[0] + b"\n" + body)
                status = self.statuses[0]
                if len(self.statuses) > 1:
                    self.statuses.pop(0)
                writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 0\r\n\r\n" % status)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the gateway has gone
        writer.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook(200)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def budget(hook: Hook) -> str:
    url = f"http://127.0.0.1:{hook.port}/news?of=budgets"
    return f"""
  - name: slow
    requests_per_minute: 4
    soft: 0.5
    webhook: {url}
"""


async def test_the_webhook_is_posted_once_when_the_soft_limit_is_reached(
    sim: SimulatedProviders, tmp_path: Path, hook: Hook
) -> None:
    async with bounded(sim, tmp_path, budget(hook)) as kept:
        await kept.gateway.ask()
        await asyncio.sleep(0.6)
        assert not hook.posted
        for _ in range(3):
            await kept.gateway.ask()
        await until(lambda: hook.posted)
        (await kept.gateway.ask()).error  # noqa: B018 - it checks the refusal's shape
        await asyncio.sleep(0.6)  # by then a second one would have come
    (posted,) = hook.posted
    line, _, body = posted.partition(b"\n")
    assert line == b"POST /news?of=budgets HTTP/1.1"
    said = msgspec.json.decode(body)
    assert (said["event"], said["budget"]) == ("budget_soft_limit", "slow")
    assert (said["cap"], said["limit"], said["unit"]) == (
        "requests/minute",
        "4",
        "requests",
    )
    assert 2 <= int(said["spent"]) <= 4
    assert said["window_began"] < said["resets_at"]


async def test_a_webhook_that_fails_is_tried_again_and_not_for_ever(
    sim: SimulatedProviders, tmp_path: Path, hook: Hook
) -> None:
    hook.statuses = [500, 302, 204]
    async with bounded(sim, tmp_path, budget(hook)) as kept:
        notices = kept.gateway.engine.notices
        notices.backoff_s = 0.01
        for _ in range(3):
            await kept.gateway.ask()
        await until(lambda: notices.ends["taken"])
        assert len(hook.posted) == 3
        text = (await kept.gateway.get("/metrics")).body.decode()
        assert 'heliograph_budget_notices_total{end="taken"} 1.0' in text
        label = '{budget="slow",cap="requests/minute"}'
        assert f"heliograph_budget_soft_limits_total{label} 1.0" in text


async def test_a_webhook_that_is_not_there_is_given_up(
    sim: SimulatedProviders, tmp_path: Path, hook: Hook
) -> None:
    hook.statuses = [503]
    async with bounded(sim, tmp_path, budget(hook)) as kept:
        notices = kept.gateway.engine.notices
        notices.backoff_s = 0.01
        for _ in range(3):
            await kept.gateway.ask()
        await until(lambda: notices.ends["given_up"])
        assert len(hook.posted) == 4
        assert not notices.under_way

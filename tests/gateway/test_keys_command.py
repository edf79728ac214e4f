"""`heliograph keys` beside a gateway that runs, each in a process of its own."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from gateway.process import Served, config_file, heliograph
from gateway.running import CLAUDE_FIRST
from heliograph.simulation.providers import SimulatedProviders
from moving_bar import BLOBS_OPTIONS, write_moving_bar

OPEN = ("--host", "0.0.0.0")
WATCH_S = 120.0


class Place:
    """A config and a ledger in a folder, and the commands that work on them."""

    def __init__(self, folder: Path, sim: SimulatedProviders) -> None:
        self.ledger = folder / "ledger.db"
        self.secret = folder / "ledger.secret"
        text = f"{CLAUDE_FIRST}\nledger: {self.ledger}\n"
        self.config = config_file(folder, text.replace("{sim}", sim.base_url))

    @asynccontextmanager
    async def serving(self, *more: str) -> AsyncIterator[Served]:
        """Run the gateway until it is no longer needed."""
        serve = ("serve", "-c", self.config, "--port", "0", *more)
        async with heliograph(*serve) as served:
            await served.says(" serves on http://")
            served.port = int(served.said.rpartition("/v1")[0].rpartition(":")[2])
            yield served

    async def refused(self, *more: str, **environ: str) -> str:
        """Start a gateway that must refuse to; return what it says."""
        serve = ("serve", "-c", self.config, "--port", "0", *more)
        async with heliograph(*serve, environ=environ) as served:
            code, log = await served.ends()
            assert (code, log) == (1, "")
            return served.said

    async def keys(self, *arguments: str) -> tuple[str, str]:
        """Run one command; return what it wrote and what it said."""
        command = ("keys", *arguments, "-c", self.config)
        async with heliograph(*command) as done:
            code, wrote = await done.ends()
            assert code == 0, done.said
            return wrote.strip(), done.said

    async def new_key(self, name: str, *options: str) -> str:
        """Make a key; return its secret."""
        secret, _ = await self.keys("create", "--name", name, *options)
        return secret


@pytest.fixture
def place(tmp_path: Path, sim: SimulatedProviders) -> Place:
    return Place(tmp_path, sim)


async def test_a_running_gateway_follows_every_change_of_the_keys(
    place: Place,
) -> None:
    async with place.serving() as served:
        assert (await served.ask()).status == 200
        secret, said = await place.keys("create", "--name", "night", "--tag", "edge")
        assert "it is the first: from now on every caller" in said
        await served.comes_to(401)
        assert (await served.ask(secret)).status == 200
        second, said = await place.keys("rotate", "night", "--grace", "1h")
        assert "the one before is good for 1h" in said
        await served.comes_to(200, second)
        assert (await served.ask(secret)).status == 200
        third, _ = await place.keys("rotate", "night")
        await served.comes_to(200, third)
        assert [(await served.ask(one)).status for one in (secret, second)] == [401] * 2
        await place.keys("revoke", "night")
        await served.comes_to(401, third)
        served.process.terminate()
        code, log = await served.ends()
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["failure"] for line in lines} >= {"key_missing", "key_revoked"}
    for one in (secret, second, third):
        assert one.startswith("hg-")
        assert one not in log + served.said


async def test_what_is_recorded_names_the_key_and_its_owner(place: Place) -> None:
    owner = ("--team", "vision", "--project", "harbour", "--camera", "cam-4")
    secret = await place.new_key("night", *owner, "--tag", "edge")
    async with place.serving() as served:
        assert (await served.ask(secret)).status == 200
        served.process.terminate()
        assert (await served.ends())[0] == 0
    told: Any = json.loads((await place.keys("show", "night", "--json"))[0])
    with closing(sqlite3.connect(place.ledger)) as database:
        rows = database.execute(
            "SELECT virtual_key, team, project, camera, tags FROM askers "
            "JOIN exchanges USING (asker_id)"
        ).fetchall()
    assert rows == [(told["id"], "vision", "harbour", "cam-4", "edge")]
    assert secret.encode() not in place.ledger.read_bytes()


async def test_workers_know_the_keys_from_their_first_request_on(place: Place) -> None:
    secret = await place.new_key("night")
    async with place.serving("--workers", "2") as served:
        for _ in range(4):
            assert (await served.ask()).status == 401
            assert (await served.ask(secret)).status == 200
        await place.keys("revoke", "night")
        for _ in range(4):
            await served.comes_to(401, secret)


async def test_beyond_this_machine_nobody_serves_without_a_key(place: Place) -> None:
    said = await place.refused(*OPEN)
    assert "could spend your providers' keys, and no virtual key exists" in said
    assert "`heliograph keys create`" in said
    assert "--insecure" in said
    await place.new_key("night")
    async with place.serving(*OPEN) as served:
        assert (await served.ask()).status == 401
        assert "spend" not in served.said


async def test_who_insists_is_warned(place: Place) -> None:
    async with place.serving(*OPEN, "--insecure") as served:
        assert "warning: --insecure: anyone who reaches 0.0.0.0:" in served.said
        assert (await served.ask()).status == 200


async def test_a_gateway_whose_ledger_is_off_says_what_is_missing() -> None:
    serve = ("serve", "--port", "0", *OPEN)
    async with heliograph(*serve, environ={"HELIOGRAPH_LEDGER": "off"}) as served:
        assert (await served.ends())[0] == 1
    assert "the ledger, which keeps virtual keys, is off" in served.said


async def test_keys_that_were_made_and_cannot_be_read_keep_the_door_shut(
    place: Place,
) -> None:
    await place.new_key("night")
    kept = place.ledger.read_bytes()
    place.ledger.write_bytes(b"no database at all, and long enough to be told" * 100)
    said = await place.refused()
    assert f"{place.secret} says that there may be some, and the ledger" in said
    place.ledger.unlink()
    said = await place.refused()
    assert f"{place.secret} says that keys were made, and" in said
    assert f"remove {place.secret} to begin without keys" in said
    place.ledger.write_bytes(kept)
    place.secret.unlink()
    said = await place.refused()
    assert f"is not at {place.secret}: restore it" in said
    said = await place.refused(HELIOGRAPH_LEDGER_SECRET="another" * 6)
    assert "hashed with another secret than that in HELIOGRAPH_LEDGER_SECRET" in said


async def test_keys_outlive_the_ledger_of_a_running_gateway(place: Place) -> None:
    secret = await place.new_key("night")
    async with place.serving() as served:
        assert (await served.ask(secret)).status == 200
        for path in place.ledger.parent.glob("ledger.db*"):
            path.unlink()
        await served.says(
            "holds no keys any more; restore it; the keys that were known"
        )
        assert (await served.ask()).status == 401
        assert (await served.ask(secret)).status == 200


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hg-" + "x" * 43, "holds a virtual key, which opens no administration"),
        ("short", "is no admin key: give at least 32 visible ASCII characters"),
    ],
)
async def test_an_admin_key_of_the_operators_own_is_judged_at_the_start(
    place: Place, value: str, said: str
) -> None:
    told = await place.refused(HELIOGRAPH_ADMIN_KEY=value)
    assert f"HELIOGRAPH_ADMIN_KEY {said}" in told
    assert value not in told


@pytest.mark.parametrize("shown", [True, False])
async def test_the_camera_sends_the_key_of_its_environment(
    place: Place, tmp_path: Path, *, shown: bool
) -> None:
    recording = write_moving_bar(tmp_path / "bar.raw", seconds=1.0)
    out = tmp_path / "captions.jsonl"
    secret = await place.new_key("cam-4", "--camera", "cam-4")
    environ = {"HELIOGRAPH_API_KEY": secret} if shown else {}
    async with place.serving() as served:
        url = f"http://127.0.0.1:{served.port}"
        watch = ("watch", str(recording), "--gateway", url, "--out", str(out))
        async with heliograph(*watch, *BLOBS_OPTIONS, environ=environ) as watching:
            async with asyncio.timeout(WATCH_S):
                await watching.process.wait()
            code, wrote = await watching.ends()
    assert (code == 0) is shown, watching.said
    assert (out.exists() and out.stat().st_size > 0) is shown
    assert secret not in watching.said + wrote
    assert ("This gateway wants a virtual key" in watching.said) is not shown

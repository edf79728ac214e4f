"""A session of the admin page, whichever worker is asked."""

import asyncio
import json
import os
import signal
from pathlib import Path

from admin_parts import API, CONFIG
from gateway.process import config_file, heliograph
from gateway.raw_client import RawClient
from heliograph.simulation.providers import SimulatedProviders

GIVEN = "an-admin-key-of-the-operators-own-choice"
LOGIN = json.dumps({"key": GIVEN}).encode()


async def test_a_session_is_known_to_all_workers(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    text = CONFIG.replace("{sim}", sim.base_url) + f"\nledger: {tmp_path / 'l.db'}\n"
    arguments = ("serve", "-c", config_file(tmp_path, text), "--port", "0")
    environ = {"HELIOGRAPH_ADMIN_KEY": GIVEN}
    async with heliograph(*arguments, "--workers", "2", environ=environ) as served:
        await served.listens()
        async with RawClient.to(served.port) as client:
            client.send(LOGIN, path="/admin/session")
            begun = await client.answer()
        assert begun.status == 201
        cookie = begun.headers["set-cookie"].partition(";")[0]
        asked: set[str] = set()
        async with asyncio.timeout(30):
            while len(asked) < 2:
                async with RawClient.to(served.port) as client:
                    client.get(f"{API}/keys", extra=f"cookie: {cookie}\r\n")
                    assert (await client.answer()).status == 200
                    client.get("/nothing")  # its id tells which worker this is
                    told = (await client.answer()).headers["x-request-id"]
                    asked.add(told.rpartition("-")[0])
    assert len(asked) == 2


def lose_ledger(folder: Path) -> None:
    for path in folder.glob("l.db*"):
        path.unlink()


async def test_a_worker_that_is_born_again_over_a_lost_ledger_lets_nobody_in(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    text = CONFIG.replace("{sim}", sim.base_url) + f"\nledger: {tmp_path / 'l.db'}\n"
    config = config_file(tmp_path, text)
    serve = ("serve", "-c", config, "--port", "0", "--workers", "2")
    async with heliograph(*serve) as served:
        await served.listens()  # its supervisor knows of no key, and never will
        assert (await served.ask(model="openai/gpt-4o")).status == 200
        async with heliograph("keys", "create", "--name", "n", "-c", config) as made:
            code, secret = await made.ends()
            assert code == 0
        for _ in range(4):
            await served.comes_to(401)
        lose_ledger(tmp_path)
        workers = (await served.get("/health")).json["workers"]
        for worker in workers:
            os.kill(worker["pid"], signal.SIGKILL)
        await served.says("says that keys were made, and", times=2)
        for _ in range(8):
            assert (await served.ask()).status == 401
            assert (await served.ask(secret.strip())).status == 401

"""A session of the admin page, whichever worker is asked."""

import asyncio
import json
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

"""The ledger of a gateway in a process of its own: what is in the file at the end."""

import asyncio
import io
import json
from base64 import b64encode
from pathlib import Path

import pytest
from PIL import Image

from gateway.process import PATIENCE_S, config_file, heliograph
from gateway.running import CLAUDE_FIRST
from heliograph.gateway.ledger.database import Value
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.simulation.providers import SimulatedProviders


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def config(sim: SimulatedProviders, tmp_path: Path, path: Path) -> str:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    return config_file(tmp_path, f"{text}\nledger: {path}\n")


def asked(path: Path, sql: str) -> list[tuple[Value, ...]]:
    database = SqliteDatabase(path)
    try:
        return database.run(sql)
    finally:
        database.close()


async def recorded(path: Path, count: int) -> None:
    """Wait until as many exchanges are in the file."""
    async with asyncio.timeout(PATIENCE_S):
        while asked(path, "SELECT count(*) FROM exchanges") != [(count,)]:  # noqa: ASYNC110 - another process writes it, and tells nobody
            await asyncio.sleep(0.02)


async def test_what_was_answered_is_recorded_while_the_gateway_runs(
    sim: SimulatedProviders, config: str, path: Path
) -> None:
    sim.set_rules([{"when": {"provider": "anthropic"}, "fault": {"status": 503}}])
    async with heliograph("serve", "-c", config, "--port", "0") as served:
        await served.listens()
        await served.says(f"exchanges are recorded in {path}")
        got = await served.ask(model="anthropic/claude-sonnet-4-6", stream=True)
        assert got.status == 200
        assert (await served.ask(model="nobody/nothing")).status == 404
        await recorded(path, 2)
        health = (await served.get("/health")).json
        assert health["status"] == "ok"
        assert health["ledger"] == {"state": "ok", "waiting": 0, "unrecorded": 0}
        metrics = (await served.get("/metrics")).body
        assert b"heliograph_ledger_recorded_total 2.0" in metrics
        assert b"heliograph_ledger_unrecorded_total 0.0" in metrics
    model = "anthropic/claude-sonnet-4-6"
    sql = (
        "SELECT outcome, status, stream, asked_model, provider, model, route, "
        "error_kind FROM exchanges JOIN askers USING (asker_id) ORDER BY 1"
    )
    assert asked(path, sql) == [
        ("answered", 200, 1, model, "openai", "gpt-4o", model, ""),
        ("refused", 404, 0, "nobody/nothing", "", "", "", "model_not_found"),
    ]
    attempts = asked(
        path, "SELECT provider, error_kind, error_status FROM attempts ORDER BY 1"
    )
    assert set(attempts) >= {("anthropic", "overloaded", 503), ("openai", "", 0)}


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_all_is_recorded_when_a_drain_has_ended(
    config: str, path: Path, workers: str
) -> None:
    arguments = ("serve", "-c", config, "--port", "0", "--workers", workers)
    async with heliograph(*arguments) as served:
        await served.listens()
        answers = await asyncio.gather(*(served.ask() for _ in range(40)))
        assert [got.status for got in answers] == [200] * 40
        served.process.terminate()
        code, log = await served.ends()
        assert code == 0, served.said
    logged = {json.loads(line)["request_id"] for line in log.splitlines()}
    rows = asked(path, "SELECT request_id FROM exchanges")
    assert {name for (name,) in rows} == logged
    assert len(rows) == 40
    sums = "SELECT sum(exchanges), sum(attempts) FROM hours"
    assert asked(path, sums) == [(40, 40)]


async def test_a_gateway_without_a_ledger_says_so(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    path = config_file(tmp_path, f"{text}\nledger: off\n")
    environ = {"HELIOGRAPH_LEDGER": str(tmp_path / "not.db")}
    async with heliograph("serve", "-c", path, "--port", "0", environ=environ) as it:
        await it.listens()
        await it.says("exchanges are not recorded")
        health = (await it.get("/health")).json
        assert health["ledger"]["state"] == "off"
        assert health["status"] == "ok"
    assert not (tmp_path / "not.db").exists()


async def test_a_variable_that_names_no_ledger_is_refused() -> None:
    environ = {"HELIOGRAPH_LEDGER": "mysql://hunter2@db/x"}
    async with heliograph("serve", "--port", "0", environ=environ) as served:
        code, _ = await served.ends()
    assert code == 1
    assert "error: HELIOGRAPH_LEDGER: no ledger can be kept" in served.said
    assert "hunter2" not in served.said


def noise() -> str:
    """Draw a picture that no packing makes small."""
    drawn = io.BytesIO()
    Image.effect_noise((32, 32), 99).save(drawn, "PNG")
    return b64encode(drawn.getvalue()).decode()


async def test_what_was_said_is_kept_where_that_is_switched_on(
    sim: SimulatedProviders, tmp_path: Path, path: Path
) -> None:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    ledger = f"\nledger: {{url: {path}, bodies: {{kb_max: 2}}}}\n"
    config = config_file(tmp_path, text + ledger)
    picture = noise()
    url = {"url": f"data:image/png;base64,{picture}"}
    parts = [{"type": "text", "text": "Sh!"}, {"type": "image_url", "image_url": url}]
    asked_it = [{"role": "user", "content": parts}]
    async with heliograph("serve", "-c", config, "--port", "0") as served:
        await served.listens()
        for stream in (False, True):
            assert (await served.ask(messages=asked_it, stream=stream)).status == 200
        served.process.terminate()
        _, log = await served.ends()
    rows = asked(path, "SELECT request, answer FROM bodies ORDER BY exchange_id")
    assert len(rows) == 2
    for said, answer in rows:
        assert '"text": "Sh!"' in str(said)
        assert f"base64,[{len(picture)} characters of base64]" in str(said)
        assert "simulated" in str(answer)
    assert json.loads(str(rows[0][1]))["object"] == "chat.completion"
    assert str(rows[1][1]).startswith("data: {")
    assert "Sh!" not in log + served.said

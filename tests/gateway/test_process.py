"""`heliograph serve` as its operator sees it: what it says, and how it exits."""

import asyncio
import json
import signal
import socket
from pathlib import Path

import pytest

from gateway.process import PATIENCE_S, config_file, heliograph
from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, SAID, request
from heliograph.simulation.providers import SimulatedProviders


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_the_streams_in_flight_and_exits_0(
    sim: SimulatedProviders, tmp_path: Path, number: signal.Signals
) -> None:
    sim.set_rules([{"fault": {"event_delay_s": 0.1}}])
    path = config_file(tmp_path, CLAUDE_FIRST.replace("{sim}", sim.base_url))
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        async with RawClient.to(served.port) as client, RawClient.to(served.port):
            client.send(request({"stream": True}))
            status, headers = await client.head()
            first = await client.chunk()
            served.process.send_signal(number)
            got = Answer(status, headers, first + await client.chunked_rest())
            assert got.text == SAID
            assert got.events[-1] == "[DONE]"
            assert await client.to_the_close() == b""
        code, log = await served.ends()
    assert code == 0
    (line,) = map(json.loads, log.splitlines())
    assert line["outcome"] == "answered"
    assert "Traceback" not in served.said


async def test_while_it_drains_nobody_new_is_let_in(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([{"fault": {"event_delay_s": 0.2}}])
    path = config_file(tmp_path, CLAUDE_FIRST.replace("{sim}", sim.base_url))
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        async with RawClient.to(served.port) as client:
            client.send(request({"stream": True}))
            await client.head()
            served.process.terminate()
            async with asyncio.timeout(PATIENCE_S):
                while await served.accepts():
                    await client.chunk()  # the stream goes on meanwhile
            assert (await client.chunked_rest()).endswith(b"data: [DONE]\n\n")
        assert (await served.ends())[0] == 0


async def test_a_port_that_is_taken_is_said_and_exits_1(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    environ = {"HELIOGRAPH_LEDGER": str(ledger)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with heliograph("serve", "--port", port, environ=environ) as served:
            code, out = await served.ends()
    assert (code, out) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}" in served.said
    assert "another --port" in served.said
    assert not ledger.exists()
    assert "Traceback" not in served.said


@pytest.mark.parametrize("command", [("serve", "-c"), ("check",)])
async def test_a_mistake_in_the_config_is_said_with_its_line_and_exits_1(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    text = "providers:\n  openai:\n    kyes: [sk-canary]\n"
    path = config_file(tmp_path, text)
    async with heliograph(*command, path) as served:
        code, out = await served.ends()
    assert (code, out) == (1, "")
    assert f"{path}:3: providers.openai.kyes" in served.said
    assert "did you mean" in served.said
    assert "sk-canary" not in served.said


async def test_a_config_that_is_not_there_is_said_and_exits_1(tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere.yaml")
    async with heliograph("serve", "-c", path) as served:
        code, _ = await served.ends()
    assert code == 1
    assert f"{path}:1: file: there is no such file" in served.said


async def test_a_good_config_is_summed_up(tmp_path: Path) -> None:
    path = config_file(tmp_path, CLAUDE_FIRST.replace("{sim}", "http://127.0.0.1:9"))
    async with heliograph("check", path) as served:
        code, out = await served.ends()
    assert (code, served.said) == (0, "")
    assert "anthropic" in out
    assert "sk-ant" not in out
    assert "no price" not in out


async def test_what_a_good_config_has_no_price_for_is_said(tmp_path: Path) -> None:
    text = "providers:\n  proxy:\n    base_url: http://127.0.0.1:9/v1\n"
    path = config_file(tmp_path, f"{text}    models: [gpt-4o, other]\n")
    async with heliograph("check", path) as served:
        code, out = await served.ends()
    assert code == 0
    assert out.endswith("no price is known of: proxy/gpt-4o, proxy/other\n")


async def test_without_config_and_keys_the_simulated_provider_serves_and_says_so() -> (
    None
):
    async with heliograph("serve", "--port", "0") as served:
        await served.listens()
        assert "WARNING: no provider is configured. The SIMULATED" in served.said
        for stream in (False, True):
            got = await served.ask(model="event-captioner", stream=stream)
            assert got.text == SAID
            assert got.headers["x-heliograph-provider"] == "simulated"
        served.process.terminate()
        code, log = await served.ends()
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["provider"] for line in lines] == ["simulated"] * 2


async def test_a_key_in_the_environment_configures_its_provider() -> None:
    environ = {"OPENAI_API_KEY": "sk-canary-of-the-environment"}
    async with heliograph("serve", "--port", "0", environ=environ) as served:
        await served.listens()
        async with RawClient.to(served.port) as client:
            client.get("/v1/models")
            models = (await client.answer()).json["data"]
        served.process.terminate()
        code, log = await served.ends()
    assert code == 0
    assert {model["owned_by"] for model in models} == {"openai"}
    assert "SIMULATED" not in served.said
    assert "sk-canary" not in served.said + log


async def test_a_log_that_nobody_reads_stops_nobody(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    path = config_file(tmp_path, CLAUDE_FIRST.replace("{sim}", sim.base_url))
    serve = ("serve", "-c", path, "--port", "0")
    async with heliograph(*serve, log_unread=True) as served:
        await served.listens()
        unknown = request({"model": f"anthropic/{'x' * 180}"})
        async with RawClient.to(served.port) as client, asyncio.timeout(PATIENCE_S):
            for _ in range(1500):  # a pipe holds some hundred lines
                client.send(unknown)
                assert (await client.answer()).status == 404
        assert (await served.ask()).text == SAID
        served.process.terminate()
        code, log = await served.ends()
    assert code == 0
    assert all(json.loads(line) for line in log.splitlines())

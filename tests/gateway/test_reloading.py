"""The program reads its config again while it answers."""

import asyncio
import json
import random
import signal
from pathlib import Path

import pytest

from gateway.process import Served, config_file, heliograph
from gateway.raw_client import RawClient
from gateway.running import CLAUDE_FIRST, SAID, keys_tried, request
from heliograph.simulation.providers import SimulatedProviders

OK = 'heliograph_config_reloads_total{result="ok"}'
FAILED = 'heliograph_config_reloads_total{result="failed"}'
IN_FORCE = "the config was read again and is in force"
STAYS = "the last good config stays in force"
MUTATIONS = 200


def good(sim: SimulatedProviders, *, key: str = "a111") -> str:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    return text.replace("a111", key).replace("a222", key)


def mutated(text: str, number: int) -> str:
    """Break *text* in one of many ways, for certain."""
    cut = random.Random(number).randrange(len("\nproviders:\n  anthropic"))
    kinds = [
        "",
        text[:cut],
        text.replace("anthropic/claude-sonnet-4-6", f"gone{number}/m", 1),
        text.replace("sk-ant-first-a111", f"env.NOT_SET_{number}", 1),
        text.replace("models:", f"modles{number}:", 1),
        text.replace("  openai:", "  openai: [", 1),
        text + f"\nnonsense{number}: 1\n",
        text + "\nproviders: {}\n",
        text + "\n\t\x00",
    ]
    return kinds[number % len(kinds)]


class Callers:
    """Asks without a pause, and keeps what it was told."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.statuses: list[int] = []
        self.enough = False

    async def ask(self, *, stream: bool) -> None:
        body = request({"model": "anthropic/claude-sonnet-4-6", "stream": stream})
        async with RawClient.to(self.served.port) as client:
            while not self.enough:
                client.send(body)
                got = await client.answer()
                self.statuses.append(got.status if got.text == SAID else 0)


async def until_read(served: Served, what: str, count: int) -> None:
    async with asyncio.timeout(10):
        while (await served.metrics())[what] < count:
            pass


async def test_200_broken_configs_under_load_fail_no_request(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    path = config_file(tmp_path, good(sim))
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        callers = Callers(served)
        asking = [
            asyncio.ensure_future(callers.ask(stream=stream))
            for stream in (False, True)
        ]
        for number in range(MUTATIONS):
            config_file(tmp_path, mutated(good(sim), number))
            served.send_signal(signal.SIGHUP)
            await until_read(served, FAILED, number + 1)
        health = await served.get("/health")
        assert set(keys_tried(sim, "anthropic")) == {"a111"}
        config_file(tmp_path, good(sim, key="new1"))
        served.send_signal(signal.SIGHUP)
        await served.says(IN_FORCE)
        counted = await served.metrics()
        sim.reset()
        await sim.until(lambda log: len(log) > 20)
        callers.enough = True
        await asyncio.gather(*asking)
        after = await served.get("/health")
        served.process.terminate()
        assert (await served.ends())[0] == 0
    assert set(callers.statuses) == {200}
    assert len(callers.statuses) > MUTATIONS
    assert (counted[OK], counted[FAILED]) == (1, MUTATIONS)
    assert keys_tried(sim, "anthropic")[-1] == "new1"
    assert served.said.count(STAYS) == MUTATIONS
    assert (health.status, health.json["status"]) == (200, "degraded")
    assert health.json["config"]["problems"]
    assert (after.json["status"], after.json["config"]["problems"]) == ("ok", [])


async def test_a_changed_file_is_read_without_being_asked_for(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    path = config_file(tmp_path, good(sim))
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        whole = good(sim, key="new1")
        for end in range(0, len(whole) + 40, 40):  # half of it is there for a while
            config_file(tmp_path, whole[:end])
            await asyncio.sleep(0.05)
        await served.says(IN_FORCE)
        await served.ask(model="anthropic/claude-sonnet-4-6")
        await asyncio.to_thread(Path(path).unlink)
        await served.says("there is no such file")
        await served.ask(model="anthropic/claude-sonnet-4-6")
    assert keys_tried(sim, "anthropic") == ["new1", "new1"]
    assert served.said.count(IN_FORCE) == 1
    assert served.said.count(STAYS) == 1


async def test_a_symlink_that_is_swapped_is_a_change_as_in_a_config_map(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    """Kubernetes: the file is a symlink into `..data`, itself one that is swapped."""
    for name, key in (("..1", "a111"), ("..2", "new1")):
        (tmp_path / name).mkdir()
        config_file(tmp_path / name, good(sim, key=key))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "gateway.yaml").symlink_to("..data/gateway.yaml")
    path = str(tmp_path / "gateway.yaml")
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        await served.ask(model="anthropic/claude-sonnet-4-6")
        (tmp_path / "..tmp").symlink_to("..2")
        (tmp_path / "..tmp").rename(tmp_path / "..data")
        await served.says(IN_FORCE)
        await served.ask(model="anthropic/claude-sonnet-4-6")
    assert keys_tried(sim, "anthropic") == ["a111", "new1"]


async def test_a_stream_under_way_keeps_the_config_it_began_with(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    sim.set_rules([{"fault": {"event_delay_s": 0.1}}])
    path = config_file(tmp_path, good(sim))
    async with heliograph("serve", "-c", path, "--port", "0") as served:
        await served.listens()
        async with RawClient.to(served.port) as client:
            client.send(request({"stream": True}))
            await client.head()
            config_file(tmp_path, "providers: {ollama: {models: [m]}}")
            served.send_signal(signal.SIGHUP)
            await served.says(IN_FORCE)
            assert (await client.chunked_rest()).endswith(b"data: [DONE]\n\n")
        models = (await served.get("/v1/models")).json["data"]
        served.process.terminate()
        _, log = await served.ends()
    assert [model["id"] for model in models] == ["ollama/m"]
    (line,) = map(json.loads, log.splitlines())
    assert (line["outcome"], line["provider"]) == ("answered", "openai")


async def test_without_a_file_there_is_nothing_to_read_again_and_that_is_said() -> None:
    async with heliograph("serve", "--port", "0") as served:
        await served.listens()
        served.send_signal(signal.SIGHUP)
        await served.says("there is no config file to read again")
        assert (await served.ask(model="event-captioner")).text == SAID
        assert (await served.get("/health")).json["status"] == "ok"


def prices_of(usd: str) -> str:
    """Write a file of prices in which a token costs *usd*."""
    row = '{{"litellm_provider": "openai", "input_cost_per_token": {0}, '
    return '{"gpt-4o": ' + (row + '"output_cost_per_token": {0}}}}}').format(usd)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_file_of_prices_is_watched_too_and_a_bad_one_ends_nothing(
    sim: SimulatedProviders, tmp_path: Path, workers: str
) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(prices_of("1e-6"))
    path = config_file(tmp_path, good(sim) + "\nprices_file: prices.json\n")
    async with heliograph(
        "serve", "-c", path, "--port", "0", "--workers", workers
    ) as served:
        await served.listens()

        async def cost() -> float:
            answer = await served.ask(model="openai/gpt-4o")
            return float(answer.headers["x-heliograph-cost-usd"])

        once = await cost()
        prices.write_text(prices_of("1e999999"))
        await served.says(STAYS)
        assert await cost() == once
        prices.write_text(prices_of("2e-6"))
        await served.says(IN_FORCE)
        async with asyncio.timeout(10):
            while await cost() != 2 * once:  # noqa: ASYNC110 - a worker tells nobody
                await asyncio.sleep(0.05)
        served.process.terminate()
        assert (await served.ends())[0] == 0
    assert 'input_cost_per_token of "gpt-4o" is more than 1000000000' in served.said
    assert "no longer watched" not in served.said

"""`--workers N` as its operator sees it: N processes that behave as one."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gateway.process import Served, config_file, heliograph
from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, SAID, keys_tried, request
from heliograph.simulation.providers import SimulatedProviders

CLAUDE = "anthropic/claude-sonnet-4-6"
WORKERS = 3
PATIENCE_S = 20
CONNECTIONS_MAX = 200


@asynccontextmanager
async def workers(
    sim: SimulatedProviders, folder: Path, *, extra: str = ""
) -> AsyncIterator[Served]:
    """Run `WORKERS` workers, all of them ready."""
    path = config_file(folder, text_of(sim, extra=extra))
    serve = ("serve", "-c", path, "--port", "0", "--workers", str(WORKERS))
    async with heliograph(*serve) as served:
        await served.listens()
        await all_ready(served)
        yield served


def text_of(sim: SimulatedProviders, *, key: str = "a111", extra: str = "") -> str:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    return text.replace("a111", key).replace("a222", key) + extra


async def pids(served: Served) -> dict[int, int]:
    """Ask for the workers that are ready: number to pid."""
    found = (await served.get("/health")).json["workers"]
    return {w["worker"]: w["pid"] for w in found if w["state"] == "ready"}


async def all_ready(served: Served, *, but: int = 0) -> dict[int, int]:
    """Wait until all workers are ready, and none of them is the process *but*."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await pids(served)
            if len(found) == WORKERS and but not in found.values():
                return found


def process_of(answer: Answer) -> str:
    """Tell which process answered: it writes ids of its own."""
    return answer.headers["x-request-id"].rpartition("-")[0]


async def asked(client: RawClient, **members: object) -> Answer:
    client.send(request(members))
    return await client.answer()


async def one_for_each(
    served: Served, stack: AsyncExitStack
) -> dict[str, list[RawClient]]:
    """Connect until each worker has a connection; return them by its process."""
    found: dict[str, list[RawClient]] = {}
    for _ in range(CONNECTIONS_MAX):
        client = await stack.enter_async_context(RawClient.to(served.port))
        found.setdefault(process_of(await asked(client)), []).append(client)
        if len(found) == WORKERS:
            return found
    pytest.fail(f"{CONNECTIONS_MAX} connections came to {len(found)} workers only")


class Load:
    """Callers that ask without a pause, and connect again when they are cut off."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.answered = 0
        self.cut: list[str] = []
        self.enough = False
        self.one_more = asyncio.Event()

    async def call(self) -> None:
        while not self.enough:
            async with RawClient.to(self.served.port) as client:
                await self.use(client)

    async def use(self, client: RawClient) -> None:
        """Ask on one connection; the process behind it stays the same."""
        process = ""
        while not self.enough:
            try:
                got = await asked(client)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.cut.append(process)
                return
            assert (got.status, got.text) == (200, SAID)
            process = process_of(got)
            self.answered += 1
            self.one_more.set()

    async def more(self, count: int) -> None:
        """Wait for *count* more answers."""
        enough = self.answered + count
        async with asyncio.timeout(PATIENCE_S):
            while self.answered < enough:
                self.one_more.clear()
                await self.one_more.wait()


async def test_when_a_worker_is_killed_nobody_elses_request_fails(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with workers(sim, tmp_path) as served:
        load = Load(served)
        calling = [asyncio.ensure_future(load.call()) for _ in range(12)]
        await load.more(100)
        victim = (await pids(served))[1]
        os.kill(victim, signal.SIGKILL)
        await load.more(100)
        await all_ready(served, but=victim)
        await load.more(100)
        load.enough = True
        await asyncio.gather(*calling)
        served.process.terminate()
        code, log = await served.ends()
    of_worker = {
        line["request_id"].rpartition("-")[0]: line["worker"]
        for line in map(json.loads, log.splitlines())
    }
    assert {of_worker.get(process, 1) for process in load.cut} <= {1}
    assert f"worker 1 (process {victim}) ended by signal 9" in served.said
    assert code == 0


async def test_the_metrics_are_of_all_whichever_is_asked_and_never_go_back(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    name = (
        'heliograph_exchanges_total{model="gpt-4o-mini",outcome="answered",'
        'provider="openai",stream="false"}'
    )
    async with workers(sim, tmp_path) as served, AsyncExitStack() as stack:
        by_process = await one_for_each(served, stack)
        clients = [client for each in by_process.values() for client in each]
        for client in clients * 2:
            await asked(client)
        sent = 3 * len(clients)
        for client in clients:  # whichever worker is behind it
            client.get("/metrics")
            text = (await client.answer()).body.decode()
            assert f"{name} {sent}.0\n" in text
        victim = (await pids(served))[2]
        os.kill(victim, signal.SIGKILL)
        await all_ready(served, but=victim)
        after = await served.metrics()
        assert after[name] == sent
        assert after["heliograph_workers"] == WORKERS
        assert after["heliograph_worker_deaths_total"] == 1
        assert after["heliograph_exchanges_in_flight"] == 0
        for _ in range(10):
            await served.ask()
        assert (await served.metrics())[name] == sent + 10


async def test_a_reload_reaches_all_and_a_bad_one_none(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with workers(sim, tmp_path) as served, AsyncExitStack() as stack:
        by_process = await one_for_each(served, stack)
        clients = [each[0] for each in by_process.values()]
        config_file(tmp_path, "providers: {}")
        served.send_signal(signal.SIGHUP)
        await served.says("the last good config stays in force")
        for client in clients:
            await until_health(client, "degraded")
            await asked(client, model=CLAUDE)
        assert set(keys_tried(sim, "anthropic")) == {"a111"}
        config_file(tmp_path, text_of(sim, key="new1"))  # the change is seen
        await served.says("the config was read again and is in force")
        for client in clients:
            await until_health(client, "ok")
            async with asyncio.timeout(PATIENCE_S):
                while keys_tried(sim, "anthropic")[-1] != "new1":
                    assert (await asked(client, model=CLAUDE)).status == 200
            sim.reset()
            await asked(client, model=CLAUDE)
            assert keys_tried(sim, "anthropic") == ["new1"]
            await asked(client, model="openai/gpt-4o")
        counted = await served.metrics()
        victim = (await pids(served))[3]
        os.kill(victim, signal.SIGKILL)
        await all_ready(served, but=victim)
        sim.reset()
        await one_for_each(served, stack)
        for _ in range(10):
            await served.ask(model=CLAUDE)
    assert counted['heliograph_config_reloads_total{result="ok"}'] == 1
    assert counted['heliograph_config_reloads_total{result="failed"}'] == 1
    assert set(keys_tried(sim, "anthropic")) == {"new1"}


async def until_health(client: RawClient, status: str) -> None:
    """Wait until this connection's worker says *status*, with 200."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            client.get("/health")
            got = await client.answer()
            assert got.status == 200
            if got.json["status"] == status:
                return


async def streams(by_process: dict[str, list[RawClient]]) -> list[RawClient]:
    """Begin a stream on each worker."""
    clients = [each[0] for each in by_process.values()]
    for client in clients:
        client.send(request({"stream": True}))
        assert (await client.head())[0] == 200
    return clients


async def rest_of(client: RawClient) -> Answer:
    headers = {"content-type": "text/event-stream"}
    return Answer(200, headers, await client.chunked_rest())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True])
async def test_a_drain_reaches_all(
    sim: SimulatedProviders,
    tmp_path: Path,
    number: signal.Signals,
    *,
    whole_group: bool,
) -> None:
    """A terminal signals the whole group: the workers must not take it for a second."""
    async with workers(sim, tmp_path) as served, AsyncExitStack() as stack:
        by_process = await one_for_each(served, stack)
        sim.set_rules([{"fault": {"event_delay_s": 0.1}}])
        clients = await streams(by_process)
        if whole_group:
            os.killpg(served.process.pid, number)
        else:
            served.send_signal(number)
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.text == SAID
            assert got.events[-1] == "[DONE]"
        code, log = await served.ends()
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["worker"] for line in lines} == {1, 2, 3}
    assert {line["outcome"] for line in lines} == {"answered"}


async def test_a_second_signal_ends_all_at_once(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    extra = "\nserver: {drain_s: 600}\n"
    async with (
        workers(sim, tmp_path, extra=extra) as served,
        AsyncExitStack() as stack,
    ):
        by_process = await one_for_each(served, stack)
        sim.set_rules([{"fault": {"stall_after_events": 5}}])
        clients = await streams(by_process)
        served.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            while await served.accepts():
                pass
        served.send_signal(signal.SIGTERM)
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.chunks[-1]["error"]["code"] == "gateway_stopped"
        assert (await served.ends())[0] == 0


async def test_workers_whose_supervisor_died_finish_and_end(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with workers(sim, tmp_path) as served, AsyncExitStack() as stack:
        by_process = await one_for_each(served, stack)
        sim.set_rules([{"fault": {"event_delay_s": 0.05}}])
        clients = await streams(by_process)
        served.process.kill()
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.events[-1] == "[DONE]"
        # Its pipes close when the last process that has them has ended.
        code, _ = await served.ends()
        assert code == -signal.SIGKILL
        assert not await served.accepts()


async def test_a_worker_told_to_end_finishes_its_streams_and_is_replaced(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with workers(sim, tmp_path) as served, AsyncExitStack() as stack:
        by_process = await one_for_each(served, stack)
        sim.set_rules([{"fault": {"event_delay_s": 0.05}}])
        clients = await streams(by_process)
        told = (await pids(served))[2]
        os.kill(told, signal.SIGTERM)
        for got in await asyncio.gather(*map(rest_of, clients)):
            assert got.events[-1] == "[DONE]"
        await all_ready(served, but=told)
        assert f"worker 2 (process {told}) ended with status 0" in served.said


async def test_a_worker_that_hangs_is_counted_as_it_was_and_killed_after_the_drain(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    extra = "\nserver: {drain_s: 0}\n"
    async with (
        workers(sim, tmp_path, extra=extra) as served,
        AsyncExitStack() as stack,
    ):
        by_process = await one_for_each(served, stack)
        before = await served.metrics()
        hung = (await pids(served))[3]
        os.kill(hung, signal.SIGSTOP)
        await served.ask()
        after = await served.metrics()
        served.process.terminate()
        code, _ = await served.ends()
    assert code == 0
    assert f"process {hung} did not end in time: it is killed" in served.said
    assert counted(after) == counted(before) + 1
    assert counted(before) == sum(map(len, by_process.values()))


def counted(metrics: dict[str, float]) -> float:
    return sum(
        value
        for name, value in metrics.items()
        if name.startswith("heliograph_exchanges_total{")
    )


async def test_one_simulated_provider_stands_in_for_all_workers() -> None:
    serve = ("serve", "--port", "0", "--workers", "2")
    async with heliograph(*serve) as served:
        await served.listens()
        for _ in range(6):
            got = await served.ask(model="event-captioner")
            assert got.text == SAID
        served.process.terminate()
        code, log = await served.ends()
    assert code == 0
    assert served.said.count("WARNING: no provider is configured. The SIMULATED") == 1
    assert served.said.index("SIMULATED") < served.said.index(" serves on ")
    assert len(log.splitlines()) == 6


async def test_workers_that_never_come_up_are_given_up() -> None:
    """With so few descriptors there can be a supervisor, but no event loop."""
    few = ("sh", "-c", 'ulimit -n 12; exec "$@"', "sh")
    serve = ("serve", "--port", "0", "--workers", "2")
    keys = {"OPENAI_API_KEY": "sk-any"}
    async with heliograph(*serve, before=few, environ=keys) as served:
        code, log = await served.ends()
    assert (code, log) == (1, "")
    assert "error: worker " in served.said
    assert "none has come up" in served.said
    assert "another is started in 0." in served.said


async def test_a_process_that_works_alone_says_nothing_of_workers(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    path = config_file(tmp_path, text_of(sim))
    serve = ("serve", "-c", path, "--port", "0", "--workers", "1")
    async with heliograph(*serve) as served:
        await served.listens()
        await served.ask()
        health = (await served.get("/health")).json
        counted = await served.metrics()
        served.process.terminate()
        _, log = await served.ends()
    assert "workers" not in health
    assert "heliograph_workers" not in counted
    assert "worker" not in json.loads(log)
    assert "worker" not in served.said

"""More connections than there may be: the rest is told, and it heals by itself."""

import asyncio
import resource
import sys
from pathlib import Path

import pytest

from gateway.raw_client import RawClient
from gateway.running import CLAUDE_FIRST, SAID, gateway_before, request, until
from heliograph.simulation.providers import SimulatedProviders

DESCRIPTORS = 64
CALLERS = 200
PATIENCE_S = 20.0
GET = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def test_beyond_the_bound_callers_are_told_to_come_again(
    sim: SimulatedProviders,
) -> None:
    text = f"{CLAUDE_FIRST}\nserver: {{connections_max: 4}}"
    async with gateway_before(sim, text) as gateway:
        kept = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            kept.append(RawClient(reader, writer))
            kept[-1].send(request({}))
            assert (await kept[-1].answer()).text == SAID
        async with RawClient.to(gateway.port) as client:
            got = await client.answer()
        assert got.status == 503
        assert got.error["code"] == "too_many_connections"
        line = await gateway.recorded(5)
        assert (line["outcome"], line["failure"]) == ("refused", "too_many_connections")
        kept[0].send(request({}))
        assert (await kept[0].answer()).text == SAID
        kept[0].writer.transport.abort()
        await until(lambda: len(gateway.server.server_state.connections) == 3)
        assert (await gateway.ask()).text == SAID
        for client in kept:
            client.writer.transport.abort()


def cpu_s(pid: int) -> float:
    """Read how long a process has run."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def first_bytes(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read(12)
    except ConnectionResetError:
        return b""


# Whether the gateway keeps below its descriptors or runs out of them: the same.
RUN_OUT = """
import sys
import heliograph.gateway.app
door = sys.modules["heliograph.gateway.app.door"]
if {greedy}:
    door.connections_possible = lambda: 1_000_000
sys.exit(heliograph.gateway.app.serve(None, host="127.0.0.1", port=0))
"""


@pytest.mark.parametrize("greedy", [False, True])
async def test_running_out_of_descriptors_neither_kills_nor_spins(
    *, greedy: bool
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN_OUT.format(greedy=greedy),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)
        ),
    )
    assert process.stderr is not None
    try:
        said = ""
        async with asyncio.timeout(PATIENCE_S):
            while " serves on http://" not in said:
                said = (await process.stderr.readline()).decode()
        port = int(said.rpartition(":")[2].partition("/")[0])
        callers = [
            await asyncio.open_connection("127.0.0.1", port) for _ in range(CALLERS)
        ]
        for _, writer in callers:
            writer.write(GET)
        got = await asyncio.gather(*(first_bytes(reader) for reader, _ in callers))
        answered = [head for head in got if head == b"HTTP/1.1 200"]
        assert 8 <= len(answered) < DESCRIPTORS
        assert set(got) <= {b"HTTP/1.1 200", b"HTTP/1.1 503", b""}
        before_s = cpu_s(process.pid)
        await asyncio.sleep(1.0)
        assert cpu_s(process.pid) - before_s < 0.5
        for _, writer in callers:
            writer.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            status = 0
            while status != 200:
                await asyncio.sleep(0.1)
                async with RawClient.to(port) as client:
                    client.get("/health")
                    status = int((await first_bytes(client.reader))[9:12] or 0)
        assert process.returncode is None
    finally:
        process.terminate()
        await process.wait()

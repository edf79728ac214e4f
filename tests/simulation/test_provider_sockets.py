"""The faults, as they arrive at a real socket; and clients that leave."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from heliograph.simulation.providers import ScriptError, Seen, SimulatedProviders

CHAT = json.dumps(
    {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
).encode()
STREAM = CHAT[:-1] + b', "stream": true}'
PATIENCE_S = 5.0


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedProviders]:
    async with SimulatedProviders() as server:
        yield server


class Client:
    """A bare socket that speaks HTTP/1.1 by hand."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    def send(
        self,
        body: bytes,
        *,
        path: str = "/v1/chat/completions",
        method: str = "POST",
        extra: str = "",
    ) -> None:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: sim\r\n{extra}"
            "Authorization: Bearer sk-1234\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)

    async def head(self) -> tuple[int, dict[str, str]]:
        async with asyncio.timeout(PATIENCE_S):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        status, *lines = raw.decode().rstrip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(status.split()[1]), headers

    async def answer(self) -> tuple[int, bytes]:
        status, headers = await self.head()
        async with asyncio.timeout(PATIENCE_S):
            body = await self.reader.readexactly(int(headers["content-length"]))
        return status, body

    async def rest(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@pytest.fixture
async def client(sim: SimulatedProviders) -> AsyncIterator[Client]:
    made = Client(*await asyncio.open_connection(sim.host, sim.port))
    yield made
    made.writer.transport.abort()


async def test_one_connection_serves_one_answer_after_another(
    sim: SimulatedProviders, client: Client
) -> None:
    for _ in range(3):
        client.send(CHAT)
        assert (await client.answer())[0] == 200
    assert [seen.outcome for seen in sim.log] == ["answered"] * 3
    assert sim.open_connections == 1


async def test_pipelined_requests_are_answered_in_their_order(client: Client) -> None:
    for model in (b"m-1", b"m-2", b"m-3"):
        client.send(CHAT.replace(b"gpt-4o", model))
    models = [json.loads((await client.answer())[1])["model"] for _ in range(3)]
    assert models == ["m-1", "m-2", "m-3"]


async def test_a_body_that_comes_byte_by_byte_is_read(client: Client) -> None:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(CHAT)}\r\n"
    for byte in (head + "Authorization: Bearer k\r\n\r\n").encode() + CHAT:
        client.writer.write(bytes([byte]))
        await client.writer.drain()
    assert (await client.answer())[0] == 200


async def test_a_client_that_expects_it_is_told_to_continue(client: Client) -> None:
    client.writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer k\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(CHAT)
    )
    assert (await client.head())[0] == 100
    client.writer.write(CHAT)
    assert (await client.answer())[0] == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n"
        + b"".join(b"h%d: x\r\n" % n for n in range(250))
        + b"\r\n",
    ],
)
async def test_a_head_beyond_its_bounds_is_answered_400_once(
    sim: SimulatedProviders, client: Client, head: bytes
) -> None:
    client.writer.write(head)
    assert (await client.rest()).count(b"HTTP/1.1 400 ") == 1
    assert sim.log == ()


async def test_what_is_no_http_is_answered_400_and_closed(client: Client) -> None:
    client.writer.write(b"hello?\r\n\r\n")
    assert (await client.rest()).startswith(b"HTTP/1.1 400 ")


async def test_a_client_that_asks_to_close_is_closed_after_its_stream(
    client: Client,
) -> None:
    client.send(STREAM, extra="Connection: close\r\n")
    body = await client.rest()
    assert body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


async def test_a_reset_before_the_headers_is_a_reset(
    sim: SimulatedProviders, client: Client
) -> None:
    sim.set_rules([{"fault": {"kind": "reset"}}])
    client.send(CHAT)
    with pytest.raises(ConnectionResetError):
        await client.rest()
    assert (sim.log[0].outcome, sim.log[0].fault) == ("fault", "reset")


async def test_a_close_without_an_answer_is_a_clean_end(
    sim: SimulatedProviders, client: Client
) -> None:
    sim.set_rules([{"fault": {"kind": "close"}}])
    client.send(CHAT)
    assert await client.rest() == b""


async def test_a_stream_cut_without_its_last_chunk_ends_after_its_events(
    sim: SimulatedProviders, client: Client
) -> None:
    sim.set_rules([{"fault": {"cut_after_events": 2, "cut_mode": "chunked"}}])
    client.send(STREAM)
    await client.head()
    body = await client.rest()
    assert body.count(b"data: {") == 2
    assert not body.endswith(b"0\r\n\r\n")


async def test_a_stream_cut_by_reset_hands_over_its_events_first(
    sim: SimulatedProviders, client: Client
) -> None:
    fault = {"cut_after_events": 2, "cut_mode": "reset", "event_delay_s": 0.05}
    sim.set_rules([{"fault": fault}])
    client.send(STREAM)
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(2):
            assert b"data: {" in await client.reader.readuntil(b"\n\n")
    with pytest.raises(ConnectionResetError):
        await client.reader.readuntil(b"\n\n")


async def test_a_huge_body_arrives_whole_at_a_client_that_reads_slowly(
    sim: SimulatedProviders, client: Client
) -> None:
    size = 20_000_000
    sim.set_rules([{"fault": {"kind": "huge", "size_bytes": size}}])
    client.send(CHAT)
    _, headers = await client.head()
    assert len(await client.rest()) == int(headers["content-length"]) >= size
    assert sim.log[0].outcome == "fault"


async def test_pings_go_on_while_a_stream_stalls(
    sim: SimulatedProviders, client: Client
) -> None:
    sim.set_rules([{"fault": {"stall_after_events": 1, "ping_every_s": 0.02}}])
    client.send(STREAM)
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(3):
            until_ping = await client.reader.readuntil(b": ping\n\n")
            assert b"[DONE]" not in until_ping


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ({"kind": "silent"}, CHAT),
        ({"kind": "headers_then_silence"}, STREAM),
        ({"delay_s": 600}, CHAT),
        ({"stall_after_events": 2}, STREAM),
        ({"event_delay_s": 600}, STREAM),
    ],
)
async def test_a_client_that_leaves_is_noticed_at_once_in_every_phase(
    sim: SimulatedProviders, client: Client, fault: dict[str, object], body: bytes
) -> None:
    sim.set_rules([{"fault": fault}])
    client.send(body)
    await sim.until(lambda log: len(log) == 1)
    left_s = sim.elapsed_s
    await client.close()
    await sim.until(lambda log: log[0].outcome == "client_closed")
    seen = sim.log[0]
    assert seen.ended_s is not None
    assert seen.after_s is not None
    assert seen.ended_s - left_s < 0.5
    assert seen.after_s == pytest.approx(seen.ended_s - seen.started_s)
    assert sim.open_connections == 0


async def test_idle_connections_are_closed_only_when_told_so(client: Client) -> None:
    del client  # kept open by the first server all the while
    async with SimulatedProviders(keepalive_s=0.05) as other:
        idle = Client(*await asyncio.open_connection(other.host, other.port))
        idle.send(CHAT)
        assert (await idle.answer())[0] == 200
        assert await idle.rest() == b""
        await idle.close()


async def test_control_works_over_http(sim: SimulatedProviders, client: Client) -> None:
    rules = b'[{"when": {"first": 1}, "fault": {"status": 503}}]'
    client.send(rules, path="/_control/rules", method="PUT")
    assert await client.answer() == (200, b'{"status":"in force","rules":1}')
    for status in (503, 200):
        client.send(CHAT, path="/openai/v1/chat/completions")
        assert (await client.answer())[0] == status
    client.send(b"", path="/_control/log", method="GET")
    log = json.loads((await client.answer())[1])
    assert [(seen["status"], seen["outcome"]) for seen in log] == [
        (503, "fault"),
        (200, "answered"),
    ]
    client.send(b"", path="/_control/reset", method="POST")
    assert (await client.answer())[0] == 200
    assert sim.log == ()


async def test_until_gives_up_after_its_time(sim: SimulatedProviders) -> None:
    def never(log: Sequence[Seen]) -> bool:
        return len(log) > 0

    with pytest.raises(TimeoutError):
        await sim.until(never, timeout_s=0.01)


async def test_rules_set_before_the_start_hold_and_bad_ones_are_refused() -> None:
    waiting = SimulatedProviders()
    waiting.set_rules([{"fault": {"status": 503}}])
    async with waiting as sim:
        client = Client(*await asyncio.open_connection(sim.host, sim.port))
        client.send(CHAT)
        assert (await client.answer())[0] == 503
        await client.close()
        with pytest.raises(ScriptError, match=r"rules\[0\]\.when\.modle"):
            sim.set_rules([{"when": {"modle": "x"}, "fault": {"status": 503}}])


RUN = """
import sys
from pathlib import Path
from heliograph.simulation.providers import run
script = Path(sys.argv[2]) if len(sys.argv) > 2 else None
sys.exit(run("127.0.0.1", int(sys.argv[1]), script))
"""


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_command_serves_on_where_nobody_reads_what_it_says() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, "0", stdout=writes, stderr=asyncio.subprocess.PIPE
    )
    os.close(writes)
    assert process.stderr is not None
    async with asyncio.timeout(20):
        assert b"SIMULATED providers on http" in await process.stderr.readline()
        process.terminate()
        rest = await process.stderr.read()
        assert (await process.wait(), rest) == (0, b"")


async def test_the_command_says_where_it_is_misbehaves_and_stops_on_sigterm(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(
        "rules:\n  - fault: {kind: reset}\n    when: {first: 1}\n"
        "  - fault: {stall_after_events: 1}\n"
    )
    process = await start("0", str(script))
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    assert line.startswith("SIMULATED providers on http://127.0.0.1:")
    port = int(line.split()[3].rstrip(":").rpartition(":")[2])
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    client.send(CHAT)
    with pytest.raises(ConnectionResetError):
        await client.rest()
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    client.send(STREAM)
    await client.reader.readuntil(b"\n\n")
    process.send_signal(signal.SIGTERM)
    await client.rest()
    await client.close()
    assert await process.wait() == 0


async def test_the_command_refuses_a_bad_script_and_a_taken_port(
    tmp_path: Path, sim: SimulatedProviders
) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("rules:\n  - fault: {stauts: 503}\n")
    bad = await start("0", str(script))
    _, said = await bad.communicate()
    assert bad.returncode == 1
    assert f"{script}: line 2: rules[0].fault.stauts: unknown key" in said.decode()
    taken = await start(str(sim.port))
    _, said = await taken.communicate()
    assert taken.returncode == 1
    assert f"cannot listen on 127.0.0.1:{sim.port}" in said.decode()

"""What the gateway adds to the wait: through it, minus the mock alone.

Rounds alternate between the mock itself, nginx and the gateway; a figure is the
difference of the medians over the rounds.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from cpu_per_request import SETTLE_S, Effort, say
from load import drive
from servers import HEADERS, BenchError, Cores, Server, gateway, mock, yardstick
from workloads import CHAT_PATH, QUESTION, WORKLOADS, Pace, chat

DIRECT = "mock"
STREAMS_A_ROUND = 150
TWO_CHUNKS = chat("openai/gpt-4o", f"{QUESTION} {Pace(2, 0)}", stream=True)
FIRST = b'data: {"id"'
ANSWER_S_MAX = 10.0


@dataclass(frozen=True)
class Waits:
    """The median over the rounds, in µs."""

    p50_us: float
    p99_us: float


@dataclass(frozen=True)
class Added:
    """One way of asking: what each server takes; the mock alone stands first."""

    name: str
    title: str
    waits: Mapping[str, Waits]

    def added(self, server: str) -> Waits:
        """Return what *server* adds to what the mock takes."""
        alone, through = self.waits[DIRECT], self.waits[server]
        return Waits(through.p50_us - alone.p50_us, through.p99_us - alone.p99_us)


WAYS = (
    ("one", "small chat, 1 caller", 1, 0),
    ("paced", "small chat, 64 callers who rest 32 ms before each", 64, 32),
    ("many", "small chat, 64 callers who never rest", 64, 0),
)
"""Name, title, connections and pause; the last one is as much as a server bears, so
that its waits are those of the queue in front of it."""


Ask = Callable[[Server], Waits]


def added_latency(where: Cores, effort: Effort) -> list[Added]:
    """Measure whole answers, by wrk, and the first chunk of a stream, by ourselves."""
    found = []
    with three(where, streams=False) as (folder, servers):
        for name, title, connections, pause_ms in WAYS:
            ask = partial(
                by_wrk,
                core=where.load,
                seconds=effort.seconds,
                folder=folder,
                connections=connections,
                pause_ms=pause_ms,
            )
            found.append(in_turn(name, title, servers, effort, ask))
    with three(where, streams=True) as (_, servers):
        title = "first chunk of a stream, 1 caller"
        found.append(in_turn("chunk", title, servers, effort, first_chunks))
    return found


@contextmanager
def three(
    where: Cores, *, streams: bool
) -> Iterator[tuple[Path, tuple[Server, Server, Server]]]:
    """Run the mock, and before it nginx and the gateway."""
    with TemporaryDirectory(prefix="heliograph-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker runs as another user when we are root
        behind = stack.enter_context(mock(folder, where, streams=streams))
        proxy = stack.enter_context(yardstick(folder, where, behind, streams=streams))
        ours = stack.enter_context(gateway(folder, where, behind))
        yield folder, (behind, proxy, ours)


def in_turn(
    name: str, title: str, servers: Sequence[Server], effort: Effort, ask: Ask
) -> Added:
    """Ask the servers in turn, round after round; the first time is to warm up."""
    seen: dict[str, list[Waits]] = {server.name: [] for server in servers}
    for number in range(effort.rounds + 1):
        for server in servers:
            say(f"latency, {title}: {server.name}")
            time.sleep(SETTLE_S)
            waits = ask(server)
            if number:
                seen[server.name].append(waits)
    return Added(
        name,
        title,
        {
            server: Waits(
                median(one.p50_us for one in waits), median(one.p99_us for one in waits)
            )
            for server, waits in seen.items()
        },
    )


def by_wrk(
    server: Server,
    *,
    core: int,
    seconds: float,
    folder: Path,
    connections: int,
    pause_ms: int,
) -> Waits:
    """Let wrk ask for small chats."""
    saw = drive(
        server,
        WORKLOADS[0],
        seconds=seconds,
        core=core,
        folder=folder,
        connections=connections,
        pause_ms=pause_ms,
    )
    return Waits(saw.p50_us, saw.p99_us)


def first_chunks(server: Server) -> Waits:
    """Ask for stream after stream; see how long each first chunk takes."""
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    request = (
        f"POST {CHAT_PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}"
        f"content-length: {len(TWO_CHUNKS)}\r\n\r\n"
    ).encode() + TWO_CHUNKS
    with socket.create_connection(("127.0.0.1", server.port), ANSWER_S_MAX) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waits = [first_chunk(caller, request) for _ in range(STREAMS_A_ROUND)]
    cuts = quantiles(waits, n=100)
    return Waits(1e6 * cuts[49], 1e6 * cuts[98])


def first_chunk(caller: socket.socket, request: bytes) -> float:
    """Ask for one stream and read it whole; return the wait for its first chunk."""
    began = time.perf_counter()
    caller.sendall(request)
    came: float | None = None
    read = b""
    while not read.endswith(b"\r\n0\r\n\r\n"):
        data = caller.recv(65536)
        if not data:
            shown = read[:300].decode(errors="replace")
            raise BenchError(f"a stream broke off: {shown}")
        read += data
        if came is None and FIRST in read:
            came = time.perf_counter() - began
    if came is None:
        raise BenchError(f"not a stream: {read[:300].decode(errors='replace')}")
    return came

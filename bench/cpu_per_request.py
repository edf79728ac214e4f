"""CPU time a request costs a server, beside nginx on the same core in the same run.

Each workload runs on fresh servers: nginx as a keep-alive reverse proxy and the
gateway (and its peers), all in front of the same mock. Rounds alternate between
them. The run fails if a single answer is not as it must be.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import peers
from load import Measured, drive
from process_tree import rss_mb
from servers import BenchError, Cores, Server, ask, gateway, mock, yardstick
from workloads import Workload

YARDSTICK = "nginx"
OURS = "gateway"
WARM_UP_S = 1.0
SETTLE_S = 0.3
STREAM_SECONDS_MIN = 2


@dataclass(frozen=True)
class Memory:
    """One server's memory around its load, and how long it took to start."""

    idle_mb: float
    loaded_mb: float
    first_answer_s: float


@dataclass(frozen=True)
class Row:
    """One workload: each server's rounds and memory."""

    workload: Workload
    rounds: Mapping[str, Sequence[Measured]]
    memory: Mapping[str, Memory]

    def cpu_us(self, server: str) -> float:
        """Return the median CPU of *server* over the rounds, for each unit."""
        return median(one.cpu_us for one in self.rounds[server])

    def times(self, server: str, other: str) -> float:
        """Return what *server* costs as a multiple of what *other* does."""
        return self.cpu_us(server) / self.cpu_us(other)


@dataclass(frozen=True)
class Effort:
    """How long, how often, and beside whom."""

    seconds: int
    rounds: int
    peers: bool


@dataclass(frozen=True)
class Scene:
    """One workload and what stands around it."""

    workload: Workload
    where: Cores
    effort: Effort
    folder: Path
    behind: Server
    """The mock."""


def measure(workload: Workload, where: Cores, effort: Effort) -> Row:
    """Measure one workload on fresh servers."""
    with TemporaryDirectory(prefix="heliograph-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker runs as another user when we are root
        behind = stack.enter_context(mock(folder, where, streams=workload.streams))
        scene = Scene(workload, where, effort, folder, behind)
        servers = start(scene, stack)
        first = {server.name: first_answer(server, workload) for server in servers}
        idle = {server.name: rss_mb(server.pid) for server in servers}
        results = load(scene, servers)
        memory = {
            server.name: Memory(
                idle[server.name],
                rss_mb(server.pid),
                server.started_in_s + first[server.name],
            )
            for server in servers
        }
        for server in servers:
            first_answer(server, workload)
        check_log(folder / "gateway.out", results[OURS])
    return Row(workload, results, memory)


def start(scene: Scene, stack: ExitStack) -> list[Server]:
    """Start the servers that are measured, to be stopped by *stack*."""
    folder, where, behind = scene.folder, scene.where, scene.behind
    streams = scene.workload.streams
    started = [
        stack.enter_context(yardstick(folder, where, behind, streams=streams)),
        stack.enter_context(gateway(folder, where, behind)),
    ]
    for runner in peers.RUNNERS if scene.effort.peers else ():
        say(f"{scene.workload.title}: start {runner.__name__}")
        peer = runner(folder, where, behind, scene.workload.provider)
        started.append(stack.enter_context(peer))
    return started


def load(scene: Scene, servers: Sequence[Server]) -> dict[str, list[Measured]]:
    """Load the servers in turn, round after round; peers are slow and need fewer."""
    results: dict[str, list[Measured]] = {server.name: [] for server in servers}
    for server in servers:
        one_round(scene, server, WARM_UP_S)
    for number in range(scene.effort.rounds):
        for server in servers:
            if is_peer(server) and number >= peers.ROUNDS_MAX:
                continue
            say(f"{scene.workload.title}: {server.name}")
            time.sleep(SETTLE_S)
            found = one_round(scene, server, scene.effort.seconds)
            results[server.name].append(found)
    return results


def one_round(scene: Scene, server: Server, seconds: float) -> Measured:
    """Load one server once."""
    workload = scene.workload
    connections = workload.connections
    if workload.streams:
        seconds = max(seconds, STREAM_SECONDS_MIN)
    if is_peer(server):
        streams = workload.streams
        least_s = peers.STREAM_SECONDS_MIN if streams else peers.SECONDS_MIN
        seconds = max(seconds, least_s)
        connections = min(connections, peers.CONNECTIONS)
    return drive(
        server,
        workload,
        seconds=seconds,
        core=scene.where.load,
        folder=scene.folder,
        connections=connections,
        paced=scene.behind if workload.streams else None,
    )


def is_peer(server: Server) -> bool:
    """Say whether *server* is somebody else's gateway."""
    return server.name not in {YARDSTICK, OURS}


def first_answer(server: Server, workload: Workload) -> float:
    """Ask once and judge the answer; return how long it took, in seconds."""
    began = time.monotonic()
    try:
        status, headers, body = ask(server, workload.body)
    except OSError as error:
        raise BenchError(f"{server.name}, {workload.title}: {error}") from error
    took_s = time.monotonic() - began
    if status != 200 or not workload.judge(body, server.name):
        shown = body[:300].decode(errors="replace")
        raise BenchError(f"{server.name}, {workload.title}: {status} {shown}")
    if server.name == OURS and headers.get("x-heliograph-fallback") != "false":
        raise BenchError(f"{workload.title}: the gateway needed a fallback")
    return took_s


def check_log(place: Path, rounds: Sequence[Measured]) -> None:
    """Hold the gateway to its exchange log: a line for every answer, all answered."""
    time.sleep(SETTLE_S)  # lines are written in batches, ten a second
    answered = place.read_bytes().count(b'"outcome":"answered"')
    counted = sum(one.requests for one in rounds)
    if answered < counted:
        raise BenchError(f"the exchange log has {answered} answers of {counted}")


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(text, file=sys.stderr, flush=True)

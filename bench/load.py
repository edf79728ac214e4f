"""Load from wrk, and what it saw."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from process_tree import cpu_s
from servers import HEADERS, PATH, BenchError, Server
from workloads import CHAT_PATH, Workload

GRACE_S = 30.0
SCRIPT = """\
wrk.method = "POST"
%(headers)s
local file = assert(io.open("%(body)s", "rb"))
wrk.body = file:read("*a")
file:close()
%(delay)s
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests":%%d,"duration_us":%%d,"unanswered":%%d,"refused":%%d,'
      .. '"p50_us":%%d,"p99_us":%%d}\\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Measured:
    """One server under one workload in one round."""

    cpu_us: float  # for each unit: a request, or a chunk
    requests: int
    requests_a_second: float
    p50_us: int
    p99_us: int


def drive(
    server: Server,
    workload: Workload,
    *,
    seconds: float,
    core: int,
    folder: Path,
    connections: int | None = None,
    pause_ms: int = 0,
    paced: Server | None = None,
) -> Measured:
    """Load *server* for *seconds*; any answer but a good one is a `BenchError`.

    With *pause_ms* each connection waits that long before it asks again. What the
    *paced* mock behind the server has sent is counted there: streams that are under
    way at the end have cost their share too.
    """
    script = script_of(server, workload, folder, pause_ms)
    connections = connections or workload.connections
    chunks = chunks_sent(paced) if paced else 0
    before_s = cpu_s(server.pid)
    saw = run_wrk(server, script, seconds=seconds, core=core, connections=connections)
    used_s = cpu_s(server.pid) - before_s
    if saw["refused"] or saw["unanswered"] or not saw["requests"]:
        raise BenchError(
            f"{server.name}, {workload.title}: not every answer good: {saw}"
        )
    counted = chunks_sent(paced) - chunks if paced else saw["requests"]
    return Measured(
        cpu_us=1e6 * used_s / counted,
        requests=saw["requests"],
        requests_a_second=1e6 * saw["requests"] / saw["duration_us"],
        p50_us=saw["p50_us"],
        p99_us=saw["p99_us"],
    )


def chunks_sent(paced: Server) -> int:
    """Ask the *paced* mock how many chunks it has sent so far."""
    with urlopen(f"http://127.0.0.1:{paced.port}/chunks") as answer:
        return int(answer.read())


def run_wrk(
    server: Server, script: Path, *, seconds: float, core: int, connections: int
) -> dict[str, int]:
    """Run wrk on *core*; return what its script wrote at the end."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}"]
    command += [f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(script)]
    command.append(f"http://127.0.0.1:{server.port}{CHAT_PATH}")
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + GRACE_S,
        env=os.environ | {"PATH": PATH},
    )
    if done.returncode:
        raise BenchError(f"wrk failed: {done.stderr or done.stdout}")
    saw: dict[str, int] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return saw


def script_of(server: Server, workload: Workload, folder: Path, pause_ms: int) -> Path:
    """Write wrk's script for *workload*, with the body beside it."""
    script = folder / f"{workload.name}-{server.name}-{pause_ms}.lua"
    if not script.exists():
        body = folder / f"{workload.name}.body"
        body.write_bytes(workload.body)
        told = {**HEADERS, **server.headers}
        headers = "\n".join(f'wrk.headers["{k}"] = "{v}"' for k, v in told.items())
        delay = f"function delay() return {pause_ms} end" if pause_ms else ""
        script.write_text(SCRIPT % {"headers": headers, "body": body, "delay": delay})
    return script

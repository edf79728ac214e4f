"""Load from wrk, and what it saw."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from process_tree import cpu_s
from servers import PATH, BenchError, Server
from workloads import CHAT_PATH, Workload

GRACE_S = 30.0
SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-bench"
local file = assert(io.open("%s", "rb"))
wrk.body = file:read("*a")
file:close()
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests":%%d,"duration_us":%%d,"unanswered":%%d,"refused":%%d,"p99_us":%%d}\\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Measured:
    """One server under one workload in one round."""

    cpu_us: float  # for each unit: a request, or a chunk
    requests: int
    requests_a_second: float
    p99_ms: float


def drive(
    server: Server, workload: Workload, *, seconds: float, core: int, folder: Path
) -> Measured:
    """Load *server* for *seconds*; any answer but a good one is a `BenchError`."""
    script = script_of(workload, folder)
    before_s = cpu_s(server.pid)
    saw = run_wrk(server, workload, script, seconds=seconds, core=core)
    used_s = cpu_s(server.pid) - before_s
    if saw["refused"] or saw["unanswered"] or not saw["requests"]:
        raise BenchError(
            f"{server.name}, {workload.title}: not every answer good: {saw}"
        )
    return Measured(
        cpu_us=1e6 * used_s / (saw["requests"] * workload.units),
        requests=saw["requests"],
        requests_a_second=1e6 * saw["requests"] / saw["duration_us"],
        p99_ms=saw["p99_us"] / 1000,
    )


def run_wrk(
    server: Server, workload: Workload, script: Path, *, seconds: float, core: int
) -> dict[str, int]:
    """Run wrk on *core*; return what its script wrote at the end."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{workload.connections}"]
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


def script_of(workload: Workload, folder: Path) -> Path:
    """Write wrk's script for *workload*, with the body beside it."""
    script = folder / f"{workload.name}.lua"
    if not script.exists():
        body = folder / f"{workload.name}.body"
        body.write_bytes(workload.body)
        script.write_text(SCRIPT % body)
    return script

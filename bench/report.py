"""The tables of a run, for a terminal and for the folder in which it is kept."""

import json
import platform
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from cpu_per_request import OURS, YARDSTICK, Row
from latency import Added
from servers import HERE, PATH
from verdicts import TIMES, Judged, judged_lines

RUNS = HERE / "runs"
Lines = Sequence[Sequence[str]]
CPU_TITLES = (
    "workload",
    "server",
    "requests/s",
    "p99 ms",
    "RSS idle → after, MB",
    "start, s",
    "CPU µs (each round)",
    "median CPU",
    f"{TIMES} nginx",
    f"{TIMES} gateway",
)
LATENCY_TITLES = ("asked for", "server", "p50 µs", "p99 µs", "added p50", "added p99")
LEFT_COLUMNS = 2
REVISION = ("describe", "--always", "--dirty", "--abbrev=12")


@dataclass(frozen=True)
class Found:
    """All that one run found, and how it came about."""

    command: str
    load: float
    judged: Sequence[Judged]
    rows: Sequence[Row] = ()
    added: Sequence[Added] = ()
    lines: Sequence[Lines] = ()
    """Tables of a run's own, heads first."""
    versions: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, object] = field(default_factory=dict)
    """What has no table of its own."""


def cpu_lines(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Write the lines of the table of CPU, its head first."""
    return [CPU_TITLES, *cpu_cells(rows)]


def cpu_cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each workload and server, its ratios at the end."""
    for row in rows:
        for server, rounds in row.rounds.items():
            memory = row.memory[server]
            yield (
                row.workload.title,
                server,
                f"{median(one.requests_a_second for one in rounds):,.0f}",
                f"{median(one.p99_us for one in rounds) / 1000:,.1f}",
                f"{memory.idle_mb:.0f} → {memory.loaded_mb:.0f}",
                f"{memory.first_answer_s:.2f}",
                " ".join(f"{one.cpu_us:.1f}" for one in rounds),
                f"{row.cpu_us(server):,.1f} µs/{row.workload.unit}",
                f"{row.times(server, YARDSTICK):,.1f} {TIMES}",
                f"{row.times(server, OURS):,.1f} {TIMES}",
            )


def latency_lines(added: Sequence[Added]) -> list[tuple[str, ...]]:
    """Write the lines of the table of latency, its head first."""
    lines: list[tuple[str, ...]] = [LATENCY_TITLES]
    for one in added:
        for server, waits in one.waits.items():
            more = one.added(server)
            lines.append(
                (
                    one.title,
                    server,
                    f"{waits.p50_us:,.0f}",
                    f"{waits.p99_us:,.0f}",
                    f"{more.p50_us:+,.0f}",
                    f"{more.p99_us:+,.0f}",
                )
            )
    return lines


def markdown(lines: Lines) -> str:
    """Write *lines* as a Markdown table."""
    rule = "|---" * LEFT_COLUMNS + "|--:" * (len(lines[0]) - LEFT_COLUMNS) + "|"
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join((head, rule, *rest)) + "\n"


def plain(lines: Lines) -> str:
    """Write *lines* for a terminal."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < LEFT_COLUMNS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def tables(found: Found) -> list[Lines]:
    """Return the tables that *found* has something for, the targets first."""
    listed: list[Lines] = [judged_lines(found.judged)]
    if found.rows:
        listed.append(cpu_lines(found.rows))
    if found.added:
        listed.append(latency_lines(found.added))
    return [*listed, *found.lines]


def keep(folder: Path, name: str, found: Found) -> None:
    """Write the run into *folder*: NAME.md for readers, NAME.json with everything."""
    folder.mkdir(parents=True, exist_ok=True)
    ended_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    known = {
        **machine(),
        "load average before": f"{found.load:.2f}",
        **versions(),
        **found.versions,
        "ended": ended_at,
        "command": f"`{found.command}`",
    }
    written = "\n".join(map(markdown, tables(found)))
    told = "\n".join(f"| {key} | {value} |" for key, value in known.items())
    how = "How it is measured: `docs/performance.md`."
    title = f"# {name}, {ended_at[:10]}"
    (folder / f"{name}.md").write_text(
        f"{title}\n\n{written}\n| | |\n|---|---|\n{told}\n\n"
        f"{how} All figures: `{name}.json`.\n"
    )
    figures = {
        **known,
        "targets": [asdict(one) for one in found.judged],
        "workloads": [workload_figures(row) for row in found.rows],
        "latency": [asdict(one) for one in found.added],
        **found.figures,
    }
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")


def workload_figures(row: Row) -> dict[str, object]:
    """Take all figures of one workload."""
    return {
        "name": row.workload.name,
        "unit": row.workload.unit,
        "request_bytes": len(row.workload.body),
        "connections": row.workload.connections,
        "servers": {
            server: {
                "cpu_us_median": row.cpu_us(server),
                "times_nginx": row.times(server, YARDSTICK),
                "rounds": [asdict(one) for one in rounds],
                **asdict(row.memory[server]),
            }
            for server, rounds in row.rounds.items()
        },
    }


def today() -> Path:
    """Name the folder in which a run of today on this machine is kept."""
    return RUNS / f"{datetime.now(UTC):%Y-%m-%d}-{socket.gethostname()}"


def machine() -> dict[str, str]:
    """Name the machine, its CPU and its kernel."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", text)
    return {
        "machine": socket.gethostname(),
        "CPU": model[1] if model else platform.machine(),
        "cores": str(text.count("processor\t")),
        "kernel": platform.release(),
    }


def versions() -> dict[str, str]:
    """Name the version of everything that was measured or measured with."""
    named = {"Python": platform.python_version()}
    for package in ("heliograph", "uvicorn", "uvloop", "httptools", "msgspec"):
        named[package] = version(package)
    if shutil.which("nginx", path=PATH) and shutil.which("wrk", path=PATH):
        named["nginx"] = said_by("nginx", "-v").rpartition("/")[2]
        named["wrk"] = said_by("wrk", "-v").split()[1]
    named["commit"] = said_by("git", "-C", str(HERE), *REVISION)
    return named


def said_by(*command: str) -> str:
    """Return the first line a program says of its version, on either stream."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": PATH}
    )
    return (done.stdout + done.stderr).strip().partition("\n")[0]

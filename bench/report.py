"""Medians, the table, and the folder in which a run is kept."""

import json
import platform
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from load import Measured
from servers import PATH
from workloads import Workload

YARDSTICK = "nginx"
TIMES = "×"  # noqa: RUF001 - the sign is meant, as the README quotes it
TITLES = (
    "workload",
    "server",
    "requests/s",
    "p99 ms",
    "RSS idle → after, MB",
    "CPU µs (each round)",
    "median CPU",
    f"{TIMES} nginx",
)
LEFT_COLUMNS = 2


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


def table(rows: Sequence[Row]) -> str:
    """Write a Markdown table: a line per workload and server, the ratio at its end."""
    lines = [f"| {' | '.join(TITLES)} |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    lines += [f"| {' | '.join(line)} |" for line in cells(rows)]
    return "\n".join(lines) + "\n"


def plain_table(rows: Sequence[Row]) -> str:
    """Write the same table for a terminal: nothing stands behind the ratio."""
    lines = [TITLES, *cells(rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < LEFT_COLUMNS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of the table, cell by cell."""
    for row in rows:
        yardstick_us = cpu_of(row, YARDSTICK)
        for server, rounds in row.rounds.items():
            cpu_us = cpu_of(row, server)
            memory = row.memory[server]
            yield (
                row.workload.title,
                server,
                f"{median(one.requests_a_second for one in rounds):,.0f}",
                f"{median(one.p99_ms for one in rounds):.1f}",
                f"{memory.idle_mb:.0f} → {memory.loaded_mb:.0f}",
                " ".join(f"{one.cpu_us:.1f}" for one in rounds),
                f"{cpu_us:.1f} µs/{row.workload.unit}",
                f"{cpu_us / yardstick_us:.1f} {TIMES}",
            )


def cpu_of(row: Row, server: str) -> float:
    """Median CPU µs of *server* over the rounds."""
    return median(one.cpu_us for one in row.rounds[server])


def keep(
    folder: Path, rows: Sequence[Row], *, command: str, ended_at: str, load: float
) -> None:
    """Write the run's README.md, table.md and results.json into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    written = table(rows)
    (folder / "table.md").write_text(written)
    found = {
        "ended_at": ended_at,
        "command": command,
        "load_average_before": load,
        "machine": machine(),
        "versions": versions(),
        "workloads": [
            {
                "name": row.workload.name,
                "unit": row.workload.unit,
                "request_bytes": len(row.workload.body),
                "connections": row.workload.connections,
                "servers": {
                    server: {
                        "cpu_us_median": cpu_of(row, server),
                        "times_nginx": cpu_of(row, server) / cpu_of(row, YARDSTICK),
                        "rounds": [asdict(one) for one in rounds],
                        **asdict(row.memory[server]),
                    }
                    for server, rounds in row.rounds.items()
                },
            }
            for row in rows
        ],
    }
    (folder / "results.json").write_text(json.dumps(found, indent=2) + "\n")
    known = {
        **machine(),
        "load average before": f"{load:.2f}",
        **versions(),
        "ended": ended_at,
        "command": f"`{command}`",
    }
    (folder / "README.md").write_text(readme(written, rows, known))


def readme(written: str, rows: Sequence[Row], known: Mapping[str, str]) -> str:
    """Write what a reader must know to judge the table or to make it again."""
    start_s = median(row.memory["gateway"].first_answer_s for row in rows)
    return "\n".join(
        (
            f"# CPU per request, {known['ended'][:10]}",
            "",
            written,
            f"The gateway's start to its first answer: {start_s:.2f} s (median).",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in known.items()),
            "",
            "How it is measured: `docs/performance.md`. All figures: `results.json`.",
            "",
        )
    )


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
    named["nginx"] = said_by("nginx", "-v").rpartition("/")[2]
    named["wrk"] = said_by("wrk", "-v").split()[1]
    named["commit"] = said_by("git", "-C", str(Path(__file__).parent), *REVISION)
    return named


REVISION = ("describe", "--always", "--dirty", "--abbrev=12")


def said_by(*command: str) -> str:
    """Return the first line a program says of its version, on either stream."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": PATH}
    )
    return (done.stdout + done.stderr).strip().partition("\n")[0]

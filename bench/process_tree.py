"""What a server's processes have used, as /proc tells it."""

import os
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def tree(pid: int) -> list[int]:
    """List *pid* and all that descend from it, those that still run."""
    found = [pid]
    for parent in found:
        for listed in (PROC / str(parent) / "task").glob("*/children"):
            found += map(int, listed.read_text().split())
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that the tree under *pid* has used so far."""
    ticks = 0
    for process in tree(pid):
        # The name in parentheses may hold spaces: count from behind it.
        stat = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / TICKS_A_SECOND


def loop_cpu_s(pid: int) -> float:
    """CPU seconds that the first thread of *pid* has used: the event loop's."""
    stat = (PROC / str(pid) / "task" / str(pid) / "stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def rss_mb(pid: int) -> float:
    """Resident memory of the tree under *pid*, in MB."""
    return sum(in_status(process, "VmRSS:") for process in tree(pid)) / 1024


def in_status(process: int, name: str) -> int:
    """Read a number of kB that the system tells of *process*."""
    for line in (PROC / str(process) / "status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def descriptors(pid: int) -> int:
    """Count the files and sockets that the tree under *pid* has open."""
    folders = [PROC / str(process) / "fd" for process in tree(pid)]
    return sum(len(list(folder.iterdir())) for folder in folders)


def peak_rss_mb(pid: int) -> float:
    """Sum the highest resident memory that each process under *pid* ever had, in MB."""
    return sum(in_status(process, "VmHWM:") for process in tree(pid)) / 1024

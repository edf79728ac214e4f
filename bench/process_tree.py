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


def rss_mb(pid: int) -> float:
    """Resident memory of the tree under *pid*, in MB."""
    kilobytes = 0
    for process in tree(pid):
        for line in (PROC / str(process) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024

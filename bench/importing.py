"""How long a fresh Python takes to import the gateway."""

import subprocess
import sys
from statistics import median

IMPORT = """\
import time
began = time.perf_counter()
import heliograph.gateway.app
print(time.perf_counter() - began)
"""
TIMES = 7


def import_s(core: int) -> float:
    """Import the gateway's composition root in fresh processes; return the median."""
    command = ["taskset", "-c", str(core), sys.executable, "-c", IMPORT]
    # The first one may have to compile what was edited since.
    times = [
        float(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(TIMES + 1)
    ]
    return median(times[1:])

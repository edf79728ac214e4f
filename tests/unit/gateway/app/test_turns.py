"""Batches that several processes write do not mix, however long they are."""

import subprocess
import sys
from collections import Counter

SCRIPT = """
import os
from heliograph.gateway.app.turns import Turns

with Turns() as turns:
    children = []
    for name in range(4):
        child = os.fork()
        if child == 0:
            for _ in range(5):
                turns.write((b"%d" % name) * 200_000 + b"\\n")
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
"""


def test_long_lines_of_four_processes_stay_whole() -> None:
    command = [sys.executable, "-c", SCRIPT]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
    lines = ran.stdout.decode().splitlines()
    assert Counter((line[0], len(line), len(set(line))) for line in lines) == Counter(
        {(name, 200_000, 1): 5 for name in "0123"}
    )

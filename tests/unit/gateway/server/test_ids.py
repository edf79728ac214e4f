"""Ids of requests: counted, and another process's are others."""

import subprocess
import sys

from heliograph.gateway.server.ids import RequestIds


def test_ids_are_counted_behind_a_prefix_of_the_process() -> None:
    ids = RequestIds()
    first, second = ids.next(), ids.next()
    assert first.endswith("-00000001")
    assert second.endswith("-00000002")
    assert first[:12] == second[:12]
    assert RequestIds().next() != first


def test_a_forked_process_writes_ids_of_its_own() -> None:
    script = (
        "import os\n"
        "from heliograph.gateway.server.ids import REQUEST_IDS\n"
        "REQUEST_IDS.next()\n"
        "child = os.fork()\n"
        "os.write(1, REQUEST_IDS.next().encode() + b' ')\n"
        "child and os.waitpid(child, 0)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True
    )
    one, other = ran.stdout.decode().split()
    assert one[:12] != other[:12]

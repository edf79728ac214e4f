"""The page of what is survived names the tests there are, and no others."""

import subprocess
import sys

from architecture.tree import ROOT


def test_every_test_of_a_fault_is_in_the_page_and_no_other() -> None:
    command = [sys.executable, "scripts/reliability.py", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

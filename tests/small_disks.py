"""Disks that are full or read-only, in earnest, in a namespace of a program's own.

Any user may have one where the system lets him, and root always.
"""

import subprocess
from pathlib import Path

import pytest

NAMESPACE = ("unshare", "--map-root-user", "--mount")
NO_PROGRAM = (
    "disks are made full and read-only with unshare and nsenter, which are not"
    " installed: install util-linux"
)
NOT_ALLOWED = (
    "this user may not mount a disk of its own: allow it, by whichever there is of"
    " `sysctl kernel.unprivileged_userns_clone=1` and"
    " `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, in a container by"
    " `--cap-add SYS_ADMIN --security-opt apparmor=unconfined`; the system says"
)


def mounted(script: str, disk: Path) -> tuple[str, ...]:
    """Write what runs a command in a namespace in which *disk* is another."""
    before = (*NAMESPACE, "sh", "-c", script, str(disk))
    try:
        tried = subprocess.run(
            (*before, "true"), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.fail(NO_PROGRAM)
    if tried.returncode:
        pytest.fail(f"{NOT_ALLOWED}: {tried.stderr.strip()}")
    return before

"""The systemd units start commands that exist, as what they say they are."""

import re
import shlex
from pathlib import Path

import pytest

from heliograph.cli import parser

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
GATEWAY, CAMERA = "heliograph-gateway.service", "heliograph-camera@.service"
PROGRAM = "/opt/heliograph/bin/heliograph"


def directives(unit: str) -> list[tuple[str, str]]:
    lines = (UNITS / unit).read_text("utf-8").splitlines()
    return [
        (name, told)
        for name, sign, told in (line.partition("=") for line in lines)
        if sign and not name.startswith("#")
    ]


def started(unit: str, **variables: str) -> list[str]:
    """Return the words of `ExecStart` as systemd makes them for dock-3."""
    (command,) = [told for name, told in directives(unit) if name == "ExecStart"]
    words = []
    for word in shlex.split(command.replace("%i", "dock-3")):
        # A word that is a variable becomes as many as it holds, none where it is unset.
        words += variables.get(word[1:], "").split() if word[0] == "$" else [word]
    return words


def test_the_gateway_unit_starts_the_gateway_with_its_config() -> None:
    program, *words = started(GATEWAY)
    arguments = parser().parse_args(words)
    assert (program, words[0]) == (PROGRAM, "serve")
    assert arguments.config == Path("/etc/heliograph/gateway.yaml")
    assert arguments.host == "127.0.0.1"
    assert not arguments.insecure


@pytest.mark.parametrize(
    ("options", "follow"), [({}, False), ({"WATCH_OPTIONS": "--follow"}, True)]
)
def test_the_camera_unit_watches_what_its_instances_file_says(
    options: dict[str, str], *, follow: bool
) -> None:
    program, *words = started(CAMERA, **options)
    arguments = parser().parse_args(words)
    assert (program, words[0]) == (PROGRAM, "watch")
    assert arguments.config == Path("/etc/heliograph/cameras/dock-3.yaml")
    assert arguments.source is None
    # A restart goes on: it needs both.
    assert arguments.resume
    assert arguments.spool == Path("spool.db")
    assert arguments.follow is follow


@pytest.mark.parametrize("unit", [GATEWAY, CAMERA])
def test_a_unit_gives_up_every_right_and_comes_back_after_a_failure(unit: str) -> None:
    told = dict(directives(unit))
    assert told["User"] == "heliograph"
    assert told["NoNewPrivileges"] == "true"
    assert told["ProtectSystem"] == "strict"
    assert told["CapabilityBoundingSet"] == ""
    assert told["Restart"] == "on-failure"
    # What `ProtectSystem=strict` leaves to write to.
    assert told["StateDirectory"].startswith("heliograph")
    assert told["EnvironmentFile"].startswith("-/etc/heliograph/")


def test_compiled_loops_are_allowed_to_the_camera_and_kept() -> None:
    told = dict(directives(CAMERA))
    assert "MemoryDenyWriteExecute" not in told
    kept = told["Environment"].removeprefix("NUMBA_CACHE_DIR=")
    assert kept.startswith(f"/var/cache/{told['CacheDirectory']}/")


def test_every_file_that_a_unit_names_is_told_in_the_guide() -> None:
    guide = UNITS.parents[1] / "docs" / "guide" / "deploy.md"
    page = guide.read_text("utf-8").replace("NAME", "%i")
    units = "".join((UNITS / unit).read_text("utf-8") for unit in (GATEWAY, CAMERA))
    files = set(re.findall(r"/etc/heliograph/[\w/%.]+", units))
    assert len(files) == 4
    assert {file for file in files if file not in page} == set()

"""`heliograph simulate camera` as a user meets it."""

import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.simulation.camera.command import run_simulate_camera

PROGRAM = (sys.executable, "-m", "heliograph", "simulate", "camera")


def run(out: Path, *, force: bool = False, width: int = 96, seed: int = 1) -> int:
    return run_simulate_camera(
        out, seconds=0.5, seed=seed, width=width, height=64, force=force
    )


def test_the_last_line_says_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "street.raw"
    assert run(out) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{out}: ")
    assert "events in 0.5 s" in line
    assert "96x64" in line
    assert line.endswith("people and cars: 1\n")
    assert line.count("\n") == 1
    assert out.read_bytes().startswith(b"% date ")


def test_a_file_that_is_there_stays_without_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "street.raw"
    out.write_text("a real recording")
    assert run(out) == 1
    assert out.read_text() == "a real recording"
    assert "--force overwrites it" in capsys.readouterr().err
    assert run(out, force=True) == 0
    assert out.stat().st_size > 1_000


def test_an_unwritable_path_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nowhere" / "street.raw"
    assert run(out) == 1
    assert f"cannot write {out}: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("width", [4_000, 0, -1])
def test_a_size_that_cannot_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    assert run(tmp_path / "street.raw", width=width) == 1
    assert f"1 to 2048 pixels a side, not {width}x64" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_seed_that_cannot_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "street.raw", seed=-1) == 1
    assert "the seed must be 0 or more, not -1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_full_standard_output_is_said_and_the_recording_stays(
    tmp_path: Path,
) -> None:
    out = tmp_path / "street.raw"
    size = ["--seconds", "0.1", "--width", "96", "--height", "64"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "--out", str(out), *size],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {out} is written, but cannot write to standard output: "
        "no space left on device\n"
    )
    assert out.stat().st_size > 0

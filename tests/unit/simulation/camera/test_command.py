"""`heliograph simulate camera` as a user meets it."""

from pathlib import Path

import pytest

from heliograph.simulation.camera.command import run_simulate_camera


def run(out: Path, *, force: bool = False, width: int = 96) -> int:
    return run_simulate_camera(
        out, seconds=0.5, seed=1, width=width, height=64, force=force
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


def test_a_size_that_cannot_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "street.raw", width=4_000) == 1
    assert "1 to 2048 pixels a side, not 4000x64" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

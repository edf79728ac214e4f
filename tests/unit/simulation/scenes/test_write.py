"""Scenes on disk."""

import json
from pathlib import Path

import numpy as np
import pytest

import scene_parts
from heliograph import camera
from heliograph.simulation.scenes.boxes import BOX
from heliograph.simulation.scenes.command import run_simulate_scenes
from heliograph.simulation.scenes.write import OtherScenesError, write_scenes


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_makes_the_same_files_by_one_process_or_two(
    tmp_path: Path,
) -> None:
    settings = scene_parts.settings(tmp_path)
    written = write_scenes(tmp_path / "a", settings)
    write_scenes(tmp_path / "b", settings, workers=2)
    write_scenes(tmp_path / "c", scene_parts.settings(tmp_path, seed=2))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    names = list(files(tmp_path / "a"))
    assert names == [
        "scene-000000.raw",
        "scene-000000_bbox.npy",
        "scene-000001.raw",
        "scene-000001_bbox.npy",
        "scenes.json",
    ]
    for name in names:
        if name.endswith(".raw"):
            assert files(tmp_path / "a")[name] != files(tmp_path / "c")[name]
    assert (written.made, written.kept) == (2, 0)


def test_what_is_written_is_what_was_filmed(tmp_path: Path) -> None:
    settings = scene_parts.settings(tmp_path)
    written = write_scenes(tmp_path / "out", settings)
    told = json.loads((tmp_path / "out" / "scenes.json").read_text())
    assert told["classes"] == ["person", "vehicle", "two-wheeler"]
    events = boxes = 0
    for row in told["scenes"]:
        path = tmp_path / "out" / row["recording"]
        with camera.open(path) as recording:
            assert [recording.size.width, recording.size.height] == row["size"]
            count = sum(packet.size for packet in recording)
        labels = np.load(path.with_name(path.stem + "_bbox.npy"))
        assert labels.dtype == BOX
        assert (count, labels.size) == (row["events"], row["boxes"])
        events, boxes = events + count, boxes + labels.size
    assert (written.events, written.boxes) == (events, boxes)


def test_scenes_that_are_there_are_kept_and_the_missing_made(tmp_path: Path) -> None:
    settings, out = scene_parts.settings(tmp_path), tmp_path / "out"
    write_scenes(out, settings)
    before = files(out)
    (out / "scene-000001.raw").unlink()
    kept = (out / "scene-000000.raw").stat().st_mtime_ns
    told: list[tuple[int, int]] = []
    written = write_scenes(
        out, settings, progress=lambda done, total: told.append((done, total))
    )
    assert (written.made, written.kept) == (1, 1)
    assert told == [(1, 2), (2, 2)]
    assert files(out) == before
    assert (out / "scene-000000.raw").stat().st_mtime_ns == kept


def test_scenes_of_other_settings_are_refused_with_the_difference(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    write_scenes(out, scene_parts.settings(tmp_path))
    with pytest.raises(OtherScenesError, match="seed 1, not 7"):
        write_scenes(out, scene_parts.settings(tmp_path, seed=7))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scenes": 0}, "scenes must be 1 to"),
        ({"seconds": 0.0}, "takes 0.1 to 60.0 s, not 0.0"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_settings_that_cannot_be_are_named(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        scene_parts.settings(tmp_path, **changes)


def run(tmp_path: Path, *, width: int | None = 96, height: int | None = 64) -> int:
    return run_simulate_scenes(
        tmp_path / "out",
        images=tmp_path / "images",
        videos=tmp_path / "videos",
        scenes=1,
        seconds=0.1,
        seed=1,
        split="train",
        workers=1,
        width=width,
        height=height,
    )


def test_the_command_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene_parts.write_pictures(tmp_path)
    assert run(tmp_path) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{tmp_path / 'out'}: 1 scenes made, 0 kept, ")
    assert run(tmp_path) == 0
    assert "0 scenes made, 1 kept" in capsys.readouterr().out


def test_the_command_says_which_folders_it_expects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 1
    told = capsys.readouterr().err
    assert "cannot simulate" in told
    assert "PennFudanPed" in told
    assert run(tmp_path, height=None) == 1
    assert "give both --width and --height" in capsys.readouterr().err

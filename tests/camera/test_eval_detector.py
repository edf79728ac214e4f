"""`heliograph eval detector` from its arguments to its files."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from heliograph.cli import main
from labelled_files import table
from moving_bar import (
    BAR_HEIGHT,
    BAR_TOP,
    BAR_WIDTH,
    BLOBS_OPTIONS,
    REST_S,
    SPEED_PX_S,
    write_moving_bar,
)
from small_networks import write_network

SECONDS = 1.2


def labelled_bar(folder: Path, *, beside: bool = False, shows: float = 1.0) -> Path:
    """Write the moving bar with labels of where it is, as the simulator does.

    With *beside* there is one of 8 by 8 pixels beside it, of which nothing is seen. The
    labels say that the share *shows* of the bar shows.
    """
    write_moving_bar(folder / "scene-000001.raw", seconds=SECONDS)
    times = range(round(REST_S * 1e6) + 100_000, round(SECONDS * 1e6), 50_000)
    rows = [
        (
            t,
            10 + SPEED_PX_S * (t / 1e6 - REST_S),
            BAR_TOP,
            BAR_WIDTH,
            BAR_HEIGHT,
            0,
            shows,
        )
        for t in times
    ]
    if beside:
        rows += [(row[0], 300, 10, 8, 8, 0, 1.0) for row in rows]
        rows.sort(key=lambda row: row[0])
    np.save(folder / "scene-000001_bbox.npy", table(*rows))
    scene = {"recording": "scene-000001.raw", "camera": "static"}
    (folder / "scenes.json").write_text(json.dumps({"scenes": [scene]}))
    return folder


@pytest.mark.parametrize(
    ("rule", "share"), [([], 1), (["--judge", "gen1"], 1), (["--judge", "all"], 2)]
)
def test_what_is_small_counts_where_all_is_asked_for(
    tmp_path: Path, rule: list[str], share: int
) -> None:
    counted = []
    for beside in (False, True):
        folder = tmp_path / f"{beside}"
        folder.mkdir()
        scenes = labelled_bar(folder, beside=beside)
        options = ["--simulated", str(scenes), "--resamples", "2", "--out", str(folder)]
        assert main(["eval", "detector", *BLOBS_OPTIONS, *options, *rule]) == 0
        report = json.loads((folder / "report.json").read_text())
        [figures] = report["labelled"][0]["sensors"]["320x240"]["classes"]
        counted.append(figures["truths"])
    assert counted[1] == share * counted[0] > 0


@pytest.mark.parametrize(
    ("least", "counted"), [([], True), (["0.5"], True), (["0.65"], False)]
)
def test_what_shows_too_little_counts_neither_way(
    tmp_path: Path, least: list[str], *, counted: bool
) -> None:
    scenes = labelled_bar(tmp_path, shows=0.6)
    options = ["--simulated", str(scenes), "--resamples", "2", "--out", str(tmp_path)]
    rule = ["--visible-min", *least] if least else []
    assert main(["eval", "detector", *BLOBS_OPTIONS, *options, *rule]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    [figures] = report["labelled"][0]["sensors"]["320x240"]["classes"]
    assert (figures["truths"] > 0) == counted
    assert (figures["ap50"] is not None) == counted


@pytest.mark.parametrize("least", ["1.5", "-0.1", "half", "nan"])
def test_what_is_no_share_is_refused(
    least: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["eval", "detector", f"--visible-min={least}"])
    assert f"'{least}' is no share: give 0 to 1" in capsys.readouterr().err


def test_a_labelled_scene_becomes_figures_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes, out = labelled_bar(tmp_path), tmp_path / "out"
    options = ["--simulated", str(scenes), "--resamples", "20", "--out", str(out)]
    noise = ["--noise", str(scenes / "scene-000001.raw")]
    assert main(["eval", "detector", *BLOBS_OPTIONS, *options, *noise]) == 0
    printed = capsys.readouterr().out
    assert "On labels" in printed
    assert "simulated" in printed
    report = json.loads((out / "report.json").read_text())
    figures = report["labelled"][0]["sensors"]["320x240"]["classes"]
    assert [one["label"] for one in figures] == ["any"]
    # Blobs draw a bar that moves well, but to whole cells of 8 pixels.
    assert figures[0]["ap50"]["value"] > 0.9
    assert figures[0]["ap"]["value"] < figures[0]["ap50"]["value"]
    assert figures[0]["operating"]["recall"] > 0.9
    # Every 100 ms from 200 ms on, and at the first and last of them nothing is there.
    assert report["labelled"][0]["windows"] == figures[0]["windows"] == 11
    # For who calls it noise the bar is a false alarm, most of the time.
    alarms = report["recordings"][0]["false_alarms"]
    assert alarms["windows"] > 80
    assert alarms["boxes_per_minute"] > 4_000
    page = (out / "report.md").read_text()
    for name in ("simulated.png", "noise.png"):
        assert f"]({name})" in page
        with Image.open(out / name) as picture:
            # Labelled boxes are green in the one, and nothing is in the other.
            green = (np.asarray(picture) == (90, 220, 120)).all(axis=2).sum()
        assert (green > 500) == (name == "simulated.png")


def test_a_network_is_judged_by_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes, out = labelled_bar(tmp_path), tmp_path / "out"
    # The bar is as bright as a person, and now and then as a vehicle.
    weights = write_network(
        tmp_path / "bars.onnx", bright={"person": 0.22, "vehicle": 0.3}, half=(4, 2)
    )
    options = ["--simulated", str(scenes), "--resamples", "20", "--out", str(out)]
    assert main(["eval", "detector", "--weights", str(weights), *options]) == 0
    printed = capsys.readouterr().out
    assert "person" in printed
    assert "By how the camera moved" in printed
    report = json.loads((out / "report.json").read_text())
    told = report["detector"]
    assert (told["name"], told["weights"]) == ("network", "bars.onnx")
    assert told["bytes"] == weights.stat().st_size
    assert told["SHA-256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    sensor = report["labelled"][0]["sensors"]["320x240"]
    person, vehicle, two_wheeler, as_one = sensor["classes"]
    assert (person["label"], as_one["label"]) == ("person", "any")
    assert person["truths"] == as_one["truths"] == 9
    assert person["ap50"]["value"] > 0.8
    # What is not there has no average, and what is found of it is wrong.
    assert (vehicle["ap50"], two_wheeler["ap50"]) == (None, None)
    assert sensor["ap50"] == person["ap50"]
    # One sensor that stood still throughout: the figures are the same ones.
    assert report["labelled"][0]["cameras"] == {"static": sensor}
    page = (out / "report.md").read_text()
    assert "## By how the camera moved" in page
    assert "| simulated | static | person | 11 | 9 |" in page


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "there is nothing to judge on: give --simulated"),
        (["--pedro", "nowhere"], "nowhere: is not there; expected recordings"),
        (["--noise", "nowhere"], "nowhere"),
        (["--data", "."], "holds no labels"),
        (["--data", ".", "--weights", "nowhere"], "cannot read the weights nowhere"),
    ],
)
def test_what_cannot_be_judged_is_told_in_one_line(
    options: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["eval", "detector", *options]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert told in printed
    assert len(printed.splitlines()) == 1

"""A camera's file at work: real programs, and a gateway on a real socket."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from heliograph import camera
from loopback_gateway import MODEL, loopback_gateway
from moving_bar import BLOBS_LINE, write_moving_bar
from waiting import until

KEY = "hg-a-key-that-nobody-may-see"


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=1.5)


def heliograph(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heliograph", *map(str, arguments)],
        env={**os.environ, "CAMERA_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def written(folder: Path, text: str) -> Path:
    path = folder / "camera.yaml"
    path.write_text(f"{text}{BLOBS_LINE}")
    return path


def test_a_file_says_what_is_watched_whom_to_ask_and_as_whom(
    bar: Path, tmp_path: Path
) -> None:
    with loopback_gateway() as gateway:
        config = written(
            tmp_path,
            f"gateway: {{url: {gateway.url}, model: {MODEL}, key: env.CAMERA_KEY}}\n"
            f"capture: {{source: {bar}}}\n"
            "captioning: {again_s: 0}\n",
        )
        done = heliograph("watch", "--config", config)
        asked = gateway.questions
    assert (done.returncode, done.stderr) == (0, "")
    assert [question.body["model"] for question in asked] == [MODEL]
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in done.stdout


def test_a_file_tells_the_size_of_what_does_not_tell_it(
    bar: Path, tmp_path: Path
) -> None:
    with camera.open(bar) as recording:
        events = np.concatenate(list(recording))
    source = tmp_path / "bar.npy"
    np.save(source, events)
    out = tmp_path / "captions.jsonl"
    with loopback_gateway() as gateway:
        told = f"gateway: {{url: {gateway.url}, model: {MODEL}}}\n"
        config = written(tmp_path, f"{told}capture: {{source: {source}}}\n")
        done = heliograph("watch", "-c", config)
        assert done.returncode == 1
        assert "in a camera's file as capture.size" in done.stderr
        config = written(
            tmp_path, f"{told}capture: {{source: {source}, size: 320x240}}\n"
        )
        for command in (("watch",), ("caption", source)):
            done = heliograph(*command, "-c", config, "--out", out)
            assert done.returncode == 0, done.stderr
            assert out.read_text("utf-8")
            out.unlink()


def test_a_file_tells_that_a_recording_grows(bar: Path, tmp_path: Path) -> None:
    data, source = bar.read_bytes(), tmp_path / "growing.raw"
    source.write_bytes(data[: len(data) // 2])

    def grow() -> None:
        # By then all that was there is read, and more is waited for.
        until(lambda: bool(gateway.questions))
        with source.open("ab") as file:
            file.write(data[len(data) // 2 :])
        source.unlink()

    growing = threading.Thread(target=grow)
    with loopback_gateway() as gateway:
        config = written(
            tmp_path,
            f"gateway: {{url: {gateway.url}, model: {MODEL}}}\n"
            f"capture: {{source: {source}, follow: true}}\n"
            "captioning: {first_s: 0.1}\n",
        )
        growing.start()
        done = heliograph("watch", "-c", config)
    growing.join()
    assert done.returncode == 0, done.stderr
    assert "windows     150," in done.stdout


def test_places_of_the_file_are_captioned_and_explained(
    bar: Path, tmp_path: Path
) -> None:
    with loopback_gateway() as gateway:
        config = written(
            tmp_path,
            f"gateway: {{url: {gateway.url}, model: {MODEL}}}\n"
            "captioning: {again_s: 0}\n"
            "zones:\n  dock:\n    name: the loading dock\n"
            "    polygon: [[0.25, 0], [1, 0], [1, 1], [0.25, 1]]\n",
        )
        done = heliograph("watch", bar, "-c", config, "--explain")
        (question,) = gateway.questions
    assert done.returncode == 0, done.stderr
    assert (
        "It enters the loading dock."
        in question.body["messages"][0]["content"][0]["text"]
    )
    explained = [line for line in done.stdout.splitlines() if "track 1  " in line]
    assert any("asked, enter: it entered dock, by the view of" in x for x in explained)
    assert any("not asked: it has its caption" in line for line in explained)


def test_options_win_over_the_file(bar: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    with loopback_gateway() as gateway:
        config = written(
            tmp_path,
            "gateway: {url: 'http://127.0.0.1:9', model: a/b}\n"
            "capture: {source: nowhere.raw, speed: 0.001}\n",
        )
        options = ["--gateway", gateway.url, "--model", MODEL, "--speed", "max"]
        done = heliograph("watch", bar, "-c", config, "--out", out, *options)
        asked = gateway.questions
    assert done.returncode == 0, done.stderr
    assert {question.body["model"] for question in asked} == {MODEL}
    assert len(out.read_text().splitlines()) == len(asked) >= 1
    assert json.loads(out.read_text().splitlines()[0])["recording"] == "bar.raw"


def test_a_file_with_mistakes_is_not_begun_with(bar: Path, tmp_path: Path) -> None:
    config = written(tmp_path, "camera: dock\ngateway: {key: env.NOT_THERE}\nx: 1\n")
    for arguments in (("watch", bar, "--config", config), ("check", config)):
        done = heliograph(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        first, second, last = done.stderr.splitlines()
        assert first.startswith(f"{config}:2: gateway.key: the environment variable")
        assert second.startswith(f"{config}:3: x: unknown key; allowed here: camera,")
        assert last == "2 problems"


def test_a_good_file_is_summed_up_by_check(tmp_path: Path) -> None:
    config = written(tmp_path, "camera: dock-3\ngateway: {key: env.CAMERA_KEY}\n")
    done = heliograph("check", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{config}: camera dock-3\n")
    assert KEY not in done.stdout


def test_with_nothing_to_watch_it_says_what_to_do() -> None:
    done = heliograph("watch")
    assert done.returncode == 1
    assert done.stderr == (
        "error: there is nothing to watch: name a recording, or write it into the "
        "config as capture.source\n"
    )

"""The network's detector at work: real programs, recordings and a gateway."""

import json
import re
import socket
import urllib.request
from pathlib import Path

import pytest

from heliograph.camera.config import WatchSettings
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.types import Caption
from loopback_gateway import MODEL, Asked, Said, completion, loopback_gateway
from moving_bar import BAR_HEIGHT, BAR_TOP, BAR_WIDTH, write_moving_bar
from run_commands import Heliograph, runner
from small_networks import write_network

HALF = (4, 2)
"""In cells of 8 pixels: boxes as large as the bar on the network's input."""
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=1.6)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "bars.onnx"
    return write_network(path, bright={"person": 0.22}, half=HALF)


@pytest.fixture
def heliograph(capsys: pytest.CaptureFixture[str]) -> Heliograph:
    return runner(capsys)


def test_a_recording_becomes_captions_of_things_by_class(
    bar: Path, weights: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    out = tmp_path / "captions.jsonl"
    with loopback_gateway() as gateway:
        done = heliograph(
            "watch", bar, "--gateway", gateway.url, "--weights", weights,
            "--explain", "--out", out,
        )  # fmt: skip
        [asked] = gateway.questions
    assert (done.returncode, done.stderr) == (0, "")
    told = "network bars.onnx on cpu: person, vehicle, two-wheeler"
    assert done.stdout.startswith(f"things are found by {told}\n")
    assert f"\ndetector    {told}\n" in done.stdout
    assert "\ntracks      1 confirmed" in done.stdout
    [line] = [json.loads(line) for line in out.read_text().splitlines()]
    assert line["label"] == "person"
    x, y, width, height = line["box"]
    assert width == pytest.approx(BAR_WIDTH, abs=12)
    assert height == pytest.approx(BAR_HEIGHT, abs=12)
    assert y == pytest.approx(BAR_TOP, abs=12)
    assert 0 <= x < 200
    assert "class=person" in asked.headers["x-heliograph-tags"]


def test_the_rung_below_names_the_class(bar: Path, weights: Path) -> None:
    told = list[Caption]()

    def sick(asked: Asked) -> Said:
        del asked
        return Said(503)

    with loopback_gateway(sick) as gateway:
        watch(
            bar,
            gateway=gateway.url,
            model=MODEL,
            on_caption=told.append,
            settings=WatchSettings(
                detector=DetectorSettings("network", weights), again_us=None
            ),
        )
    assert told
    assert {caption.rung for caption in told} == {"template"}
    assert told[0].text.startswith("person, moving right, ")


def test_metrics_say_what_finds_things(bar: Path, weights: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    seen = list[str]()

    def look(asked: Asked) -> Said:
        del asked
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            seen.append(page.read().decode())
        return completion("a bar")

    with loopback_gateway(look) as gateway:
        watch(
            bar,
            gateway=gateway.url,
            settings=WatchSettings(
                detector=DetectorSettings("network", weights),
                metrics=("127.0.0.1", port),
            ),
        )
    wanted = (
        'heliograph_camera_detector_info{kind="network",provider="cpu",'
        'weights="bars.onnx"} 1.0'
    )
    assert wanted in seen[0].splitlines()


def test_a_film_and_a_batch_take_the_network_too(
    bar: Path, weights: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    film, out = tmp_path / "bar.gif", tmp_path / "captions.jsonl"
    done = heliograph("render", bar, film, "--weights", weights, "--fps", "5")
    assert done.returncode == 0, done.stderr
    assert film.stat().st_size > 1_000
    with loopback_gateway() as gateway:
        done = heliograph(
            "caption", bar, "--gateway", gateway.url, "--detector", "network",
            "--weights", weights, "--out", out,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text().splitlines()[0])["label"] == "person"


def test_weights_that_cannot_be_used_end_each_command_before_it_asks(
    bar: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    bad, out = tmp_path / "bad.onnx", tmp_path / "out.jsonl"
    bad.write_bytes(b"weights of something else")
    film = tmp_path / "bar.mp4"
    commands: list[tuple[str | Path, ...]] = [
        ("watch", bar, "--gateway", NOBODY, "--out", out),
        ("caption", bar, "--gateway", NOBODY, "--out", out),
        ("render", bar, film),
    ]
    for command in commands:
        done = heliograph(*command, "--weights", bad)
        assert done.returncode == 1
        said = f"{bad} cannot be used: it is damaged, or no ONNX model"
        assert said in re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert not film.exists()
    for told, said in (
        (("--weights", tmp_path / "none.onnx"), "cannot read the weights"),
        (("--detector", "blobs", "--weights", bad), "blobs have neither weights"),
    ):
        done = heliograph("watch", bar, "--gateway", NOBODY, *told)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert said in done.stderr


def test_a_file_says_what_finds_things_and_is_told_its_mistakes(
    bar: Path, weights: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    config = tmp_path / "camera.yaml"
    config.write_text(
        f"detector:\n  weights: {weights}\n  score_min: {{person: 0.6}}\n"
        "  provider: cpu\n"
    )
    done = heliograph("check", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"finds things by a network, {weights}" in done.stdout
    with loopback_gateway() as gateway:
        asked = ("watch", bar, "-c", config, "--gateway", gateway.url)
        done = heliograph(*asked)
        assert "\ndetector    network bars.onnx on cpu" in done.stdout
        done = heliograph(*asked, "--detector", "blobs")
        assert "\ndetector    blobs\n" in done.stdout
    config.write_text(f"detector:\n  score_min: {{dog: 0.6}}\n  weights: {weights}\n")
    done = heliograph("watch", bar, "-c", config, "--gateway", NOBODY)
    assert done.stderr.startswith("error: score_min names 'dog', which the detector")
    zone = "zones: {dock: {polygon: [[0, 0], [1, 0], [1, 1]], labels: [lorry]}}\n"
    config.write_text(f"{zone}detector: {{weights: {weights}}}\n")
    done = heliograph("watch", bar, "-c", config, "--gateway", NOBODY)
    assert done.stderr.startswith("error: dock is for 'lorry', which the detector neve")
    config.write_text("detector:\n  kind: yolo\n  score_min: 1.5\n  weigths: x\n")
    done = heliograph("check", config)
    assert done.returncode == 1
    said = [line.partition(f"{config}:")[2] for line in done.stderr.splitlines()]
    one_or_each = "a score above 0 and up to 1, or a table of them by class"
    assert said[:3] == [
        '2: detector.kind: unknown detector "yolo"; write network or blobs',
        f"3: detector.score_min: 1.5 cannot be used; write {one_or_each}",
        '4: detector.weigths: unknown key; did you mean "weights"?',
    ]

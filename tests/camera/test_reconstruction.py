"""Pictures that a network makes of events, in a watch by its command line."""

import asyncio
import base64
import json
import re
import socket
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.cli import main
from heliograph.simulation.providers.server import SimulatedProviders
from loopback_gateway import Asked, Said, completion, loopback_gateway
from moving_bar import BLOBS_LINE, BLOBS_OPTIONS, write_moving_bar
from run_commands import Heliograph, runner
from small_reconstructions import write_reconstruction

NOBODY = "http://127.0.0.1:9"
HALF = 512
"""Columns of a montage's half."""
RECKONED = "as a network reckons its light and dark"
SEEN = "as a picture of the last tenth of a second"


@pytest.fixture
def heliograph(capsys: pytest.CaptureFixture[str]) -> Heliograph:
    return runner(capsys)


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=2.5)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reconstruction(tmp_path_factory.mktemp("weights") / "small.onnx")


def shown(asked: Asked) -> tuple[str, NDArray[np.uint8]]:
    """Return the text of a question, and its picture in grey."""
    parts = {part["type"]: part for part in asked.body["messages"][0]["content"]}
    data = base64.b64decode(parts["image_url"]["image_url"]["url"].partition(",")[2])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return parts["text"]["text"], np.asarray(picture, np.uint8)


def test_the_montage_shows_what_the_network_makes_of_the_track(
    bar: Path, weights: Path, heliograph: Heliograph
) -> None:
    with loopback_gateway() as gateway:
        command = ("watch", bar, "--gateway", gateway.url, *BLOBS_OPTIONS)
        plain = heliograph(*command)
        done = heliograph(*command, "--reconstruction", weights)
        before, after = map(shown, gateway.questions)
    assert (plain.returncode, done.returncode, done.stderr) == (0, 0, "")
    assert "\npictures    1 reconstructed\n" in done.stdout
    assert "reconstructed" not in plain.stdout
    assert SEEN in before[0]
    assert f"Left: {RECKONED}" in after[0]
    assert before[0].replace(SEEN, "") != after[0]
    # Events and scene are as ever; in the picture's place is another, of the same part.
    assert np.array_equal(before[1][:, HALF // 2 :], after[1][:, HALF // 2 :])
    picture, made = (one[1][:, : HALF // 2].astype(int) for one in (before, after))
    assert (picture != made).mean() > 0.2
    assert made.std() > 1.5 * picture.std()
    busy = cv2.blur(np.abs(picture - 128).astype(np.float32), (9, 9)) > 3
    assert made[busy].std() > 3 * made[~busy].std()


async def test_a_simulated_provider_is_shown_it_and_answers(
    bar: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_API_KEY", "any")
    out, shots = tmp_path / "captions.jsonl", tmp_path / "shots"
    config = tmp_path / "camera.yaml"
    config.write_text(
        f"{BLOBS_LINE}captioning: {{reconstruction: {weights}, moments: true}}\n"
        f"snapshots: {{folder: {shots}}}\n"
    )
    async with SimulatedProviders() as simulated:
        options = ["--gateway", simulated.base_url, "--out", str(out)]
        command = ["watch", str(bar), "-c", str(config), *options]
        assert await asyncio.to_thread(main, command) == 0
    [line] = [json.loads(line) for line in out.read_text().splitlines()]
    assert line["rung"] == "cloud"
    assert line["text"]
    [shot] = shots.glob("*.png")
    picture = cv2.imread(str(shot), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape == (576, 1024)
    assert (picture[:384, : HALF // 2] == 254).any()


def test_a_network_that_fails_while_it_runs_costs_no_caption(
    bar: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    sick = write_reconstruction(tmp_path / "sick.onnx", busy_max=300.0)
    seen, pages = list[str](), list[str]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        metrics = f"127.0.0.1:{listening.getsockname()[1]}"

    def look(asked: Asked) -> Said:
        seen.append(shown(asked)[0])
        with urllib.request.urlopen(f"http://{metrics}/metrics") as page:
            pages.append(page.read().decode())
        return completion("a bar")

    with loopback_gateway(look) as gateway:
        config = tmp_path / "camera.yaml"
        config.write_text(
            f"{BLOBS_LINE}captioning: {{again_s: 0.3, captions_per_s: 20}}\n"
        )
        done = heliograph(
            "watch", bar, "-c", config, "--gateway", gateway.url,
            "--reconstruction", sick, "--metrics", metrics,
        )  # fmt: skip
    assert done.returncode == 0
    number = len(seen)
    assert number >= 2
    assert all(SEEN in text and RECKONED not in text for text in seen)
    assert f"\ncaptions    {number} of {number} asked" in done.stdout
    told = f"\npictures    0 reconstructed, {number} not: the network failed\n"
    assert told in done.stdout
    [warning] = done.stderr.splitlines()
    assert warning.startswith("warning: a picture was not reconstructed: ")
    assert warning.endswith("from now on this is only counted")
    wanted = r'heliograph_camera_reconstructions_total\{outcome="failed"\} [1-9]'
    assert re.search(wanted, pages[-1])


def test_a_file_of_another_contract_ends_each_command_before_it_asks(
    bar: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    bad, out = tmp_path / "bad.onnx", tmp_path / "out.jsonl"
    bad.write_bytes(b"weights of something else")
    foreign = write_reconstruction(tmp_path / "foreign.onnx", after="_next")
    for command in ("watch", "caption"):
        for weights, told in (
            (bad, f"{bad} cannot be used: it is damaged, or no ONNX model"),
            (foreign, f"{foreign} cannot be used: none of its outputs is called state"),
            (tmp_path / "none.onnx", "cannot read the weights"),
        ):
            options = ("--gateway", NOBODY, "--out", out, "--reconstruction", weights)
            done = heliograph(command, bar, *options)
            assert done.returncode == 1
            assert told in re.sub(r"\s+", " ", done.stdout + done.stderr)
            for left in tmp_path.glob("out.jsonl*"):
                left.unlink()


def test_a_batch_shows_it_too(
    bar: Path, weights: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    with loopback_gateway() as gateway:
        done = heliograph(
            "caption", bar, "--gateway", gateway.url, "--out", tmp_path / "out.jsonl",
            "--reconstruction", weights, *BLOBS_OPTIONS,
        )  # fmt: skip
        [asked] = gateway.questions
    assert done.returncode == 0, done.stderr
    assert RECKONED in shown(asked)[0]


def test_a_file_says_which_network_and_is_told_its_mistakes(
    weights: Path, tmp_path: Path, heliograph: Heliograph
) -> None:
    config = tmp_path / "camera.yaml"
    config.write_text(f"captioning: {{reconstruction: {weights}}}\n")
    done = heliograph("check", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"shows pictures that {weights} makes of events" in done.stdout
    config.write_text("captioning: {reconstruction: [a, b]}\n")
    done = heliograph("check", config)
    assert done.returncode == 1
    assert "captioning.reconstruction: expected a file of weights" in done.stderr

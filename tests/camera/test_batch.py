"""A folder of recordings: each scene once, whatever came between."""

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from heliograph.camera.batch import run_batch
from loopback_gateway import Asked, Said, completion, loopback_gateway
from moving_bar import write_moving_bar

NAMES = ("a.raw", "b/c.raw", "d.raw")
COSTS = {"x-heliograph-provider": "openai", "x-heliograph-cost-usd": "0.010000000"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "b").mkdir()
    for number, name in enumerate(NAMES, 1):
        # Each of another seed: their beginnings are what tells them apart.
        write_moving_bar(folder / name, seconds=1.3 + number / 10, seed=number)
    (folder / "notes.txt").write_text("no recording")
    return folder


def priced(asked: Asked) -> Said:
    del asked
    return completion("a person walks by", **COSTS)


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_every_recording_is_captioned_and_a_second_run_asks_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "captions.jsonl"
    with loopback_gateway(priced) as gateway:
        assert run_batch(folder, out, gateway=gateway.url) == 0
        told = capsys.readouterr().out
        asked = len(gateway.questions)
        assert run_batch(folder, out, gateway=gateway.url, resume=True) == 0
        assert len(gateway.questions) == asked
        assert run_batch(folder, out, gateway=gateway.url) == 1
    assert "go on with it by --resume" in capsys.readouterr().err.lower()
    assert {line["recording"] for line in lines(out)} == {"a.raw", "c.raw", "d.raw"}
    assert len(lines(out)) == asked
    assert f"3 recordings done, 0 left, {asked} captions" in told
    assert "1/4 a.raw: " in told
    assert "b/c.raw: " in told
    assert f"${asked / 100:.4f} in all" in told


def test_a_cap_ends_it_and_resume_goes_on_with_what_was_spent(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "captions.jsonl"
    with loopback_gateway(priced) as gateway:
        assert run_batch(folder, out, gateway=gateway.url, cost_max_usd=0.01) == 1
        assert "the cap of $0.01 is reached" in capsys.readouterr().err
        before = len(gateway.questions)
        again = run_batch(
            folder, out, gateway=gateway.url, cost_max_usd=0.01, resume=True
        )
        assert (again, len(gateway.questions)) == (1, before)
        assert run_batch(folder, out, gateway=gateway.url, resume=True) == 0
    ids = Counter(line["id"] for line in lines(out) if line["rung"] == "cloud")
    assert set(ids.values()) == {1}
    assert len({line["recording"] for line in lines(out)}) == 3


def test_a_cap_without_prices_is_no_cap_and_ends_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "captions.jsonl"
    with loopback_gateway(lambda _: completion("something")) as gateway:
        assert run_batch(folder, out, gateway=gateway.url, cost_max_usd=5.0) == 1
    assert "the gateway told no price" in capsys.readouterr().err


def test_a_gateway_that_goes_ends_it_and_resume_catches_up(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "captions.jsonl"
    body = b'{"error": {"message": "all targets are down"}}'
    with loopback_gateway(lambda _: Said(503, body)) as gateway:
        assert run_batch(folder, out, gateway=gateway.url) == 1
        told = capsys.readouterr().err
        assert "wait for the gateway: HTTP 503: all targets are down; --resume" in told
        gateway.answering = priced
        assert run_batch(folder, out, gateway=gateway.url, resume=True) == 0
    told_by = Counter((line["id"], line["rung"]) for line in lines(out))
    assert set(told_by.values()) == {1}
    models = {id_ for id_, rung in told_by if rung == "cloud"}
    assert {id_ for id_, _ in told_by} == models


def test_killed_in_the_middle_it_goes_on_with_each_scene_once(
    folder: Path, tmp_path: Path
) -> None:
    out, whole = tmp_path / "captions.jsonl", tmp_path / "whole.jsonl"
    third = threading.Event()

    def answer(asked: Asked) -> Said:
        if len(gateway.questions) == 3:
            third.set()
        return priced(asked)

    with loopback_gateway(priced) as gateway:
        assert run_batch(folder, whole, gateway=gateway.url) == 0
        gateway.asked.clear()
        gateway.answering = answer
        command = [sys.executable, "-m", "heliograph", "caption", str(folder)]
        command += ["--out", str(out), "--gateway", gateway.url]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as batch:
            assert third.wait(30)
            batch.send_signal(signal.SIGKILL)
        assert run_batch(folder, out, gateway=gateway.url, resume=True) == 0
    ids = Counter(line["id"] for line in lines(out) if line["rung"] == "cloud")
    assert set(ids.values()) == {1}
    assert set(ids) == {line["id"] for line in lines(whole)}


def test_what_is_no_folder_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_batch(tmp_path / "no", tmp_path / "captions.jsonl") == 1
    assert capsys.readouterr().err.endswith("no is no folder\n")

"""Clips beside captions, from the command line to other tools' decoders."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import eventcv
import numpy as np
import pytest

from heliograph import camera
from heliograph.camera.config import ClipSettings, WatchSettings, WebhookSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.types import Packet
from heliograph.yaml_reading.secret import Secret
from loopback_gateway import MODEL, Asked, Said, loopback_gateway, one_line_about
from moving_bar import BLOBS, BLOBS_OPTIONS, SIZE, write_moving_bar

KILLED = """
import sys
from pathlib import Path
from heliograph.camera.config import ClipSettings, SpoolSettings, WatchSettings
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.pipeline import watch

bar, url, folder = sys.argv[1:]
watch(bar, gateway=url, out=Path(folder, "captions.jsonl"), speed=2.0, resume=True,
      settings=WatchSettings(captions_per_s=20.0, again_us=50_000,
          detector=DetectorSettings("blobs"),
          spool=SpoolSettings(Path(folder, "spool.db"), captions_per_s=1000.0),
          clips=ClipSettings(Path(folder, "clips"), 300_000, 300_000)))
"""


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=2.5)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def events_of(path: Path | str) -> Packet:
    with camera.open(path) as recording:
        return np.concatenate(list(recording))


def between(events: Packet, clip: dict[str, Any]) -> Packet:
    """Return what *clip* is to hold of *events*, by whole windows of 10 ms."""
    begin_us, end_us = round(clip["from_s"] * 1e6), round(clip["to_s"] * 1e6)
    end_us += -end_us % 10_000
    first, end = np.searchsorted(events["t"], [begin_us, end_us])
    return events[first:end]


def test_an_option_keeps_clips_that_every_decoder_reads(
    bar: Path, tmp_path: Path
) -> None:
    out, folder = tmp_path / "captions.jsonl", tmp_path / "clips"
    command = [sys.executable, "-m", "heliograph", "watch"]
    config = tmp_path / "camera.yaml"
    config.write_text("clips: {folder: nowhere, before_s: 0.4, after_s: 0.3}\n")
    with loopback_gateway() as gateway:
        options = ["--gateway", gateway.url, "--model", MODEL, "--out", str(out)]
        options += ["--config", str(config), "--clips", str(folder), *BLOBS_OPTIONS]
        done = subprocess.run(
            [*command, str(bar), *options], capture_output=True, text=True, check=True
        )
        told = [line["clip"] for line in lines(out)]
        whole = events_of(bar)
        for clip in told:
            assert clip["to_s"] - clip["from_s"] == pytest.approx(0.7, abs=0.01)
            expected = between(whole, clip)
            assert len(expected) > 1_000
            assert np.array_equal(events_of(clip["file"]), expected)
            theirs = eventcv.load(clip["file"]).numpy()
            assert np.array_equal(np.sort(theirs[:, 0]), np.sort(expected["x"]))
            # A clip is a recording like any other.
            again = subprocess.run(
                [*command, clip["file"], *options[:4]],
                capture_output=True,
                text=True,
                check=False,
            )
            assert f"events      {len(expected):,}," in again.stdout
    assert len(told) >= 1
    assert {Path(clip["file"]) for clip in told} == set(folder.iterdir())
    assert f"clips       {len(told)} written" in done.stdout


def test_clips_of_a_pipe_are_those_of_the_file(bar: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    command = [sys.executable, "-m", "heliograph", "watch", "-"]
    with loopback_gateway() as gateway:
        command += ["--gateway", gateway.url, "--model", MODEL, "--out", str(out)]
        command += ["--clips", str(tmp_path / "clips"), *BLOBS_OPTIONS]
        subprocess.run(command, input=bar.read_bytes(), capture_output=True, check=True)
    (clip, *_) = (line["clip"] for line in lines(out))
    assert np.array_equal(events_of(clip["file"]), between(events_of(bar), clip))


def test_clips_of_a_format_without_words_hold_its_events(
    bar: Path, tmp_path: Path
) -> None:
    # A watch is lent its windows: each is decoded over the one before.
    whole, source, out = events_of(bar), tmp_path / "bar.npy", tmp_path / "out.jsonl"
    whole["t"] -= whole["t"][0]
    np.save(source, whole)
    clips = ClipSettings(tmp_path / "clips", 300_000, 300_000)
    with loopback_gateway() as gateway:
        watch(
            source,
            size=SIZE,
            gateway=gateway.url,
            model=MODEL,
            out=out,
            settings=WatchSettings(detector=BLOBS, clips=clips),
        )
    (clip, *_) = (line["clip"] for line in lines(out))
    assert np.array_equal(events_of(clip["file"]), between(whole, clip))


def test_a_webhook_is_told_of_the_clip(bar: Path, tmp_path: Path) -> None:
    clips = ClipSettings(tmp_path / "clips", 300_000, 300_000)
    with loopback_gateway() as gateway, loopback_gateway(lambda _: Said()) as receiver:
        settings = WatchSettings(
            detector=BLOBS, webhook=WebhookSettings(Secret(receiver.url)), clips=clips
        )
        summary = watch(bar, gateway=gateway.url, model=MODEL, settings=settings)
        posted = [post.body["clip"]["file"] for post in receiver.asked]
    assert len(posted) == summary.captions >= 1
    assert all(Path(file).is_file() for file in posted)
    assert summary.clips is not None
    assert summary.clips.written == summary.captions


def test_a_gateway_that_is_away_costs_no_clip(bar: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    clips = ClipSettings(tmp_path / "clips", 300_000, 300_000)
    with loopback_gateway(lambda _: Said(503)) as gateway:
        settings = WatchSettings(detector=BLOBS, clips=clips)
        watch(bar, gateway=gateway.url, model=MODEL, out=out, settings=settings)
    assert {line["rung"] for line in lines(out)} == {"template"}
    assert all(Path(line["clip"]["file"]).is_file() for line in lines(out))


def test_a_watch_that_is_stopped_writes_what_there_is(
    bar: Path, tmp_path: Path
) -> None:
    stop, folder = threading.Event(), tmp_path / "clips"

    def answer(asked: Asked) -> Said:
        stop.set()
        return one_line_about(asked)

    with loopback_gateway(answer) as gateway:
        summary = watch(
            bar,
            gateway=gateway.url,
            model=MODEL,
            speed=1.0,
            stop=stop,
            settings=WatchSettings(
                detector=BLOBS, clips=ClipSettings(folder, 300_000, 60_000_000)
            ),
        )
    assert summary.stopped
    names = [each.name for each in folder.iterdir()]
    assert names
    assert all(name.endswith(".raw") for name in names)
    assert all(len(events_of(folder / name)) for name in names)


def test_after_a_kill_each_caption_has_its_clip_and_each_clip_its_caption(
    bar: Path, tmp_path: Path
) -> None:
    asked = threading.Semaphore(0)

    def answer(said: Asked) -> Said:
        asked.release()
        return one_line_about(said)

    with loopback_gateway(answer) as gateway:
        command = [sys.executable, "-c", KILLED, str(bar), gateway.url, str(tmp_path)]
        with subprocess.Popen(command) as killed:
            for _ in range(4):
                assert asked.acquire(timeout=30)
            killed.kill()
        cut = list((tmp_path / "clips").glob("*.part"))
        assert cut
        done = {each.name: each.stat().st_mtime_ns for each in finished(tmp_path)}
        time.sleep(0.01)
        subprocess.run(command, check=True, timeout=60)
    told = {line["id"]: line["clip"] for line in lines(tmp_path / "captions.jsonl")}
    assert {Path(clip["file"]) for clip in told.values()} == set(finished(tmp_path))
    assert list((tmp_path / "clips").glob("*.part")) == []
    whole = events_of(bar)
    for clip in told.values():
        assert np.array_equal(events_of(clip["file"]), between(whole, clip))
    # What was whole before was not made again.
    now = {each.name: each.stat().st_mtime_ns for each in finished(tmp_path)}
    assert {name: now[name] for name in done} == done


def finished(folder: Path) -> list[Path]:
    return list((folder / "clips").glob("*.raw"))

"""Pipes and files that grow, as a watch and a cut meet them."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from event_words import SMALL_EVT3
from heliograph import camera
from heliograph.camera.command import INTERRUPTED
from heliograph.camera.config import WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.screen import Look, Screen
from heliograph.camera.types import Caption, Track
from loopback_gateway import MODEL, loopback_gateway
from moving_bar import BLOBS, BLOBS_OPTIONS, write_moving_bar
from waiting import until

BY_BLOBS = WatchSettings(detector=BLOBS)


def test_a_pipe_is_cut_into_a_file(tmp_path: Path) -> None:
    out = tmp_path / "part.raw"
    command = [
        sys.executable,
        "-m",
        "heliograph",
        "cut",
        "-",
        str(out),
        "--to",
        "0.002",
    ]
    done = subprocess.run(command, input=SMALL_EVT3, capture_output=True, check=True)
    assert b"part.raw: 21 events and 1 triggers in 0.002 s" in done.stdout
    with camera.open(out) as recording:
        events = np.concatenate(list(recording))
    assert len(events) == 21
    assert events["t"].tolist() == [8202] * 21


def test_a_pipe_is_watched(tmp_path: Path) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=1.5)
    out = tmp_path / "captions.jsonl"
    with loopback_gateway() as gateway:
        command = [sys.executable, "-m", "heliograph", "watch", "-", *BLOBS_OPTIONS]
        command += ["--gateway", gateway.url, "--model", MODEL, "--out", str(out)]
        subprocess.run(command, input=bar.read_bytes(), capture_output=True, check=True)
    line = json.loads(out.read_text("utf-8").splitlines()[0])
    assert (line["recording"], line["text"]) == ("stdin", "a person walks by")


def test_a_pipe_is_no_file_that_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each pipe's alerts had the ids of the last one's, and `--out -` was lost."""
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=1.5)
    monkeypatch.chdir(tmp_path)
    out = Path("-")
    out.write_text("")
    with loopback_gateway() as gateway:
        command = [sys.executable, "-m", "heliograph", "watch", "-", *BLOBS_OPTIONS]
        command += ["--gateway", gateway.url, "--model", MODEL, "--out", str(out)]
        subprocess.run(command, input=bar.read_bytes(), capture_output=True, check=True)
    line = json.loads(out.read_text("utf-8").splitlines()[0])
    assert line["id"].startswith("live-")


def test_a_file_that_grows_is_watched_until_it_is_deleted(tmp_path: Path) -> None:
    data = write_moving_bar(tmp_path / "bar.raw", seconds=1.5).read_bytes()
    path = tmp_path / "growing.raw"
    path.write_bytes(data[: len(data) // 2])

    def grow() -> None:
        with path.open("ab") as file:
            file.write(data[len(data) // 2 :])
        path.unlink()

    growing = threading.Timer(0.3, grow)
    growing.start()
    with loopback_gateway() as gateway:
        summary = watch(
            path, gateway=gateway.url, model=MODEL, follow=True, settings=BY_BLOBS
        )
    growing.join()
    assert (summary.windows, summary.broken) == (150, None)
    assert summary.captions >= 1


class StopsAfter(Screen):
    """Somebody who has seen enough after some windows."""

    def __init__(self, windows: int, stop: threading.Event) -> None:
        self._left, self._stop = windows, stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        return

    def window(
        self,
        now_us: int,  # noqa: ARG002 - as a watch calls it; so the others
        events: int,  # noqa: ARG002
        tracks: Sequence[Track],  # noqa: ARG002
        picture: Look,  # noqa: ARG002
    ) -> None:
        self._left -= 1
        if self._left == 0:
            self._stop.set()

    def caption(self, caption: Caption) -> None:
        """Nobody reads along."""


def test_a_watch_of_a_file_that_grows_ends_when_it_is_told_to_stop(
    tmp_path: Path,
) -> None:
    path = write_moving_bar(tmp_path / "bar.raw", seconds=0.3)
    stop = threading.Event()
    with loopback_gateway() as gateway:
        summary = watch(
            path,
            gateway=gateway.url,
            model=MODEL,
            follow=True,
            screens=(lambda *_: StopsAfter(29, stop),),
            stop=stop,
            settings=BY_BLOBS,
        )
    assert summary.stopped
    # What was written is read, and the file still grows for all that anybody knows.
    assert summary.windows >= 29


def test_datagrams_are_watched_until_somebody_ends_it(tmp_path: Path) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=2.0).read_bytes()
    words = bar[bar.index(b"% end\n") + 6 :]
    out = tmp_path / "captions.jsonl"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        place = found.getsockname()
    source = f"udp://127.0.0.1:{place[1]}?format=evt3&width=320&height=240"
    with loopback_gateway() as gateway:
        command = [sys.executable, "-m", "heliograph", "watch", source, *BLOBS_OPTIONS]
        command += ["--gateway", gateway.url, "--model", MODEL, "--out", str(out)]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sensor,
        ):
            sensor.connect(place)
            until(lambda: is_heard(sensor))
            for at in range(0, len(words), 1_400):
                sensor.send(words[at : at + 1_400])
                time.sleep(0.0005)
            until(lambda: out.exists() and out.read_text("utf-8").endswith("\n"))
            watching.send_signal(signal.SIGINT)
            told, _ = watching.communicate(timeout=60)
    assert watching.returncode == INTERRUPTED
    line = json.loads(out.read_text("utf-8").splitlines()[0])
    assert (line["recording"], line["text"]) == (
        f"127.0.0.1:{place[1]}",
        "a person walks by",
    )
    assert line["id"].startswith("live-")
    assert "0 packets lost" in told


def is_heard(sensor: socket.socket) -> bool:
    """Say whether somebody listens: else the system answers that nobody does."""
    try:
        sensor.send(b"")
        time.sleep(0.01)
        sensor.send(b"")
    except ConnectionRefusedError:
        return False
    return True

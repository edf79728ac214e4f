"""`heliograph render`, as a user runs it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from event_words import SMALL_EVT3
from heliograph import camera
from heliograph.camera.config import SettingError, WatchSettings
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.render import Frames, read_captions, render
from heliograph.camera.sinks.overlay import BAND, COLOURS
from heliograph.cli import main
from moving_bar import BAR_TOP, BLOBS_OPTIONS, REST_S, SPEED_PX_S, write_moving_bar

SECONDS = 1.5
SHOWN_S = 1.2


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=SECONDS)


def line(t_us: int, text: str, **other: object) -> str:
    left = 10 + SPEED_PX_S * (t_us / 1e6 - REST_S)
    box = [left, BAR_TOP, 40, 90]
    return json.dumps({"t": t_us, "box": box, "text": text, **other})


def ran(*arguments: object) -> int:
    return main(["render", *map(str, arguments)])


def frame_at(film: Path, at_s: float, fps: float) -> NDArray[np.uint8]:
    with Image.open(film) as image:
        image.seek(round(at_s * fps) - 1)
        return np.asarray(image.convert("RGB"))


def test_a_recording_becomes_a_film_with_boxes_and_captions(
    bar: Path, tmp_path: Path
) -> None:
    captions, film = tmp_path / "captions.jsonl", tmp_path / "bar.gif"
    rows = [
        line(1_000_000, "A bar that goes to the right"),
        "",
        line(900_000, "", error="timeout"),
    ]
    captions.write_text("\n".join(rows))
    options = ["--captions", str(captions), "--fps", "10", *BLOBS_OPTIONS]
    done = subprocess.run(
        [sys.executable, "-m", "heliograph", "render", bar, film, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{film}: 15 frames, 1.5 s, ")
    shown = frame_at(film, SHOWN_S, 10)
    yellow = (shown == COLOURS["confirmed"]).all(axis=2)
    rows_, columns = np.nonzero(yellow)
    left = 10 + SPEED_PX_S * (SHOWN_S - REST_S)
    assert columns.min() / 2 == pytest.approx(left, abs=16)
    assert rows_.min() / 2 < BAR_TOP + 16
    chip = (shown[:480] == BAND).all(axis=2).sum()
    before = (frame_at(film, 0.9, 10)[:480] == BAND).all(axis=2).sum()
    assert chip > 1.5 * before > 0, "the caption has made it larger"


def test_a_film_is_slower_and_finer_where_that_is_asked_for(
    bar: Path, tmp_path: Path
) -> None:
    film = tmp_path / "bar.mp4"
    shares: list[float] = []
    number = render(bar, film, fps=10.0, speed=0.5, progress=shares.append)
    assert number == round(SECONDS * 10 / 0.5)
    assert shares == sorted(shares)
    assert shares[-1] > 0.95
    shown = cv2.VideoCapture(str(film))
    assert shown.get(cv2.CAP_PROP_FRAME_COUNT) == number


def test_a_film_that_is_there_stays_unless_it_is_forced(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "bar.gif"
    film.write_bytes(b"old")
    assert (ran(bar, film), film.read_bytes()) == (1, b"old")
    told = capsys.readouterr().err
    assert told == f"error: {film} is already there; --force overwrites it\n"
    assert ran(bar, film, "--force", "--fps", 5) == 0
    assert film.read_bytes().startswith(b"GIF89a")


def test_what_was_read_of_a_broken_recording_is_shown_and_the_break_told(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, film = tmp_path / "cut.raw", tmp_path / "cut.gif"
    data = bar.read_bytes()
    cut.write_bytes(data[: len(data) // 2 + 1])
    assert ran(cut, film, "--fps", 5) == 1
    assert "the file ends within a word" in capsys.readouterr().err
    with Image.open(film) as image:
        assert 2 <= getattr(image, "n_frames", 1) < SECONDS * 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bar.avi"], "bar.avi: a film's name ends in .mp4 or .gif"),
        (["nowhere/bar.gif"], "cannot write nowhere/bar.gif: no such file"),
        (["bar.gif", "--fps", "0.5"], "fps must be from 1 to 240, not 0.5"),
        (["bar.gif", "--captions", "no.jsonl"], "cannot read no.jsonl: no such file"),
    ],
)
def test_what_cannot_be_done_is_told(
    bar: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(bar, *arguments) == 1
    assert capsys.readouterr().err.startswith(f"error: {told}")


def test_a_film_is_thinned_by_rate_whatever_its_windows_are(bar: Path) -> None:
    thin = WatchSettings(filters=FilterSettings(events_per_s_max=20_000))
    left = []
    for delta_t_us in (2_000, 10_000):
        with camera.open(bar, delta_t_us) as recording:
            frames = Frames(recording, "bar", 10_000 // delta_t_us, (), thin)
            assert sum(1 for _ in frames) > 100
        counted = frames._stages.filtered
        left.append(counted.taken - counted.thinned)
        assert counted.thinned > 0
        assert left[-1] <= 20_000 * SECONDS
    # In short windows more are at the limit, so that no more is left.
    assert left[0] <= left[1]


def test_a_pipe_becomes_a_film_too(tmp_path: Path) -> None:
    pipe, film = tmp_path / "pipe", tmp_path / "film.gif"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=[SMALL_EVT3])
    writing.start()
    assert render(pipe, film) == 1
    writing.join()
    assert film.stat().st_size > 0


def test_a_recording_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(tmp_path / "no.raw", tmp_path / "no.gif") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: cannot read {tmp_path / 'no.raw'}: no such")


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"t": 1, "box": [1, 2, 3], "text": "x"}', '{"t": ']
)
def test_a_line_that_is_no_caption_is_told_with_its_number(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "captions.jsonl"
    path.write_text(f"{line(1, 'good')}\n{text}\n")
    with pytest.raises(SettingError, match=r"captions\.jsonl, line 2: no caption"):
        read_captions(path)

"""The filters as options of the programs, on files."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from heliograph.camera.config import WatchSettings
from heliograph.camera.config.filter_settings import FilterSettings, Region
from heliograph.camera.pipeline import watch
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.summary import render_summary
from heliograph.camera.types import EVENT
from heliograph.cli import main, parser
from heliograph.cli.filters import filter_changes
from loopback_gateway import loopback_gateway
from moving_bar import BLOBS, BLOBS_OPTIONS, SIZE, write_moving_bar

HOT = (7, 9)


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=1.5)


def write_rest(path: Path, *, seconds: float) -> Path:
    """Write a scene at rest, seen by a sensor with one hot pixel and some noise."""
    rng = np.random.default_rng(5)
    with Evt3Writer(path, SIZE) as writer:
        for t_us in range(0, round(seconds * 1e6), 10_000):
            events = np.zeros(20, EVENT)
            events["x"] = rng.integers(0, SIZE.width, 20)
            events["y"] = rng.integers(0, SIZE.height, 20)
            events["t"] = np.arange(t_us, t_us + 10_000, 500)
            events["x"][10], events["y"][10] = HOT
            writer.append(events)
    return path


def test_hot_pixels_are_found_saved_and_left_out_of_a_watch(tmp_path: Path) -> None:
    rest, mask = write_rest(tmp_path / "rest.raw", seconds=1.0), tmp_path / "hot.png"
    command = [sys.executable, "-m", "heliograph", "hot-pixels", str(rest)]
    done = subprocess.run(
        [*command, "--out", str(mask), "--hz", "50"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "hot pixels: 1 in 1.00 s of recording; "
        f"`heliograph watch --mask {mask}` leaves them out\n"
    )
    picture = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    assert [(int(x), int(y)) for y, x in np.argwhere(picture == 0)] == [HOT]
    with loopback_gateway() as gateway:
        settings = WatchSettings(filters=FilterSettings(masks=(mask,), background_us=0))
        summary = watch(rest, gateway=gateway.url, settings=settings)
    assert summary.filtered.mask == summary.filtered.removed == 100
    assert "left out    100 events, mask 100" in render_summary(summary)


def test_what_the_options_leave_out_is_not_captioned(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "captions.jsonl", tmp_path / "camera.yaml"
    file.write_text("filters: {background_ms: 0, regions: [[0, 0, 1, 1]]}")
    with loopback_gateway() as gateway:
        asking = ["watch", str(bar), "--gateway", gateway.url, "--out", str(out)]
        asking += BLOBS_OPTIONS
        narrow = ["--config", str(file), "--roi", "0,0,320,40", "--roi", "0,170,99,9"]
        assert main([*asking, *narrow]) == 0
        nothing = capsys.readouterr().out
        assert main([*asking, "--rate-max", "0.02"]) == 0
        thinned = capsys.readouterr().out
    assert "captions    0 of 0 asked" in nothing
    # The option's regions stand in the place of the file's; its other filters stay.
    assert "left out    104,000 events, region 104,000\n" in nothing
    # 800 events a window come, and 200 may stay.
    assert "thinned 78,000" in thinned
    assert len([json.loads(line) for line in out.read_text("utf-8").splitlines()]) >= 1


def test_a_watch_that_cannot_keep_up_looks_at_less_and_keeps_all_windows(
    bar: Path,
) -> None:
    # 800 events a window come and 200 may stay; nobody takes a window in 10 us.
    settings = WatchSettings(
        detector=BLOBS, filters=FilterSettings(events_per_s_max=20_000)
    )
    with loopback_gateway() as gateway:
        easy = watch(bar, gateway=gateway.url, settings=settings)
        hasty = watch(bar, gateway=gateway.url, settings=settings, speed=1_000.0)
    assert (easy.windows, easy.filtered.thinned) == (150, 130 * 600)
    assert hasty.windows == 150
    assert hasty.late_windows > 100
    assert 130 * 700 < hasty.filtered.thinned < 130 * 800


@pytest.mark.parametrize("speed", [None, 100.0])
def test_a_burst_is_thinned_before_it_is_decoded_where_time_presses(
    tmp_path: Path, speed: float | None
) -> None:
    seeded, events = np.random.default_rng(2), np.zeros(400_000, EVENT)
    events["x"] = seeded.integers(0, SIZE.width, len(events))
    events["y"] = np.arange(len(events)) // 100 % SIZE.height
    events["t"] = np.arange(len(events)) // 2
    path = tmp_path / "burst.raw"
    with Evt3Writer(path, SIZE) as writer:
        writer.append(events)
    settings = WatchSettings(filters=FilterSettings(events_per_s_max=100_000))
    with loopback_gateway() as gateway:
        summary = watch(path, gateway=gateway.url, settings=settings, speed=speed)
    unread, thinned = summary.counters.thinned, summary.filtered.thinned
    assert summary.counters.events + unread == len(events) == summary.filtered.taken
    # At full speed nothing presses, and what stays is the same each time.
    assert (unread > 200_000) == (speed is not None)
    assert len(events) - 21_000 <= thinned < len(events)


def test_the_options_are_the_settings() -> None:
    plain = parser().parse_args(["watch", "door.raw"])
    assert filter_changes(plain) == {}
    told = (
        "watch door.raw --background-ms 0 --rate-max 0 --mask a.png --mask b.png "
        "--roi 1,2,3,4 --polarity darker --hot-pixels 40 --anti-flicker "
        "--refractory-ms 0.5 --bursts stc-cut"
    )
    changes = filter_changes(parser().parse_args(told.split()))
    assert FilterSettings(**changes) == FilterSettings(
        polarity="darker",
        regions=(Region(1, 2, 3, 4),),
        masks=(Path("a.png"), Path("b.png")),
        events_per_s_max=0,
        hot_pixel_hz=40.0,
        flicker_periods=4,
        refractory_us=500,
        bursts="stc-cut",
        background_us=0,
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--roi 1,2,3", "'1,2,3' is no rectangle: give X,Y,W,H in pixels"),
        ("--roi 1,2,0,4", "is no rectangle"),
        ("--background-ms -1", "'-1': give a number from 0 to 60000"),
        ("--bursts cut", "invalid choice: 'cut'"),
    ],
)
def test_an_option_that_cannot_work_says_what_would(
    options: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["watch", "door.raw", *options.split()])
    assert told in capsys.readouterr().err


def test_a_mask_of_another_size_ends_a_watch_with_a_message(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = tmp_path / "mask.png"
    cv2.imwrite(str(mask), np.zeros((4, 4), np.uint8))
    with loopback_gateway() as gateway:
        assert (
            main(["watch", str(bar), "--gateway", gateway.url, "--mask", str(mask)])
            == 1
        )
    assert capsys.readouterr().err == (
        f"error: the mask {mask} has 4x4 pixels and the recording 320x240: make it of "
        "the recording's size\n"
    )


def test_a_mask_takes_the_place_of_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = tmp_path / "rest.raw"
    rest.write_bytes(b"a recording")
    assert main(["hot-pixels", str(rest), "--out", str(rest)]) == 1
    assert capsys.readouterr().err == f"error: {rest}: a mask's name ends in .png\n"
    assert rest.read_bytes() == b"a recording"


def test_a_mask_is_not_made_of_what_cannot_be_read_or_written(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, out = tmp_path / "missing.raw", tmp_path / "no" / "mask.png"
    assert main(["hot-pixels", str(missing), "--out", str(out)]) == 1
    assert main(["hot-pixels", str(bar), "--out", str(out)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"error: cannot read {missing}: no such file or directory",
        f"error: cannot write {out}: no such file or directory",
    ]

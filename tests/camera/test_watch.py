"""A watch from the file to the captions, with a gateway on a real socket."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from heliograph.camera import ForeignFileError, command, pipeline
from heliograph.camera.captioning.client import GatewayError
from heliograph.camera.command import INTERRUPTED
from heliograph.camera.config import (
    Destinations,
    SettingError,
    SpoolSettings,
    WatchSettings,
)
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.summary import Summary
from heliograph.camera.types import Caption
from loopback_gateway import (
    MODEL,
    Asked,
    Said,
    completion,
    loopback_gateway,
    one_line_about,
)
from moving_bar import BLOBS, BLOBS_CHOICE, write_moving_bar

SECONDS = 2.5
SOURCE = """
import sys
from pathlib import Path
from heliograph.camera.command import run_watch
from heliograph.camera.config import DetectorChoice

bar, url, out, speed, *told = sys.argv[1:]
given = dict(gateway=url, out=Path(out), speed=float(speed),
             detector=DetectorChoice("blobs"))
sys.exit(run_watch(Path(bar), config=Path(told[0]) if told else None, **given))
"""
PROGRAM = (sys.executable, "-c", SOURCE)
USUAL = WatchSettings(detector=BLOBS)
MANY = replace(USUAL, captions_per_s=20.0, again_us=50_000)
"""A caption at every second look, so that short recordings have many."""
watch = partial(pipeline.watch, settings=USUAL)
run_watch = partial(command.run_watch, detector=BLOBS_CHOICE)


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(
        tmp_path_factory.mktemp("recordings") / "bar.raw", seconds=SECONDS
    )


def free_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def check_sums(summary: Summary) -> None:
    """Every job asked for is a caption, an error or counted as dropped."""
    assert summary.asked == summary.captions + summary.errors + summary.dropped


def test_a_recording_becomes_captions_on_disk_and_in_the_summary(
    bar: Path, tmp_path: Path
) -> None:
    out, told = tmp_path / "captions.jsonl", list[Caption]()
    with loopback_gateway() as gateway:
        summary = watch(
            bar,
            gateway=gateway.url,
            out=out,
            on_caption=told.append,
            settings=replace(USUAL, again_us=500_000),
        )
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(lines) == len(told) == summary.captions >= 2
    assert {line["text"] for line in lines} == {"a person walks by"}
    assert {line["provider"] for line in lines} == {"openai"}
    assert lines[0]["reason"] == "first"
    assert 0.2 < lines[0]["at_s"] < 1.6
    assert lines[0]["recording"] == "bar.raw"
    assert (summary.windows, summary.tracks) == (250, 1)
    assert summary.events == 460 * 400
    assert summary.recording_s == pytest.approx(SECONDS, abs=0.02)
    assert summary.captions_by_provider == {"openai": summary.captions}
    assert summary.attempts == 2 * summary.captions
    assert summary.fallbacks == summary.captions
    assert summary.longest_gap_s is not None
    assert (summary.errors, summary.dropped, summary.late_windows) == (0, 0, 0)
    assert summary.broken is None
    check_sums(summary)


def test_the_first_model_of_the_gateway_is_asked_unless_one_is_named(
    bar: Path,
) -> None:
    with loopback_gateway() as gateway:
        watch(bar, gateway=f"{gateway.url}/v1/")
        watch(bar, gateway=gateway.url, model="openai/gpt-4o")
    models = [asked.body["model"] for asked in gateway.questions]
    assert set(models) == {MODEL, "openai/gpt-4o"}
    assert [asked.path for asked in gateway.asked].count("/v1/models") == 1


def test_at_full_speed_a_slow_gateway_slows_the_reader_and_loses_no_caption(
    bar: Path,
) -> None:
    slow = threading.Event()

    def answer(asked: Asked) -> Said:
        slow.wait(0.05)
        return one_line_about(asked)

    narrow = replace(MANY, workers=1, queue_max=1)
    with loopback_gateway(answer) as gateway:
        summary = watch(bar, gateway=gateway.url, settings=narrow)
    assert summary.captions == summary.asked > 15
    assert summary.dropped == 0


def test_in_a_paced_watch_the_template_speaks_for_what_is_overtaken(bar: Path) -> None:
    never, told = threading.Event(), list[Caption]()

    def answer(asked: Asked) -> Said:
        never.wait(10)
        return one_line_about(asked)

    narrow = replace(MANY, workers=1, queue_max=1, drain_s=0.1)
    with loopback_gateway(answer) as gateway:
        summary = watch(
            bar,
            gateway=gateway.url,
            speed=5.0,
            settings=narrow,
            on_caption=told.append,
        )
        never.set()
    assert summary.captions == 0
    # The one that is asked about, and the one behind it, are left at the end.
    assert summary.dropped == 2
    assert summary.overtaken == summary.asked - 2 == len(told) > 3
    assert {caption.rung for caption in told} == {"template"}
    assert {caption.error for caption in told} == {
        "not asked: a newer picture took its place"
    }
    check_sums(summary)


def test_a_paced_watch_takes_the_recordings_time(bar: Path) -> None:
    with loopback_gateway() as gateway:
        summary = watch(bar, gateway=gateway.url, speed=5.0)
    assert SECONDS / 5 - 0.05 < summary.wall_s < SECONDS / 5 + 5
    assert summary.captions >= 1


def test_an_outage_in_the_middle_costs_captions_and_not_the_watch(bar: Path) -> None:
    asked_so_far = []

    def answer(asked: Asked) -> Said:
        asked_so_far.append(asked)
        if 5 < len(asked_so_far) <= 10:
            return Said(503, b'{"error": {"message": "all targets are down"}}')
        return completion("it moves", **{"x-heliograph-provider": "anthropic"})

    with loopback_gateway(answer) as gateway:
        summary = watch(bar, gateway=gateway.url, settings=replace(MANY, workers=1))
    assert summary.errors == 5
    assert summary.error_last == "HTTP 503: all targets are down"
    assert summary.captions_by_provider == {"anthropic": summary.captions}
    assert summary.captions > 10
    check_sums(summary)


def test_without_a_gateway_a_named_model_lets_the_file_be_read_to_its_end(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "captions.jsonl"
    url = free_url()
    assert run_watch(bar, gateway=url, model=MODEL, out=out) == 1
    told = capsys.readouterr()
    assert "windows     250" in told.out
    assert told.err == (
        "error: no caption came, the last error: "
        f"cannot reach the gateway at {url}: connection refused\n"
    )
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert lines
    assert all(line["error"] and line["rung"] == "template" for line in lines)
    assert all(line["text"].startswith("moving object, moving") for line in lines)


def test_with_a_spool_a_watch_begins_without_a_gateway_and_catches_up_later(
    bar: Path, tmp_path: Path
) -> None:
    out, spool = tmp_path / "captions.jsonl", tmp_path / "spool.db"
    assert (
        run_watch(bar, gateway=free_url(), out=out, destinations=Destinations(spool))
        == 0
    )
    with loopback_gateway() as gateway:
        summary = watch(
            bar,
            gateway=gateway.url,
            out=out,
            settings=replace(USUAL, spool=SpoolSettings(spool, captions_per_s=100.0)),
            resume=True,
        )
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    rungs = [line["rung"] for line in lines]
    assert rungs.count("cloud") == 2 * rungs.count("template") == 2 * summary.asked
    late = [line for line in lines if line["age_s"] > 0]
    assert {line["id"] for line in late} == {line["id"] for line in lines[: len(late)]}
    assert summary.spool is not None
    assert (summary.spool.rows, summary.spool.caught_up) == (0, len(late))


def test_without_a_gateway_and_a_model_the_watch_does_not_begin(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, url = tmp_path / "captions.jsonl", free_url()
    with pytest.raises(GatewayError, match="cannot reach"):
        watch(bar, gateway=url, out=out)
    assert not out.exists()
    assert run_watch(bar, gateway=url) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"error: cannot reach the gateway at {url}: ")
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_a_file_that_is_missing_or_foreign_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("no events here")
    with pytest.raises(ForeignFileError):
        watch(foreign, model=MODEL)
    assert run_watch(foreign, model=MODEL) == 1
    assert "notes.txt" in capsys.readouterr().err
    missing = tmp_path / "missing.raw"
    assert run_watch(missing, model=MODEL) == 1
    assert capsys.readouterr().err == (
        f"error: cannot read {missing}: no such file or directory\n"
    )


def test_an_unwritable_file_of_captions_is_an_error_before_anything_is_asked(
    bar: Path, tmp_path: Path
) -> None:
    with loopback_gateway() as gateway:
        with pytest.raises(SinkError, match="cannot write captions"):
            watch(bar, gateway=gateway.url, out=tmp_path / "no" / "captions.jsonl")
        assert gateway.questions == []


def test_a_disk_that_fills_up_ends_the_watch_with_an_error(
    bar: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback_gateway() as gateway:
        assert run_watch(bar, gateway=gateway.url, out=Path("/dev/full")) == 1
    assert "/dev/full: no space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("questions", [True, False])
def test_a_full_standard_output_is_one_line_of_error(
    bar: Path, tmp_path: Path, *, questions: bool
) -> None:
    source = bar if questions else tmp_path / "quiet.raw"
    if not questions:
        source.write_bytes(bar.read_bytes()[:2_000])
    out = tmp_path / "captions.jsonl"
    with loopback_gateway() as gateway, Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, str(source), gateway.url, str(out), "50"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert done.stderr == (
        b"error: cannot write to standard output: no space left on device\n"
    )
    assert done.returncode == 1
    assert bool(out.read_bytes()) == questions


def test_a_file_that_breaks_off_keeps_its_captions_and_says_where(
    bar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.raw"
    cut.write_bytes(bar.read_bytes()[:700_001])
    with loopback_gateway() as gateway:
        summary = watch(cut, gateway=gateway.url)
        assert run_watch(cut, gateway=gateway.url) == 1
    assert summary.captions >= 1
    assert 100 < summary.windows < 250
    assert summary.broken is not None
    assert "byte 700000" in summary.broken
    assert "byte 700000" in capsys.readouterr().err


def test_stop_ends_a_watch_early_and_waits_for_nothing_new(bar: Path) -> None:
    stop = threading.Event()
    with loopback_gateway() as gateway:
        summary = watch(
            bar,
            gateway=gateway.url,
            settings=replace(MANY, queue_max=1, workers=1),
            stop=stop,
            on_caption=lambda _: stop.set(),
        )
    assert summary.stopped
    assert summary.windows < 250
    check_sums(summary)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("inf"), float("nan")])
def test_a_speed_that_is_no_factor_is_refused(bar: Path, speed: float) -> None:
    with pytest.raises(SettingError, match="speed"):
        watch(bar, model=MODEL, speed=speed)


def test_the_command_prints_a_line_a_caption_and_the_summary(
    bar: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback_gateway() as gateway:
        environ = {"HELIOGRAPH_API_KEY": "hk-1"}
        assert run_watch(bar, gateway=gateway.url, environ=environ) == 0
    out = capsys.readouterr().out
    captions = [line for line in out.splitlines() if "a person walks by" in line]
    assert len(captions) == len(gateway.questions)
    assert "track 1" in captions[0]
    assert "openai/gpt-4o" in captions[0]
    assert "longest gap" in out
    assert gateway.questions[0].headers["authorization"] == "Bearer hk-1"


def test_an_interrupt_ends_a_watch_with_its_summary(bar: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    begun = threading.Event()

    def answer(asked: Asked) -> Said:
        begun.set()
        return one_line_about(asked)

    with (
        loopback_gateway(answer) as gateway,
        subprocess.Popen(
            [*PROGRAM, str(bar), gateway.url, str(out), "0.5"],
            stdout=subprocess.PIPE,
            text=True,
        ) as watching,
    ):
        assert begun.wait(60)
        watching.send_signal(signal.SIGINT)
        told, _ = watching.communicate(timeout=30)
    assert watching.returncode == INTERRUPTED
    assert "longest gap" in told


def test_a_reader_that_leaves_does_not_end_the_watch_nor_lose_a_caption(
    bar: Path, tmp_path: Path
) -> None:
    out, often = tmp_path / "captions.jsonl", tmp_path / "camera.yaml"
    often.write_text("captioning: {again_s: 0.5}")
    with (
        loopback_gateway(lambda _: completion("hinüber → ここ")) as gateway,
        subprocess.Popen(
            [*PROGRAM, str(bar), gateway.url, str(out), "50", str(often)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONIOENCODING": "ascii"},
        ) as watching,
    ):
        assert watching.stdout is not None
        assert b"hin?ber ? ??" in watching.stdout.readline()
        watching.stdout.close()
        watching.wait(30)
        assert watching.stderr is not None
        assert watching.stderr.read() == b""
    assert watching.returncode == 0
    assert len(out.read_text("utf-8").splitlines()) == len(gateway.questions) >= 2

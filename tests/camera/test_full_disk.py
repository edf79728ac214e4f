"""A watch whose spool is on a disk that is full or read-only when it begins."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from caption_parts import HandClock, answer_to, job
from heliograph.camera.captioning import spool as spools
from heliograph.camera.captioning.spool import Spool
from heliograph.camera.captioning.spool_file import SpoolError, SpoolFile
from heliograph.camera.config import SpoolSettings
from moving_bar import BLOBS_LINE, write_moving_bar
from small_disks import mounted

FULL = (
    'mount -t tmpfs -o size=2m tmpfs "$0" || exit; cat /dev/zero > "$0/filler"'
    " 2> /dev/null; "
    'exec "$@"'
)
READ_ONLY = 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"'
WATCH = """
import sys, threading, time
from pathlib import Path
from heliograph.camera import command
from heliograph.camera.captioning import alerts
from heliograph.camera.config import Destinations

alerts.TIDY_S = 0.01
bar, out, config, disk, how = *map(Path, sys.argv[1:5]), sys.argv[5]

def free():
    while not out.exists() or not out.stat().st_size:
        time.sleep(0.01)
    (disk / "filler").unlink()

if how == "freed":
    threading.Thread(target=free, daemon=True).start()
sys.exit(command.run_watch(bar, gateway="http://127.0.0.1:9", model="m", out=out,
    config=config, speed=1.0, resume=how == "resumed"))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def watched(
    tmp_path: Path, disk: Path, script: str, how: str
) -> subprocess.CompletedProcess[str]:
    """Watch a bar in a namespace in which *disk* is in trouble."""
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=6.0)
    config = tmp_path / "camera.yaml"
    config.write_text(
        f"{BLOBS_LINE}captioning: {{first_s: 0.3, again_s: 0.5}}\n"
        f"spool: {{file: {disk / 'spool.db'}}}\n"
    )
    return subprocess.run(
        [
            *mounted(script, disk),
            *(sys.executable, "-c", WATCH, bar, tmp_path / "out.jsonl", config, disk),
            how,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.parametrize(
    ("script", "why"),
    [(FULL, "no space left on device"), (READ_ONLY, "read-only file system")],
)
def test_the_watch_goes_on_without_its_spool_and_says_so(
    tmp_path: Path, disk: Path, script: str, why: str
) -> None:
    done = watched(tmp_path, disk, script, "once")
    assert done.returncode == 0, done.stderr
    cannot = f"cannot open the spool {disk / 'spool.db'}: {why}"
    assert done.stderr.startswith(f"warning: {cannot}; the watch goes on without it: ")
    told = [json.loads(line) for line in lines_of(tmp_path / "out.jsonl")]
    assert len(told) >= 2
    assert {caption["rung"] for caption in told} == {"template"}
    assert f"0 wait, 0 caught up, {len(told)} not kept: {cannot}" in done.stdout


def test_a_disk_that_has_room_again_is_written_to(tmp_path: Path, disk: Path) -> None:
    done = watched(tmp_path, disk, FULL, "freed")
    assert done.returncode == 0, done.stderr
    told = lines_of(tmp_path / "out.jsonl")
    kept = int(done.stdout.partition("spool       ")[2].partition(" wait")[0])
    unkept = int(done.stdout.partition("caught up, ")[2].partition(" not kept")[0])
    assert kept >= 1
    assert unkept >= 1
    assert kept + unkept == len(told)


def test_nothing_is_resumed_without_its_spool(tmp_path: Path, disk: Path) -> None:
    done = watched(tmp_path, disk, FULL, "resumed")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot open the spool {disk / 'spool.db'}: no space left on device\n"
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have no file opened for as long as what is returned is not empty."""
    fails = [True]

    def open_file(path: Path) -> SpoolFile:
        if fails:
            raise SpoolError("the disk is full", is_disk=True)
        return SpoolFile(path)

    monkeypatch.setattr(spools, "SpoolFile", open_file)
    return fails


def test_what_comes_before_the_file_is_not_kept_and_what_comes_after_is(
    tmp_path: Path, failing: list[bool]
) -> None:
    settings = SpoolSettings(tmp_path / "spool.db")
    with Spool(settings, clock=HandClock()) as spool:
        assert spool.trouble == "the disk is full"
        spool.accept(job(1))
        spool.decide(answer_to(job(1)))
        spool.said(answer_to(job(1)), "away")
        spool.tidy()
        assert not spool.counters.is_open
        failing.clear()
        spool.tidy()
        spool.accept(job(2))
        counters = spool.counters
        assert (counters.is_open, counters.rows, counters.unkept) == (True, 1, 1)
        assert spool.knows("door-2")
    with pytest.raises(SpoolError, match="cannot open the spool") as error:
        Spool(SpoolSettings(tmp_path / "no" / "spool.db"), clock=HandClock())
    assert not error.value.is_disk
    with pytest.raises(SpoolError, match="disk is full") as error:
        Spool(SpoolSettings(Path("/dev/full")), clock=HandClock(), must_open=True)
    assert error.value.is_disk

"""What a watch does to the file it reads, and while that file has not begun."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from event_words import SMALL_EVT3
from heliograph.camera.command import INTERRUPTED, run_watch
from loopback_gateway import MODEL

SOURCE = """
import sys
from pathlib import Path
from heliograph.camera.command import run_watch

sys.exit(run_watch(Path(sys.argv[1]), model="m"))
"""


def test_captions_are_not_written_into_the_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, link = tmp_path / "door.raw", tmp_path / "captions.jsonl"
    source.write_bytes(SMALL_EVT3)
    link.symlink_to(source)
    assert run_watch(source, model=MODEL, out=link) == 1
    assert f"{link} is the recording" in capsys.readouterr().err
    assert source.read_bytes() == SMALL_EVT3


def test_an_interrupt_ends_the_wait_for_a_recording_to_begin(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-c", SOURCE, str(pipe)],
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        # It listens for signals before it opens the pipe, which this waits for.
        holding = os.open(pipe, os.O_WRONLY)
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=30)
        os.close(holding)
    assert watching.returncode == INTERRUPTED
    assert errors == ""

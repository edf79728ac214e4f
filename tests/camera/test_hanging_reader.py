"""A watch whose standard output is a pipe that nobody reads."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from moving_bar import BLOBS_LINE, write_moving_bar
from waiting import until

CAPTIONS = 3
WATCH = """
import sys
from pathlib import Path
from heliograph.camera import command

command.END_S = 1.0
bar, out, config = map(Path, sys.argv[1:])
sys.exit(command.run_watch(bar, gateway="http://127.0.0.1:9", model="m", out=out,
                           config=config, speed=1.0))
"""


def test_a_watch_goes_on_and_ends_when_told_to_even_where_its_output_hangs(
    tmp_path: Path,
) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=20.0)
    out, config = tmp_path / "captions.jsonl", tmp_path / "camera.yaml"
    config.write_text(f"{BLOBS_LINE}captioning: {{first_s: 0.3, again_s: 0.5}}\n")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(512))
    os.set_blocking(writing, True)
    command = [sys.executable, "-c", WATCH, str(bar), str(out), str(config)]
    with subprocess.Popen(command, stdout=writing) as watching:
        try:
            # The first one's line hangs; the file gets the next ones all the same.
            until(lambda: out.exists() and out.read_bytes().count(b"\n") >= CAPTIONS)
            watching.send_signal(signal.SIGTERM)
            assert watching.wait(10.0) == 130
        finally:
            watching.kill()
    os.close(reading)
    os.close(writing)

"""The demo as a user runs it, on a short recording: real processes, real sockets."""

import os
import re
import subprocess
import sys
from pathlib import Path

from heliograph.camera.types import Size
from heliograph.simulation.camera.write import write_recording

SECONDS = 9.0
BOUND_S = 100


def heliograph(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heliograph", *arguments],
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
        env={**os.environ, **extra},
    )


def test_captions_go_on_through_the_outage_and_the_summary_says_so(
    tmp_path: Path,
) -> None:
    recording = tmp_path / "street.raw"
    facts = write_recording(recording, seconds=SECONDS, seed=1, size=Size(320, 240))

    done = heliograph("demo", "--recording", str(recording))

    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert "SIMULATED" in said
    assert "from 3 s, nothing at all from 4.5 s, and is back at 6 s" in said
    assert f"{facts.events:,}" in said
    assert re.search(r"captions +\d+ of \d+ asked, .*anthropic \d+.*", said)
    assert re.search(r"(503|silence) +[1-9]\d* .* openai", said)
    assert re.search(r"longest gap \d\.\d s between two captions", said)


def test_real_providers_need_real_keys_and_say_which() -> None:
    done = heliograph("demo", "--real", OPENAI_API_KEY="")
    assert done.returncode == 1
    assert "ANTHROPIC_API_KEY and OPENAI_API_KEY" in done.stderr


def test_a_recording_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    picture = tmp_path / "picture.raw"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    done = heliograph("demo", "--recording", str(picture))
    assert done.returncode == 1
    assert "PNG" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.raw"
    done = heliograph("demo", "--recording", str(missing))
    assert done.returncode == 1
    assert done.stderr == f"error: cannot read {missing}: no such file or directory\n"

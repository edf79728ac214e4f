"""Compiling, with and without a place to keep the result."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from event_words import SMALL_EVT3, all_events, opened
print(len(all_events(opened(SMALL_EVT3))))
"""


def run(cache: dict[str, str]) -> str:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": path, **cache},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_compiled_is_kept_where_there_is_a_place(tmp_path: Path) -> None:
    assert run({"NUMBA_CACHE_DIR": str(tmp_path)}) == "23"
    assert any("decode" in path.name for path in tmp_path.rglob("*.nbi"))


def test_without_any_place_for_a_cache_reading_still_works() -> None:
    # It only serves sources inside a ZIP archive, so it refuses ours as numba's other
    # places do on a read-only disk.
    assert run({"NUMBA_CACHE_LOCATOR_CLASSES": "ZipCacheLocator"}) == "23"

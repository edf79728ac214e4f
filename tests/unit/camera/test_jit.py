"""Compiling, with and without a place to keep the result."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.camera import jit

PROGRAM = """
from event_words import SMALL_EVT3, all_events, opened
print(len(all_events(opened(SMALL_EVT3))))
"""

HELD = """
from event_words import SMALL_EVT3, all_events, opened
from heliograph.camera.jit import settle, spare

def of_files_kb():
    status = open("/proc/self/status").read()
    return int(status.partition("RssFile:")[2].split()[0])
"""
SETTLING = f"""{HELD}
before = len(all_events(opened(SMALL_EVT3)))
held_kb = of_files_kb()
settle()
print(held_kb - of_files_kb() > 20_000, before == len(all_events(opened(SMALL_EVT3))))
"""
LOADING = f"""{HELD}
settle()
if SPARED:
    spare()
held_kb = of_files_kb()
all_events(opened(SMALL_EVT3))
print(of_files_kb() - held_kb)
"""
WATCHING = """
import sys
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from caption_parts import HandClock
from heliograph import camera
from heliograph.camera.config import WatchSettings
from heliograph.camera.render import nobody
from heliograph.camera.stages import Stages
from moving_bar import write_moving_bar

def loaded():
    return {
        f"{module}.{name}": len(loop.signatures)
        for module in list(sys.modules)
        if module.startswith("heliograph")
        for name, loop in vars(sys.modules[module]).items()
        if hasattr(loop, "py_func")
    }

with TemporaryDirectory() as folder:
    path = write_moving_bar(Path(folder) / "bar.raw", seconds=0.6)
    with camera.open(path) as recording:
        recording.warm_up()
        settings, clock = WatchSettings(), HandClock()
        stages = Stages(
            recording.size, nobody, settings=settings, clock=clock, deadline_s=inf
        )
        before = loaded()
        for packet in recording:
            stages.step(packet, recording.now_us)
after = loaded()
print(len(before) > 10, [name for name in after if after[name] != before[name]])
"""
LIBRARY = """\
7f00000-7f50000 r-xp 00000000 fe:00 11 {name}
Size:               8000 kB
KernelPageSize:        4 kB
Rss:                7000 kB
Anonymous:             {anonymous} kB
VmFlags: rd ex mr mw me
7f50000-7f60000 rw-p 00000000 00:00 0
Size:               9000 kB
Anonymous:             0 kB
"""


def run(cache: dict[str, str], program: str = PROGRAM) -> str:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", program],
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


def test_what_the_compiler_took_is_given_back_and_all_still_works() -> None:
    assert run({}, SETTLING) == "True True"


def test_the_first_loop_is_loaded_while_there_is_nothing_else() -> None:
    plain, spared = (
        int(run({}, f"SPARED = {spares}\n{LOADING}")) for spares in (False, True)
    )
    assert spared < plain / 2


def test_no_loop_is_loaded_while_a_stream_waits() -> None:
    assert run({}, WATCHING) == "True []"


@pytest.mark.parametrize(
    ("name", "anonymous", "given_back"),
    [
        ("/usr/lib/libllvmlite.so", 0, ((0x7F00000, 0x7F50000),)),
        ("/usr/lib/libstdc++.so.6.0.30", 0, ((0x7F00000, 0x7F50000),)),
        ("/usr/lib/libllvmlite.so", 4, ()),
        ("/data/recording.raw", 0, ()),
        ("[heap]", 0, ()),
    ],
)
def test_only_a_librarys_pages_that_nobody_wrote_to_are_given_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    anonymous: int,
    given_back: tuple[tuple[int, int], ...],
) -> None:
    smaps = tmp_path / "smaps"
    smaps.write_text(LIBRARY.format(name=name, anonymous=anonymous))
    monkeypatch.setattr(jit, "SMAPS", smaps)
    assert jit.clean_pages() == given_back

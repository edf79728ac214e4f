"""What `heliograph watch` takes of memory and of a core, in the recording's own time.

A synthetic stream at 1280x720: things that move at several speeds, and the noise of a
real sensor, 5 million events a second, as RAW EVT3, is watched against a gateway on
this machine that answers by itself. Things are found as they are where nobody chose, by
the network of the package. Memory is the highest that the process ever had at
`--speed 1.0`. CPU is that of all its threads at `--speed max`, where nothing is late
and so nothing thinned however busy the machine is, by the recording's length; what a
start costs is known from a short recording and taken off. `make bench-camera-load`
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from process_tree import in_status, peak_rss_mb, rss_mb
from quoting import add_keeping, finish
from report import Found
from servers import BenchError, free_port, running
from verdicts import Judged, at_most, shown

from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Packet, Size

NAME = "camera-load"
SIZE = Size(1280, 720)
RATE_MEV = 5.0
NOISE_MEV = 0.5
"""As a real sensor of this size makes at rest: half an event a second and pixel."""
SECONDS = 12.0
WINDOW_US = 10_000
SHORT_S = 0.2
RSS_MB = 150.0
CORE = 0.60
LOOK_S = 0.1
NO_KEYS = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}
"""Without a provider the gateway answers by itself."""


@dataclass(frozen=True)
class Mover:
    """A thing of *size* px that moves right; events come from its outline's stripes."""

    left: float
    top: int
    width: int
    height: int
    px_s: float
    share: float


MOVERS = (
    Mover(40, 60, 70, 180, 60, 0.12),
    Mover(300, 320, 90, 230, -80, 0.18),
    Mover(700, 80, 60, 160, 110, 0.10),
    Mover(150, 430, 320, 170, 240, 0.35),
    Mover(900, 500, 240, 130, -160, 0.25),
)
STRIPE_PX = 4
STRIPES_EVERY_PX = 16


@dataclass(frozen=True)
class Memory:
    """What a watch in the recording's own time took, in MB; `own` is no file's."""

    peak: float
    steady: float
    own: float


def packet(begin_us: int, rng: np.random.Generator) -> Packet:
    """Return a window of the stream."""
    noise = round(NOISE_MEV * WINDOW_US)
    moving = round(RATE_MEV * WINDOW_US) - noise
    parts = [_noise(noise, rng)]
    parts += [_moving(mover, moving, begin_us, rng) for mover in MOVERS]
    made = np.concatenate(parts)
    made["t"] = np.sort(begin_us + rng.integers(0, WINDOW_US, len(made)))
    return made[np.lexsort((made["x"], made["y"], made["t"]))]


def _noise(number: int, rng: np.random.Generator) -> Packet:
    made = np.zeros(number, EVENT)
    made["x"] = rng.integers(0, SIZE.width, number)
    made["y"] = rng.integers(0, SIZE.height, number)
    made["p"] = rng.integers(0, 2, number)
    return made


def _moving(mover: Mover, moving: int, now_us: int, rng: np.random.Generator) -> Packet:
    """Draw events on the stripes of a thing, which are its texture's edges."""
    number = round(moving * mover.share)
    made = np.zeros(number, EVENT)
    left = mover.left + mover.px_s * now_us / 1e6
    stripe = rng.integers(0, mover.width // STRIPES_EVERY_PX + 1, number)
    across = left + stripe * STRIPES_EVERY_PX + rng.integers(0, STRIPE_PX, number)
    made["x"] = np.mod(across, SIZE.width).astype(int)
    made["y"] = mover.top + rng.integers(0, mover.height, number)
    made["p"] = rng.integers(0, 2, number)
    return made


def write_stream(path: Path, seconds: float) -> None:
    """Write the recording."""
    rng = np.random.default_rng(7)
    with Evt3Writer(path, SIZE) as writer:
        for begin_us in range(0, round(seconds * 1e6), WINDOW_US):
            writer.append(packet(begin_us, rng))
        writer.advance(round(seconds * 1e6))


def watching(path: Path, url: str, speed: str) -> list[str]:
    """Return the command of a user who watches *path*, and chose no detector."""
    command = [sys.executable, "-m", "heliograph", "watch", str(path)]
    return [*command, "--speed", speed, "--gateway", url]


def memory(path: Path, url: str) -> Memory:
    """Watch *path* in its own time; return what the process held."""
    found = Memory(0.0, 0.0, 0.0)
    with subprocess.Popen(watching(path, url, "1.0"), stdout=subprocess.DEVNULL) as one:
        while one.poll() is None:
            peak_mb = peak_rss_mb(one.pid)
            if peak_mb:  # 0 of a process that has just ended
                own_mb = in_status(one.pid, "RssAnon:") / 1024
                found = Memory(peak_mb, rss_mb(one.pid), own_mb)
            time.sleep(LOOK_S)
    if one.returncode:
        raise BenchError(f"the watch ended with {one.returncode}")
    return found


def cpu_s(path: Path, url: str) -> float:
    """Watch *path* as fast as it goes; return the CPU seconds of all its threads."""
    one = subprocess.Popen(watching(path, url, "max"), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(one.pid, 0)
    one.returncode = os.waitstatus_to_exitcode(status)
    if one.returncode:
        raise BenchError(f"the watch ended with {one.returncode}")
    return used.ru_utime + used.ru_stime


def judge(held: Memory, cores: float, start_s: float) -> list[Judged]:
    """Hold what it took against what it may take."""
    return [
        at_most("RSS of a watch, the highest", RSS_MB, held.peak, "{:.0f} MB"),
        at_most("CPU of a watch, of one core", CORE * 100, cores * 100, "{:.0f} %"),
        shown("RSS at its end", held.steady, "{:.0f} MB"),
        shown("of it no page of a file", held.own, "{:.0f} MB"),
        shown("CPU of a start", start_s, "{:.1f} s"),
    ]


def main() -> int:
    """Measure; print, and keep, what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    add_keeping(parser)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="heliograph-bench-") as name:
        folder = Path(name)
        path, short = folder / "stream.raw", folder / "short.raw"
        write_stream(path, options.seconds)
        write_stream(short, SHORT_S)
        port = free_port()
        command = [sys.executable, "-m", "heliograph", "serve", "--port", str(port)]
        with running("gateway", command, core=0, port=port, folder=folder, env=NO_KEYS):
            url = f"http://127.0.0.1:{port}"
            cpu_s(short, url)  # compiles what was never compiled here
            start_s = cpu_s(short, url)
            cores = (cpu_s(path, url) - start_s) / (options.seconds - SHORT_S)
            held = memory(path, url)
    found = Found(
        command="make bench-camera-load",
        load=load,
        judged=judge(held, cores, start_s),
        figures={"memory_mb": asdict(held), "cores": cores, "start_s": start_s},
    )
    finish(NAME, found, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

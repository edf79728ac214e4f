"""How fast recordings are decoded: ours and the peers', each in a process of its own.

    bench/setup_camera_peers python3 && .venv/bin/python bench/decoding.py RECORDING

RECORDING, of real events, is repeated to about ten million of them and written as EVT3
and EVT2. Each decoder reads both, on one core, by turns; the best round counts, for
what disturbs a round only slows it. A decoder that finds another number of events is
said to be wrong, and its speed is that of a wrong answer.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from decode_once import DECODERS

from heliograph import camera
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Packet, Size

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers" / "camera" / "bin" / "python"
EVENTS = 10_000_000
Rounds = dict[tuple[str, str], list[dict[str, float]]]
TITLES = ("decoder", "EVT3 Mev/s", "EVT2 Mev/s", "remarks")


def main() -> int:
    """Measure and print the table."""
    options = read_options()
    with TemporaryDirectory() as folder:
        files, expected = write_files(options.recording, Path(folder))
        names = [name for name in DECODERS if has(name)]
        rounds: Rounds = {(name, kind): [] for name in names for kind in files}
        for _ in range(options.rounds):
            for (name, kind), found in rounds.items():
                found.append(once(name, files[kind]))
    print(f"{expected[0]:,} events of {options.recording.name}, repeated; "
          f"best of {options.rounds} rounds, one core")  # fmt: skip
    for line in table(names, rounds, expected):
        print(line)
    return 0


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure decoders of recordings")
    parser.add_argument("recording", type=Path, help="real events to repeat")
    parser.add_argument("--rounds", type=int, default=5, help="how many (%(default)s)")
    return parser.parse_args()


def has(name: str) -> bool:
    """Say whether decoder *name* can be measured here."""
    return name.startswith("heliograph") or PEERS.exists()


def once(name: str, path: Path) -> dict[str, float]:
    """Let a decoder read *path* in a process of its own; return what it found."""
    python = sys.executable if name.startswith("heliograph") else str(PEERS)
    core = str(min(os.sched_getaffinity(0)))
    program = str(HERE / "decode_once.py")
    command = ["taskset", "-c", core, python, program, name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"seconds": inf, "events": -1, "last_us": -1}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(names: Sequence[str], rounds: Rounds, expected: tuple[int, int]) -> list[str]:
    """Write the lines of the table; *expected* is the count and the last time."""
    lines = [f"| {' | '.join(TITLES)} |", "|---|---|---|---|"]
    for name in names:
        cells, remarks = [], []
        for kind in ("EVT3", "EVT2"):
            found = rounds[name, kind]
            best = min(each["seconds"] for each in found)
            count, last_us = found[0]["events"], found[0]["last_us"]
            cells.append(f"{expected[0] / best / 1e6:.0f}" if count >= 0 else "-")
            if count < 0:
                remarks.append(f"{kind}: cannot")
            elif count != expected[0]:
                remarks.append(f"{kind}: wrong, {count:,.0f} events")
            elif last_us != expected[1]:
                off_us = last_us - expected[1]
                remarks.append(f"{kind}: wrong, the last is {off_us:+,.0f} µs off")
        lines.append(f"| {name} | {' | '.join(cells)} | {'; '.join(remarks)} |")
    return lines


def write_files(
    source: Path, folder: Path, *, events: int = EVENTS
) -> tuple[dict[str, Path], tuple[int, int]]:
    """Write *source*, repeated to about *events*, as EVT3 and EVT2.

    Return the files, how many events are in each, and the time of the last.
    """
    with camera.open(source) as recording:
        size = recording.size
        packet = np.concatenate([np.empty(0, EVENT), *recording])
    packet = packet[np.argsort(packet["t"], kind="stable")]
    packet["t"] -= packet["t"][0]
    period_us = int(packet["t"][-1]) + 1
    times = max(1, events // len(packet))
    files = {kind: folder / f"{kind}.raw" for kind in ("EVT3", "EVT2")}
    with Evt3Writer(files["EVT3"], size) as writer, files["EVT2"].open("wb") as evt2:
        evt2.write(evt2_header(size))
        for _ in range(times):
            writer.append(packet)
            evt2.write(evt2_words(packet))
            packet["t"] += period_us
    return files, (len(packet) * times, period_us * times - 1)


def evt2_header(size: Size) -> bytes:
    """Write the header that every reader of EVT2 understands."""
    return (
        f"% evt 2.0\n% format EVT2;height={size.height};width={size.width}\n"
        f"% geometry {size.width}x{size.height}\n% end\n"
    ).encode()


def evt2_words(events: Packet) -> bytes:
    """Write *events* as EVT2, with a time word wherever the upper bits change."""
    high = events["t"] >> 6
    low = events["t"] & 0x3F
    words = events["p"].astype("<i8") << 28 | low << 22
    words |= events["x"].astype("<i8") << 11 | events["y"].astype("<i8")
    at = np.flatnonzero(np.diff(high, prepend=-1))
    return np.insert(words, at, 8 << 28 | high[at]).astype("<u4").tobytes()


if __name__ == "__main__":
    sys.exit(main())

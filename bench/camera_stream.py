"""Event streams of any rate for benchmarks, made of one window of a real street."""

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from heliograph import camera
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Packet, Size

WINDOW_US = 10_000
DRIFT_PX = 3
"""How far the street moves from one window to the next."""
NAME = "gen41_street_evt3.raw"


def street() -> tuple[Packet, Size]:
    """Return the one window there is: 220 thousand events from a moving car."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("HELIOGRAPH_DATA", shared))
    with camera.open(data / "recordings" / NAME, WINDOW_US) as recording:
        [packet] = recording
        return packet, recording.size


def windows(one: Packet, size: Size, events: Sequence[int]) -> Iterator[Packet]:
    """Yield a window for each number of *events*, as *one* would be at that rate.

    Fewer are drawn evenly from it. For more it is laid over itself, shifted along the
    rows, as if there were more to see: a sensor reads out a few rows each us, whatever
    is in them. The times of each window fill it.
    """
    for n, count in enumerate(events):
        layers = range(-(-count // len(one)))
        made = np.concatenate([_laid(one, size, n * DRIFT_PX, k) for k in layers])
        made = made[np.argsort(made["t"], kind="stable")]
        made = made[np.arange(count) * len(made) // count]
        made["t"] = made["t"] * WINDOW_US // (int(made["t"].max()) + 1)
        if len(layers) > 1:
            made = made[np.lexsort((made["x"], made["y"], made["t"]))]
        made["t"] += n * WINDOW_US
        yield made


def written(packets: Iterator[Packet], size: Size) -> bytes:
    """Return *packets* as a RAW EVT3 recording."""
    file, end_us = BytesIO(), 0
    with Evt3Writer(file, size) as writer:
        for packet in packets:
            writer.append(packet)
            end_us += WINDOW_US
        writer.advance(end_us)
    return file.getvalue()


def _laid(one: Packet, size: Size, shift: int, copy: int) -> Packet:
    laid = np.empty(len(one), EVENT)
    laid["x"] = (one["x"].astype(int) + shift + 331 * copy) % size.width
    laid["y"] = one["y"]
    laid["p"] = one["p"]
    laid["t"] = one["t"] - one["t"].min()
    return laid

"""A recording of a bar that crosses the picture: small, exact and quickly written."""

from pathlib import Path

import numpy as np

from heliograph.camera.config import DetectorChoice
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(320, 240)
SPEED_PX_S = 90.0
BAR_WIDTH, BAR_HEIGHT, BAR_TOP = 40, 90, 60
REST_S = 0.2
"""Nothing happens before it."""
BLOBS = DetectorSettings("blobs")
"""What finds it: the network that ships was taught people and cars, and no bars."""
BLOBS_CHOICE = DetectorChoice("blobs")
BLOBS_OPTIONS = ("--detector", "blobs")
BLOBS_LINE = "detector: {kind: blobs}\n"
"""The same as a command takes it, as its options, and in a camera's file."""


def write_moving_bar(path: Path, *, seconds: float, seed: int = 7) -> Path:
    """Write *seconds* of a textured bar that moves to the right from `REST_S` on."""
    rng = np.random.default_rng(seed)
    with Evt3Writer(path, SIZE) as writer:
        for t_us in range(0, round(seconds * 1e6), 5_000):
            if t_us >= REST_S * 1e6:
                writer.append(_events(t_us, rng))
        writer.advance(round(seconds * 1e6))
    return path


def _events(t_us: int, rng: np.random.Generator) -> Packet:
    left = 10 + int(SPEED_PX_S * (t_us / 1e6 - REST_S))
    events = np.zeros(400, EVENT)
    events["x"] = np.clip(left + rng.integers(0, BAR_WIDTH, 400), 0, SIZE.width - 1)
    events["y"] = BAR_TOP + rng.integers(0, BAR_HEIGHT, 400)
    events["p"] = rng.integers(0, 2, 400)
    events["t"] = np.sort(t_us + rng.integers(0, 5_000, 400))
    return events

"""Labelled recordings for tests: small, exact, in each form that we read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(320, 240)
SIMULATED = np.dtype(
    [("t", "<i8"), ("x", "<f4"), ("y", "<f4"), ("w", "<f4"), ("h", "<f4"),
     ("class_id", "u1"), ("track_id", "<u4"), ("class_confidence", "<f4")]
)  # fmt: skip
"""As the simulator and Metavision write them."""

GEN1 = np.dtype(
    [("ts", "<u8"), ("x", "<f4"), ("y", "<f4"), ("w", "<f4"), ("h", "<f4"),
     ("class_id", "u1"), ("confidence", "<f4"), ("track_id", "<u4")]
)  # fmt: skip
"""As the Gen1 data set has them."""

LabelRow = tuple[int, float, float, float, float, int, float]
"""Time in us, x, y, width, height, class id, confidence."""


def ticks(begin_us: int, end_us: int, every_us: int) -> Packet:
    """Return an event at every *every_us* from *begin_us* to before *end_us*."""
    events = np.zeros(len(range(begin_us, end_us, every_us)), EVENT)
    events["t"] = np.arange(begin_us, end_us, every_us)
    events["x"] = np.arange(len(events)) % SIZE.width
    events["y"] = np.arange(len(events)) % SIZE.height
    return events


def write_ticks(path: Path, size: Size = SIZE) -> Path:
    """Write a RAW file of a second with an event every ms."""
    with Evt3Writer(path, size) as writer:
        writer.append(ticks(0, 1_000_000, 1_000))
        writer.advance(1_000_000)
    return path


def table(*rows: LabelRow, dtype: np.dtype[np.void] = SIMULATED) -> NDArray[np.void]:
    """Return *rows* as labels of *dtype*."""
    labels = np.zeros(len(rows), dtype)
    time, sure = (
        ("t", "class_confidence") if dtype == SIMULATED else ("ts", "confidence")
    )
    for at, row in enumerate(rows):
        for name, value in zip(
            (time, "x", "y", "w", "h", "class_id", sure), row, strict=True
        ):
            labels[at][name] = value
    return labels


def write_labelled(
    folder: Path, name: str, rows: Sequence[LabelRow], size: Size = SIZE
) -> Path:
    """Write NAME.raw and NAME_bbox.npy; return the latter."""
    write_ticks(folder / f"{name}.raw", size)
    labels = folder / f"{name}_bbox.npy"
    np.save(labels, table(*rows))
    return labels

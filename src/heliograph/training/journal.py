"""What a run leaves for people: a row an epoch, and a picture of all of them."""

import csv
from dataclasses import asdict, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.training.epoch import Epoch

ROWS, CURVES = "epochs.csv", "epochs.png"
WIDTH, HEIGHT, MARGIN = 640, 360, 48
GREY, INK = (200, 200, 200), (40, 40, 40)
SERIES = {
    "peaks": (180, 119, 31),
    "held_out_peaks": (60, 30, 200),
    "boxes": (200, 180, 90),
    "held_out_boxes": (110, 110, 230),
}
"""The columns that are drawn, and their colours as blue, green and red."""


class Journal:
    """Rows and curves in *folder*; those of an earlier part of the run stay."""

    def __init__(self, folder: Path) -> None:
        self._rows, self._curves = folder / ROWS, folder / CURVES
        self._epochs: list[Epoch] = []
        if self._rows.exists():
            with self._rows.open(newline="") as file:
                self._epochs = [_read(row) for row in csv.DictReader(file)]

    def add(self, epoch: Epoch) -> None:
        """Note *epoch*, in the place of one with its number."""
        self._epochs = [one for one in self._epochs if one.epoch < epoch.epoch]
        self._epochs.append(epoch)
        part = self._rows.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, [one.name for one in fields(Epoch)])
            writer.writeheader()
            writer.writerows(asdict(one) for one in self._epochs)
        part.replace(self._rows)
        cv2.imwrite(str(self._curves), curves(self._epochs))


def curves(epochs: list[Epoch]) -> NDArray[np.uint8]:
    """Draw the losses over the epochs, from 0 to the highest; (360, 640, 3) uint8."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    top = max(getattr(one, name) for one in epochs for name in SERIES) or 1.0
    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN
    for step in range(5):
        y = round(bottom - (bottom - MARGIN) * step / 4)
        cv2.line(picture, (MARGIN, y), (right, y), GREY, 1)
        _write(picture, f"{top * step / 4:.2f}", (6, y + 4), INK)
    for at, (name, colour) in enumerate(SERIES.items()):
        points = [
            (
                MARGIN + (right - MARGIN) * place / max(len(epochs) - 1, 1),
                bottom - (bottom - MARGIN) * getattr(one, name) / top,
            )
            for place, one in enumerate(epochs)
        ]
        line = np.array(points, np.float64).round().astype(np.int32)
        cv2.polylines(picture, [line], isClosed=False, color=colour, thickness=2)
        _write(picture, name.replace("_", " "), (MARGIN + 140 * at, 24), colour)
    _write(picture, f"epoch {epochs[-1].epoch}", (right - 60, HEIGHT - 16), INK)
    return picture


def _write(
    picture: NDArray[np.uint8],
    text: str,
    at: tuple[int, int],
    colour: tuple[int, int, int],
) -> None:
    cv2.putText(
        picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA
    )


def _read(row: dict[str, str]) -> Epoch:
    """Return what a row of the file says."""
    numbers = {one.name: float(row[one.name]) for one in fields(Epoch)}
    return Epoch(epoch=int(numbers.pop("epoch")), **numbers)

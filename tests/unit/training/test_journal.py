"""What a run leaves for people."""

from pathlib import Path

import cv2
import numpy as np

from heliograph.training.epoch import Epoch
from heliograph.training.journal import CURVES, ROWS, SERIES, Journal, curves


def epoch(number: int, loss: float) -> Epoch:
    return Epoch(number, 10.0, loss, loss / 2, loss * 1.1, loss / 3)


def test_each_epoch_is_a_row_and_a_resumed_run_goes_on(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.add(epoch(1, 3.0))
    first.add(epoch(2, 2.0))
    # A kill after the row and before the checkpoint: the epoch is made again.
    again = Journal(tmp_path)
    again.add(epoch(2, 2.1))
    again.add(epoch(3, 1.5))
    rows = (tmp_path / ROWS).read_text().splitlines()
    assert rows[0].startswith("epoch,seconds,peaks")
    assert [row.split(",")[:3] for row in rows[1:]] == [
        ["1", "10.0", "3.0"],
        ["2", "10.0", "2.1"],
        ["3", "10.0", "1.5"],
    ]
    assert cv2.imread(str(tmp_path / CURVES)) is not None


def test_the_curves_fall_as_the_losses_do() -> None:
    picture = curves([epoch(at, 10.0 / at) for at in range(1, 6)])
    colour = np.array(SERIES["held_out_peaks"], np.uint8)
    y, x = np.nonzero((picture[60:] == colour).all(axis=2))
    assert y[x < x.min() + 20].mean() < y[x > x.max() - 20].mean()


def test_one_epoch_is_drawn_too() -> None:
    assert curves([epoch(1, 0.0)]).shape == (360, 640, 3)

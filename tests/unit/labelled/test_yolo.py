from pathlib import Path

import numpy as np
import pytest

from heliograph.camera.types import Box, Size
from heliograph.labelled import LabelError, open_labelled
from labelled_files import ticks


def write_frame(folder: Path, name: str, text: str | None) -> None:
    """Write a table of t, x, y, p as PEDRo has it, and its labels."""
    events = ticks(1_000_000, 1_040_000, 500)
    columns = [events[column].astype("<i8") for column in ("t", "x", "y", "p")]
    path = folder / "numpy" / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.stack(columns).T)
    labels = folder / "yolo" / f"{name}.txt"
    labels.parent.mkdir(parents=True, exist_ok=True)
    if text is not None:
        labels.write_text(text)


def test_a_frame_is_a_window_at_its_last_event(tmp_path: Path) -> None:
    write_frame(tmp_path, "train/frame1", "0 0.5 0.5 0.5 0.25\n3 0.5 0.5 0.1 0.1\n")
    (window,) = open_labelled(tmp_path, history_us=10_000)
    assert (window.size, window.t_us) == (Size(346, 260), 1_039_500)
    assert window.events["t"].tolist() == list(range(1_030_000, 1_040_000, 500))
    assert window.events["x"].tolist() == list(range(60, 80))
    assert window.boxes == (Box(86.5, 97.5, 173, 65, "person"),)
    assert [box.label for box in window.ignored] == ["unknown"]


def test_frames_come_by_name_and_one_without_labels_shows_nothing(
    tmp_path: Path,
) -> None:
    write_frame(tmp_path, "b", "0 0.5 0.5 0.5 0.25")
    write_frame(tmp_path, "a", None)
    windows = list(open_labelled(tmp_path, history_us=40_000, size=Size(400, 300)))
    assert [Path(w.source).stem for w in windows] == ["a", "b"]
    assert [len(w.boxes) for w in windows] == [0, 1]
    assert windows[1].boxes[0].width == 200
    assert len(windows[0].events) == 80


def test_a_folder_whose_labels_belong_to_nothing_is_told(tmp_path: Path) -> None:
    write_frame(tmp_path, "a", None)
    with pytest.raises(LabelError, match=r"yolo: holds no labels for the 1 recordings"):
        list(open_labelled(tmp_path, history_us=1_000))


@pytest.mark.parametrize(
    "line",
    ["0 0.5 0.5 0.5", "person 0.5 0.5 0.5 0.5", "0 120 0.5 0.1 0.1", "0 nan 0 0 0"],
)
def test_a_line_that_is_no_label_is_told_with_its_number(
    tmp_path: Path, line: str
) -> None:
    write_frame(tmp_path, "a", f"0 0.5 0.5 0.5 0.25\n\n{line}\n")
    with pytest.raises(
        LabelError, match=r"a\.txt: line 3: expected a class and centre"
    ):
        list(open_labelled(tmp_path, history_us=1_000))

"""Which kind of labels a path holds, and `open_labelled`, which reads them."""

import os
from collections.abc import Iterator
from pathlib import Path

from heliograph.camera.types import Size
from heliograph.labelled.bbox_npy import ENDING, RECORDING_ENDINGS, read_bbox_npy
from heliograph.labelled.boxes import EVERY_LABEL, Judging
from heliograph.labelled.classes import ClassMap
from heliograph.labelled.coco import read_coco
from heliograph.labelled.errors import LabelError
from heliograph.labelled.request import Request
from heliograph.labelled.window import LabelledWindow
from heliograph.labelled.yolo import folders_in, read_yolo

COCO_FILES = ("instances*.json", "annotations*.json", "_annotations.coco.json")
EXPECTED = (
    "expected recordings with NAME_bbox.npy beside them (Prophesee, the simulator), a "
    "folder with numpy/ and yolo/ (PEDRo), or COCO's JSON whose images are recordings"
)


def open_labelled(
    path: str | os.PathLike[str],
    *,
    history_us: int,
    every_us: int | None = None,
    classes: ClassMap | None = None,
    size: Size | None = None,
    judging: Judging = EVERY_LABEL,
) -> Iterator[LabelledWindow]:
    """Yield the labelled windows at *path*, whatever form its labels have.

    *path* is a folder, which is searched, a `NAME_bbox.npy`, a recording with one
    beside it, or COCO's JSON. Each window has *history_us* of events; with *every_us*
    those of one recording are at least so far apart. *classes* is needed where files do
    not tell their data set, *size* where they do not tell their geometry. Recordings
    are read one by one from begin to end, and none is held in memory.

    Raises `LabelError` for labels that cannot be read or of which nothing is found,
    `RecordingError` for a recording that cannot, and `OSError`.
    """
    if history_us < 1 or (every_us is not None and every_us < 1):
        raise ValueError("history_us and every_us must be at least 1")
    request = Request(history_us, every_us, classes, size, judging)
    path = Path(path)
    if path.is_dir():
        return _in_folder(path, request)
    if not path.exists():
        raise LabelError(f"{path}: is not there; {EXPECTED}")
    return _in_file(path, request)


def _in_file(path: Path, request: Request) -> Iterator[LabelledWindow]:
    if path.name.endswith(ENDING):
        return read_bbox_npy(path, request)
    if path.suffix == ".json":
        return read_coco(path, request)
    for ending in RECORDING_ENDINGS:
        labels = path.with_name(path.name.removesuffix(ending) + ENDING)
        if path.name.endswith(ending) and labels.is_file():
            return read_bbox_npy(labels, request)
    raise LabelError(f"{path}: has no labels beside it; {EXPECTED}")


def _in_folder(folder: Path, request: Request) -> Iterator[LabelledWindow]:
    yolo = folders_in(folder)
    if yolo is not None:
        return read_yolo(*yolo, request)
    tables = sorted(folder.rglob(f"*{ENDING}"))
    if tables:
        return (window for table in tables for window in read_bbox_npy(table, request))
    files = sorted(path for glob in COCO_FILES for path in folder.rglob(glob))
    if files:
        return (window for file in files for window in read_coco(file, request))
    raise LabelError(f"{folder}: holds no labels; {EXPECTED}")

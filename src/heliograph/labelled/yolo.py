"""YOLO text labels beside event files, as PEDRo has them: `numpy/` and `yolo/`.

Each event file is one window, and its labels hold for its end. A line is a class and
centre x, centre y, width, height in shares of the sensor's. A file without labels
shows nothing.

Source: PEDRo (Boretti et al., CVPR Workshops 2023), https://zenodo.org/records/13331985.
"""

from collections.abc import Iterator
from pathlib import Path

from heliograph import camera
from heliograph.camera.reading.formats import is_recording
from heliograph.camera.types import Size
from heliograph.labelled.boxes import Label, class_of, parted
from heliograph.labelled.classes import PEDRO
from heliograph.labelled.errors import LabelError
from heliograph.labelled.history import History
from heliograph.labelled.request import Request
from heliograph.labelled.window import LabelledWindow

EVENT_FOLDERS = ("numpy", "events")
LABEL_FOLDERS = ("yolo", "labels")
READ_US = 10_000
DAVIS346 = Size(346, 260)
"""PEDRo's sensor. NumPy files tell no geometry."""

FIELDS = 5


def folders_in(folder: Path) -> tuple[Path, Path] | None:
    """Return where the events and the labels in *folder* are, or None."""
    events = next((folder / n for n in EVENT_FOLDERS if (folder / n).is_dir()), None)
    labels = next((folder / n for n in LABEL_FOLDERS if (folder / n).is_dir()), None)
    return None if events is None or labels is None else (events, labels)


def read_yolo(events: Path, labels: Path, request: Request) -> Iterator[LabelledWindow]:
    """Yield a window for each recording under the folder *events*, by name.

    The text of `events/A/B.npy` is `labels/A/B.txt`. Raises `LabelError` where none has
    a text or one cannot be read, and what `camera.open` raises.
    """
    paths = sorted(p for p in events.rglob("*") if p.is_file() and is_recording(p))
    texts = [(labels / p.relative_to(events)).with_suffix(".txt") for p in paths]
    if not any(text.is_file() for text in texts):
        raise LabelError(
            f"{labels}: holds no labels for the {len(paths)} recordings in {events}; "
            "expected NAME.txt for NAME.npy"
        )
    for path, text in zip(paths, texts, strict=True):
        size = request.size or DAVIS346
        with camera.open(path, READ_US, size=size) as recording:
            t_us, packet = History(recording, request.history_us).whole()
        found = _read_text(text, size, request) if text.is_file() else []
        boxes, ignored = parted(found, size, request.judging)
        yield LabelledWindow(str(path), size, packet, t_us, boxes, ignored)


def _read_text(text: Path, size: Size, request: Request) -> list[Label]:
    classes = PEDRO if request.classes is None else request.classes
    labels = []
    lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label = _label(line.split(), size)
        if label is None:
            raise LabelError(
                f"{text}: line {number}: expected a class and centre x, centre y, "
                f"width and height as shares from 0 to 1, found {line[:80]!r}"
            )
        class_id, x, y, width, height = label
        labels.append(Label(x, y, width, height, class_of(classes, class_id)))
    return labels


def _label(
    fields: list[str], size: Size
) -> tuple[int, float, float, float, float] | None:
    """Return class, corner and sides in pixels, or None where they make no sense."""
    if len(fields) != FIELDS:
        return None
    try:
        class_id = int(fields[0])
        centre_x, centre_y, wide, high = map(float, fields[1:])
    except ValueError:
        return None
    if not all(0 <= share <= 1 for share in (centre_x, centre_y, wide, high)):
        return None
    return (
        class_id,
        (centre_x - wide / 2) * size.width,
        (centre_y - high / 2) * size.height,
        wide * size.width,
        high * size.height,
    )

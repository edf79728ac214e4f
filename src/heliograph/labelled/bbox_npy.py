"""Prophesee's labels: `NAME_bbox.npy` beside the recording NAME.

One record a box and time, corner and sides in sensor pixels. Two spellings are about:
`t`, `class_confidence` (Metavision, 1 Mpx, eTraM) and `ts`, `confidence` (Gen1).

Source: https://docs.prophesee.ai, "Ground truth format"; Gen1's toolbox, src/io.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph import camera
from heliograph.camera.reading.recording import Recording
from heliograph.camera.types import Size
from heliograph.labelled.boxes import Label, by_time, class_of, parted
from heliograph.labelled.classes import GEN1, MEGAPIXEL, SIMULATOR, ClassMap
from heliograph.labelled.errors import LabelError
from heliograph.labelled.history import History
from heliograph.labelled.request import Request
from heliograph.labelled.window import LabelledWindow

ENDING = "_bbox.npy"
RECORDING_ENDINGS = (
    "_td.dat",
    ".raw",
    ".dat",
    "_td.h5",
    "_td.hdf5",
    ".h5",
    ".hdf5",
    "_td.npy",
    "_td.npz",
    ".npz",
    ".npy",
    ".aedat4",
)
"""What a recording's name goes on with after NAME; the first that is there is read."""

SCENES = "scenes.json"
"""Beside the simulator's recordings, whose labels are complete: no box, no thing."""

READ_US = 10_000
LABELS_EVERY_US = 100_000
"""How often a simulated scene is looked at in which nothing ever is."""

SIZES: Mapping[Size, ClassMap] = {
    Size(304, 240): GEN1,
    Size(1280, 720): MEGAPIXEL,
}
"""The classes of a DAT file with this geometry: only these data sets come as DAT."""

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "ts"),
    "x": ("x",),
    "y": ("y",),
    "w": ("w",),
    "h": ("h",),
    "class_id": ("class_id",),
}
CONFIDENCES = ("class_confidence", "confidence")


def read_bbox_npy(labels: Path, request: Request) -> Iterator[LabelledWindow]:
    """Yield a window for each time that the file *labels* has boxes for.

    In a simulated scene also for the times between, at which there is nothing. Times
    that lie before the recording's begin are counted from there, as Metavision counts
    those of a RAW file. Raises `LabelError` where the file or its recording is not what
    it should be, and what `camera.open` raises.
    """
    is_simulated = (labels.parent / SCENES).is_file()
    table = _read_table(labels)
    path = recording_of(labels)
    with camera.open(path, READ_US, size=request.size) as recording:
        classes = _classes(recording, path, request, is_simulated=is_simulated)
        counts = _counts(table, always=is_simulated)
        begin_us = recording.begin_us
        if len(table) and int(table["t"].min()) < begin_us:
            table["t"] += begin_us
        times = set(table["t"].tolist())
        history = History(recording, request.history_us)
        yielded = False
        for t_us in _times(times, request, begin_us, is_simulated=is_simulated):
            events = history.until(t_us)
            if history.ended and t_us > recording.now_us:
                break
            first, behind = np.searchsorted(table["t"], (t_us, t_us + 1))
            at = slice(int(first), int(behind))
            found = _labels(table[at], counts[at], classes, is_simulated=is_simulated)
            boxes, ignored = parted(found, recording.size, request.judging)
            yield LabelledWindow(
                str(path), recording.size, events, t_us, boxes, ignored
            )
            yielded = True
        if not yielded and history.ended and len(table):
            raise LabelError(
                f"{labels}: its labels begin at {int(table['t'][0])} us, and "
                f"{path.name} ends before that: they are of another recording"
            )


def recording_of(labels: Path) -> Path:
    """Find the recording beside *labels*; raises `LabelError` where there is none."""
    stem = labels.name.removesuffix(ENDING)
    for ending in RECORDING_ENDINGS:
        path = labels.with_name(stem + ending)
        if path.is_file():
            return path
    expected = ", ".join(stem + ending for ending in RECORDING_ENDINGS[:4])
    raise LabelError(
        f"{labels}: there is no recording beside it; expected {expected} or the like"
    )


def _read_table(labels: Path) -> NDArray[np.void]:
    """Return the records in order of time, with our names for their fields."""
    try:
        read: NDArray[Any] = np.load(labels, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise LabelError(
            f"{labels}: is no NumPy array of boxes that can be read: {error}"
        ) from error
    known = read.dtype.names or ()
    fields = {
        name: next((one for one in spellings if one in known), None)
        for name, spellings in SPELLINGS.items()
    }
    missing = [name for name, field in fields.items() if field is None]
    if missing or read.ndim != 1:
        raise LabelError(
            f"{labels}: expected records with t (or ts), x, y, w, h and class_id; "
            f"found {', '.join(known) or f'an array of shape {read.shape}'}"
        )
    table = np.empty(
        len(read),
        [("t", "<i8"), *((side, "<f8") for side in "xywh"), ("class_id", "<i8"),
         ("confidence", "<f8")],
    )  # fmt: skip
    for name, field in fields.items():
        table[name] = read[field]
    confidence = next((one for one in CONFIDENCES if one in known), None)
    table["confidence"] = 1.0 if confidence is None else read[confidence]
    sides = [table[side] for side in "xywh"]
    if not all(np.isfinite(side).all() for side in sides):
        at = int(np.argmin(np.all(np.isfinite(sides), axis=0)))
        raise LabelError(f"{labels}: box {at} has a side that is no number")
    return table[np.argsort(table["t"], kind="stable")]


def _classes(
    recording: Recording, path: Path, request: Request, *, is_simulated: bool
) -> ClassMap:
    if request.classes is not None:
        return request.classes
    if is_simulated:
        return SIMULATOR
    if recording.format == "DAT" and recording.size in SIZES:
        return SIZES[recording.size]
    raise LabelError(
        f"{path}: a {recording.format} file of {recording.size.width}x"
        f"{recording.size.height} does not tell whose classes its labels are; say it: "
        "gen1, 1mpx, etram or simulator (in Python classes=CLASS_MAPS['etram'])"
    )


def _counts(table: NDArray[np.void], *, always: bool) -> NDArray[np.bool_]:
    """Say which labels are sure; a file that is sure of none never said how sure.

    With *always* it did.
    """
    sure: NDArray[np.bool_] = table["confidence"] > 0
    return sure if always or sure.any() else np.ones(len(table), np.bool_)


def _times(
    times: set[int], request: Request, begin_us: int, *, is_simulated: bool
) -> Iterator[int]:
    """Yield the times to be looked at, without end where the scene is simulated."""
    skip_us, next_us = begin_us + request.judging.skip_us, 0
    known = by_time(times, None)
    for t_us in _filled(known, begin_us, request.every_us) if is_simulated else known:
        if t_us >= max(skip_us, next_us):
            yield t_us
            next_us = t_us + (request.every_us or 1)


def _filled(known: list[int], begin_us: int, every_us: int | None) -> Iterator[int]:
    """Yield the *known* times, those that are missing between them, and on from there.

    A time is missing where the gap is wider than labels most often are apart.
    """
    step_us = every_us or LABELS_EVERY_US
    if len(known) > 1:
        steps, often = np.unique(np.diff(known), return_counts=True)
        step_us = int(steps[np.argmax(often)])
    first_us = known[0] if known else begin_us + step_us
    t_us = first_us - (first_us - begin_us - 1) // step_us * step_us
    for label_us in known:
        while t_us <= label_us - step_us // 2 - 1:
            yield t_us
            t_us += step_us
        yield label_us
        t_us = label_us + step_us
    while True:
        yield t_us
        t_us += step_us


def _labels(
    rows: NDArray[np.void],
    counts: NDArray[np.bool_],
    classes: ClassMap,
    *,
    is_simulated: bool,
) -> Iterator[Label]:
    for row, sure in zip(rows, counts, strict=True):
        yield Label(
            float(row["x"]),
            float(row["y"]),
            float(row["w"]),
            float(row["h"]),
            our_class=class_of(classes, int(row["class_id"])),
            counts=bool(sure),
            # The simulator is sure of its labels, and says how much of a thing shows.
            visible=float(row["confidence"]) if is_simulated else 1.0,
        )

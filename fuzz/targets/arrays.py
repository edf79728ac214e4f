"""NumPy's files: headers, rows, archives, and pickles that are not to be unpickled.

The choice puts a header before the wire: of structures, of a table, of a pickled dict;
or packs the wire, with a header, as the arrays of an archive; or takes it as a file.
"""

import zipfile
from io import BytesIO

import numpy as np
from case import Case, case_of
from every_way import judge_recording

from heliograph.camera.types import EVENT

PACKET = np.array([(1, 2, 1, 5), (1279, 719, 0, 9_000), (7, 8, 1, 31_000)], EVENT)
NAMES = ("x", "y", "p", "t")


def saved(array: object) -> bytes:
    """Return an NPY file of *array*."""
    file = BytesIO()
    np.save(file, array, allow_pickle=True)  # type: ignore[arg-type]  # any object can be saved
    return file.getvalue()


TABLE = np.stack([PACKET[name].astype("<i8") for name in "txyp"], axis=1)
PICKLE = saved({name: PACKET[name] for name in NAMES})
HEADS = tuple(
    array[: array.index(b"\n") + 1] for array in (saved(PACKET), saved(TABLE), PICKLE)
)


def judge(data: bytes) -> None:
    """Judge a file by *data*."""
    case = case_of(data)
    if case is None:
        return
    which = case.choice % 5
    if which < len(HEADS):
        judge_recording(HEADS[which] + case.wire, case.seed)
    elif which == len(HEADS):
        judge_recording(packed(case), case.seed, pipe=False)
    else:
        judge_recording(case.wire, case.seed)


def packed(case: Case) -> bytes:
    """Pack the wire as each column of an archive, or as its one array."""
    file = BytesIO()
    names = NAMES if case.seed % 2 else ("events",)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(f"{name}.npy", case.wire)
    return file.getvalue()


def seeds() -> list[Case]:
    """Write the layouts that people save."""
    columns = {name: PACKET[name] for name in NAMES}
    archive, squeezed = BytesIO(), BytesIO()
    np.savez(archive, **columns)  # type: ignore[arg-type]  # numpy's stubs mix them up
    np.savez_compressed(squeezed, events=PACKET)
    seconds = TABLE.astype("<f8")
    seconds[:, 0] /= 1e6
    files = [saved(PACKET), saved(TABLE), saved(TABLE.T.copy().T), saved(seconds),
             PICKLE, archive.getvalue(), squeezed.getvalue(), saved(np.zeros((3, 5))),
             saved({"x": 1}), saved([None]), saved(PACKET[:0])]  # fmt: skip
    rows = [
        file[file.index(b"\n") + 1 :] for file in (saved(PACKET), saved(TABLE), PICKLE)
    ]
    cases = [Case(4, 1, file) for file in files]
    cases += [Case(4, 2, file[:-3]) for file in files]
    cases += [Case(which, which, wire) for which, wire in enumerate(rows)]
    cases += [Case(3, 1, saved(np.arange(5))), Case(3, 2, saved(PACKET))]
    return cases

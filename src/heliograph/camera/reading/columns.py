"""Which column of a table of events is which, and how its numbers are meant."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.records import SIDE_MAX, columns_as_records
from heliograph.camera.reading.state import BACK_US_MAX, TIME_US_MAX

NAMES: Mapping[str, tuple[str, ...]] = {
    "x": ("x", "xs", "x_coordinates"),
    "y": ("y", "ys", "y_coordinates"),
    "p": ("p", "ps", "pol", "polarity", "polarities", "on"),
    "t": ("t", "ts", "time", "times", "timestamp", "timestamps"),
}
"""What people call the columns; the first that is there is taken."""

ORDERS = ("txyp", "xytp", "xypt")
"""The orders in which tables without names come, as they are tried."""

US_PER_S = 1e6
FAR_US = TIME_US_MAX * 2.0


class Names(NamedTuple):
    """What the four columns are called in one file."""

    x: str
    y: str
    p: str
    t: str


def names_among(known: Iterable[str]) -> Names | None:
    """Find the four columns among *known* names, in whatever case, or return None."""
    by_lower = {name.lower(): name for name in reversed([*known])}
    found = {
        column: next((by_lower[name] for name in names if name in by_lower), None)
        for column, names in NAMES.items()
    }
    if None in found.values():
        return None
    return Names(*(str(found[column]) for column in Names._fields))


class Times:
    """Numbers as us. Those with a fraction are seconds, whole ones are us.

    The first piece that has events decides for the whole file.
    """

    def __init__(self) -> None:
        self._seconds: bool | None = None

    def as_us(self, t: NDArray[Any]) -> NDArray[np.int64]:
        """Return *t* in us; what is no time becomes one that nobody believes."""
        if t.dtype == np.uint64:
            t = np.minimum(t, np.uint64(2 * TIME_US_MAX))
        if t.dtype.kind != "f":
            whole: NDArray[np.int64] = t.astype(np.int64)
            return whole
        t = np.nan_to_num(t.astype(np.float64), nan=FAR_US, posinf=FAR_US)
        if self._seconds is None and t.size:
            self._seconds = bool((t != np.floor(t)).any())
        scaled = t * US_PER_S if self._seconds else t
        us: NDArray[np.int64] = np.clip(np.rint(scaled), -FAR_US, FAR_US).astype("<i8")
        return us


def table_order(rows: NDArray[Any], name: str) -> str:
    """Say which of `ORDERS` the columns of *rows* (shape (n, 4)) have.

    Raises `ForeignFileError` where none of them makes sense.
    """
    for back_us_max in (0, BACK_US_MAX):
        for order in ORDERS:
            columns = dict(zip(order, rows.T, strict=True))
            if _makes_sense(**columns, back_us_max=back_us_max):
                return order
    raise ForeignFileError(
        f"{name}: is a table whose columns are events in none of the orders "
        f"{', '.join(' '.join(order) for order in ORDERS)}; save it with named columns"
    )


def _makes_sense(
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
    t: NDArray[Any],
    back_us_max: int,
) -> bool:
    is_place = [
        bool(((c >= 0) & (c < SIDE_MAX) & (c == np.floor(c))).all()) for c in (x, y)
    ]
    is_polarity = bool(((p == 0) | (p == 1) | (p == -1)).all())
    t_us = Times().as_us(t)
    is_time = bool((np.maximum.accumulate(t_us) - t_us <= back_us_max).all())
    return all(is_place) and is_polarity and is_time


def as_records(columns: Sequence[NDArray[Any]], times: Times) -> NDArray[np.void]:
    """Put the columns x, y, p, t together as records."""
    x, y, p, t = columns
    return columns_as_records(x, y, p, times.as_us(t))

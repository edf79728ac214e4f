"""Labels as boxes: cut at the sensor's border, and told apart by whether they count."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import hypot

from heliograph.camera.types import Box, Size

UNKNOWN = "unknown"
"""The label of a box whose class is none of ours."""


WIDE_PX = 1280
"""The width of the 1 Mpx sensor."""


@dataclass(frozen=True, slots=True)
class Judging:
    """Which labels count; the others are still told, as ignored.

    A box counts whose diagonal is at least `diagonal_px_min` and whose sides are at
    least `side_px_min`. Nothing is asked in the first `skip_us` of a recording. Of a
    sensor of `WIDE_PX` pixels or more a row that is times `wide`. Of a thing in a
    simulated scene at least the share `visible_min` must show.
    """

    diagonal_px_min: float = 0.0
    side_px_min: float = 0.0
    skip_us: int = 0
    wide: float = 1.0
    visible_min: float = 0.0

    def is_large(self, width: float, height: float, size: Size) -> bool:
        """Say whether a box of *width* by *height* pixels counts on *size*."""
        times = self.wide if size.width >= WIDE_PX else 1.0
        return (
            hypot(width, height) >= times * self.diagonal_px_min
            and min(width, height) >= times * self.side_px_min
        )


EVERY_LABEL = Judging()
"""All labels count that say so themselves."""

PROPHESEE_GEN1 = Judging(diagonal_px_min=30, side_px_min=10, skip_us=500_000)
"""How figures on Gen1 are made.

Source: prophesee-automotive-dataset-toolbox, src/io/box_filtering.py.
"""

PROPHESEE_1MPX = Judging(diagonal_px_min=60, side_px_min=20, skip_us=500_000)
"""How figures on the 1 Mpx data set are made; the same source."""

PROPHESEE = Judging(diagonal_px_min=30, side_px_min=10, wide=2.0)
"""As on Gen1, and on a sensor as wide as the 1 Mpx as there, but from the begin on."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label as it was read: corner and sides in sensor pixels, class as we say.

    *our_class* is None where it is none of ours, *counts* false where the label itself
    says that it is not sure. *visible* is which share of the thing shows, where that is
    known.
    """

    x: float
    y: float
    width: float
    height: float
    our_class: str | None
    counts: bool = True
    visible: float = 1.0


def parted(
    labels: Iterable[Label], size: Size, judging: Judging
) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes that are judged, and those that are not.

    What lies wholly outside of the sensor is in neither.
    """
    judged: list[Box] = []
    ignored: list[Box] = []
    for label in labels:
        left, top = max(0.0, label.x), max(0.0, label.y)
        right = min(float(size.width), label.x + label.width)
        bottom = min(float(size.height), label.y + label.height)
        width, height = right - left, bottom - top
        if width <= 0 or height <= 0:
            continue
        box = Box(left, top, width, height, label=label.our_class or UNKNOWN)
        counts = (
            label.counts
            and label.our_class is not None
            and label.visible >= judging.visible_min
            and judging.is_large(width, height, size)
        )
        (judged if counts else ignored).append(box)
    return tuple(judged), tuple(ignored)


def by_time(times: Iterable[int], every_us: int | None) -> list[int]:
    """Return *times* in order, each once, and none sooner than *every_us* after one."""
    kept: list[int] = []
    for t_us in sorted(set(times)):
        if not kept or every_us is None or t_us - kept[-1] >= every_us:
            kept.append(t_us)
    return kept


def class_of(classes: Mapping[int | str, str], *known_as: int | str) -> str | None:
    """Look a data set's class up, by its id or its name, or return None."""
    return next((classes[key] for key in known_as if key in classes), None)

"""Which boxes are parts of one thing.

A detector finds what moves and has contrast. A body is cut across where it has none:
a sleeve and a hand, a jacket and its trousers, one above the other.
"""

from dataclasses import replace

from heliograph.camera.tracking.affinity import covered
from heliograph.camera.types import Box

STACKED_SHARE_MIN = 0.6
"""How much of the narrower of two boxes must be above or below the other."""


def grown(box: Box, share: float) -> Box:
    """Return *box* with *share* of its longer side more on each side."""
    more = share * max(box.width, box.height)
    return replace(
        box,
        x=box.x - more,
        y=box.y - more,
        width=box.width + 2 * more,
        height=box.height + 2 * more,
    )


def around(a: Box, b: Box) -> Box:
    """Return the box around both, with *a*'s label and score."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    right = max(a.x + a.width, b.x + b.width)
    bottom = max(a.y + a.height, b.y + b.height)
    return replace(a, x=x, y=y, width=right - x, height=bottom - y)


def is_part(whole: Box, box: Box, *, part_min: float, gap_share: float) -> bool:
    """Say whether *box* may be a part of *whole*: within it, or right above or below.

    Within is covered by *part_min* of itself; a gap is up to *gap_share* of the
    narrower one's width.
    """
    if box.area <= whole.area and covered(whole, box) >= part_min:
        return True
    gap = max(whole.y, box.y) - min(whole.y + whole.height, box.y + box.height)
    narrower = min(whole.width, box.width)
    return is_in_column(whole, box) and gap <= gap_share * narrower


def is_in_column(a: Box, b: Box) -> bool:
    """Say whether one of two is above or below the other, or they overlap so."""
    side_by_side = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    return side_by_side >= STACKED_SHARE_MIN * min(a.width, b.width)


def shift_inside(box: Box, bounds: Box) -> tuple[float, float]:
    """Return how far *box* must move, right and down, to be within larger *bounds*."""
    return (
        _inside(box.x, box.width, bounds.x, bounds.width),
        _inside(box.y, box.height, bounds.y, bounds.height),
    )


def shared_shift(place: Box, box: Box) -> tuple[float, float]:
    """Return how far both sides of *place* must go, right and down, to be at *box*.

    What only one side does is growth: a part that begins or ceases to move.
    """
    return (
        _shared(box.x - place.x, box.x + box.width - place.x - place.width),
        _shared(box.y - place.y, box.y + box.height - place.y - place.height),
    )


def _shared(begin: float, end: float) -> float:
    return min(max(begin, 0.0), max(end, 0.0)) + max(min(begin, 0.0), min(end, 0.0))


def _inside(begin: float, side: float, least: float, length: float) -> float:
    return max(0.0, least - begin) + min(0.0, least + length - begin - side)

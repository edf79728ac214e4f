"""How likely two boxes are the same thing, from 0 to 1."""

from heliograph.camera.types import Box

# A part of a thing found alone is weaker evidence than overlap.
COVERED_WEIGHT = 0.5
# What overlaps by half may be one thing that is called otherwise now.
OTHER_LABEL_WEIGHT = 0.3


def overlap(a: Box, b: Box) -> float:
    """Return the square pixels that *a* and *b* share, never more than either has."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0.0) * max(height, 0.0)
    # A right edge is rounded: beside it a sliver would share more than itself.
    return min(shared, a.area, b.area)


def covered(a: Box, b: Box) -> float:
    """Return the share of the smaller box that the larger covers."""
    smaller = min(a.area, b.area)
    return overlap(a, b) / smaller if smaller > 0 else 0.0


def affinity(a: Box, b: Box) -> float:
    """Return overlap over union, or half the part covered where that is more.

    Boxes of different labels are a third as alike, and none is a part of another: a
    person stands before a vehicle.
    """
    shared = overlap(a, b)
    union = a.area + b.area - shared
    over_union = shared / union if union > 0 else 0.0
    if a.label != b.label:
        return over_union * OTHER_LABEL_WEIGHT
    return max(over_union, COVERED_WEIGHT * covered(a, b))

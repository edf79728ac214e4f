"""How likely two boxes are the same thing, from 0 to 1."""

import math

from heliograph.camera.types import Box

# Half of a thing found alone, or a box just beside, is weaker evidence than overlap.
COVERED_WEIGHT = 0.5
CLOSE_WEIGHT = 0.25
OTHER_LABEL_WEIGHT = 0.5


def overlap(a: Box, b: Box) -> float:
    """Return the square pixels that *a* and *b* share."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(width, 0.0) * max(height, 0.0)


def covered(a: Box, b: Box) -> float:
    """Return the share of the smaller box that the larger covers."""
    smaller = min(a.area, b.area)
    return overlap(a, b) / smaller if smaller > 0 else 0.0


def affinity(a: Box, b: Box) -> float:
    """Weigh overlap over union, the part covered and the distance of the centres."""
    shared = overlap(a, b)
    union = a.area + b.area - shared
    over_union = shared / union if union > 0 else 0.0
    best = max(
        over_union,
        COVERED_WEIGHT * covered(a, b),
        CLOSE_WEIGHT * _closeness(a, b),
    )
    return best if a.label == b.label else best * OTHER_LABEL_WEIGHT


def _closeness(a: Box, b: Box) -> float:
    """Return 1 for one centre, 0 from half the mean diagonal on."""
    reach = (math.hypot(a.width, a.height) + math.hypot(b.width, b.height)) / 4
    distance = math.hypot(
        a.x + a.width / 2 - b.x - b.width / 2,
        a.y + a.height / 2 - b.y - b.height / 2,
    )
    return max(0.0, 1.0 - distance / reach) if reach > 0 else 0.0

"""One key among several, by weight."""

from collections.abc import Sequence

from heliograph.gateway.types import Key


def pick(keys: Sequence[Key], draw: float) -> Key:
    """Choose from *keys*, of which one at least has a weight; *draw* is in [0, 1).

    Weights need not add up to one: what is left of them shares the traffic. A key
    of weight 0 is only chosen when no other is left.
    """
    if len(keys) == 1:
        return keys[0]
    total = sum(key.weight for key in keys)
    if total <= 0:
        return keys[int(draw * len(keys))]
    left = draw * total
    for key in keys:
        left -= key.weight
        if left < 0:
            return key
    return keys[-1]

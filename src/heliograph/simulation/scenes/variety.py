"""The same cut-out as somebody else: in other clothes, of another contrast and build.

A few hundred masked pictures are few people. What a network should learn of them is
how people look, and not these.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.chance import chance, log_uniform
from heliograph.simulation.scenes.sprites import Bytes2d, Sprite

UNCHANGED_SHARE = 0.2
NECK, WAIST = (0.13, 0.19), (0.42, 0.56)
"""Where on a body, from the head down, one piece of clothing ends and one begins."""

EDGE = 0.02
"""How soft that is, in body heights."""

CLOTHES_SIGMA = 0.6
"""How much brighter or darker clothes may be: of the logarithm."""

CONTRAST = (0.35, 1.5)
STRETCH = (0.8, 1.25)


def stretch(rng: np.random.Generator) -> float:
    """Draw how much wider than in its picture somebody or something is."""
    return 1.0 if chance(rng, UNCHANGED_SHARE) else log_uniform(rng, *STRETCH)


def toned(sprite: Sprite, rng: np.random.Generator) -> Sprite:
    """Return *sprite* with more or less contrast within itself."""
    if chance(rng, UNCHANGED_SHARE):
        return sprite
    grey = _contrast(sprite, log_uniform(rng, *CONTRAST))
    return replace(sprite, grey=_bytes(grey))


def dressed(sprite: Sprite, rng: np.random.Generator) -> Sprite:
    """Return the person *sprite* shows in other clothes, all of another brightness."""
    if chance(rng, UNCHANGED_SHARE):
        return sprite
    grey = _contrast(sprite, log_uniform(rng, *CONTRAST))
    rows = np.flatnonzero((sprite.alpha > 0).any(axis=1))
    down = (np.arange(len(grey)) - rows[0]) / max(1, rows[-1] - rows[0])
    gains = rng.normal(0.0, CLOTHES_SIGMA, 3)
    below_neck = _from(rng.uniform(*NECK), down)
    below_waist = _from(rng.uniform(*WAIST), down)
    by_row = gains[0] + (gains[1] - gains[0]) * below_neck
    by_row += (gains[2] - gains[1]) * below_waist
    return replace(sprite, grey=_bytes(grey * np.exp(by_row)[:, None]))


def _from(place: float, down: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 above *place* and 1 below it."""
    return np.clip((down - place) / EDGE + 0.5, 0.0, 1.0)


def _contrast(sprite: Sprite, contrast: float) -> NDArray[np.float64]:
    inside = sprite.grey[sprite.alpha > 0]
    middle = float(inside.mean()) if len(inside) else 0.0
    return middle + contrast * (sprite.grey.astype(np.float64) - middle)


def _bytes(grey: NDArray[np.float64]) -> Bytes2d:
    return np.asarray(np.clip(np.round(grey), 0, 255), np.uint8)

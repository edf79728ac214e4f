"""What is carried, what casts a shadow, and what only gets in the way."""

import numpy as np

from heliograph.simulation.scenes.actors import Part, placed
from heliograph.simulation.scenes.chance import chance
from heliograph.simulation.scenes.easel import Easel
from heliograph.simulation.scenes.sprites import Sprite

LONG_SHARE = 0.35
"""Of carried things, how many are long: a plank, a pole, a ladder."""

HAND = (0.16, -0.42)
BACK = (-0.12, -0.68)
SHOULDER_V = -0.8


def carried_part(things: list[Sprite], facing: int, rng: np.random.Generator) -> Part:
    """Draw what a person carries; it belongs to no box, like all that is carried."""
    if not things or chance(rng, LONG_SHARE):
        return _long(facing, rng)
    sprite = things[int(rng.integers(len(things)))]
    size = rng.uniform(0.18, 0.35)
    on_back = chance(rng, 0.4)
    u, v = BACK if on_back else (HAND[0] * rng.choice([-1, 1]), HAND[1])
    to_actor = placed(sprite, flip=chance(rng, 0.5)) * size
    to_actor[0, 2] += u * (facing if on_back else 1)
    to_actor[1, 2] += v + size
    return Part(sprite, to_actor, labelled=False)


def _long(facing: int, rng: np.random.Generator) -> Part:
    """Draw a plank, pole or ladder over the shoulder or upright in the hand."""
    length, thick = rng.uniform(0.8, 1.8), rng.uniform(0.015, 0.07)
    easel = Easel(max(8, round(120 * thick)), length / thick, rng)
    shade = rng.uniform(0.05, 0.95)
    if chance(rng, 0.2):
        for y in (0.1, 0.9):
            easel.limb([(0, y), (easel.aspect, y)], 0.18, shade)
        for k in range(1, 9):
            x = easel.aspect * k / 9
            easel.limb([(x, 0.1), (x, 0.9)], 0.15, shade)
    else:
        easel.area(
            [(0, 0.05), (easel.aspect, 0.05), (easel.aspect, 0.95), (0, 0.95)],
            shade,
            slope=0.3,
        )
    sprite = easel.sprite("carried", "drawn long object")
    angle = rng.normal(0, 0.2) if chance(rng, 0.7) else np.pi / 2 + rng.normal(0, 0.15)
    upright = abs(angle) > 1.0
    rows, columns = sprite.grey.shape
    unit = length / columns
    cos, sin = unit * np.cos(angle), unit * np.sin(angle)
    turned = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    middle = turned[:, :2] @ np.array([columns / 2, rows / 2])
    goal = (0.2 * facing, -length / 2) if upright else (0.04 * facing, SHOULDER_V)
    turned[:, 2] = np.array(goal) - middle
    return Part(sprite, turned, labelled=False)


def shadow_part(body: Part, sun: tuple[float, float], dimming: float) -> Part:
    """Lay a cut-out on the ground: `sun` is how far it leans and how long it is."""
    lean, length = sun
    lay = np.array([[1.0, -lean * length], [0.0, length * 0.6]])
    return Part(
        body.sprite,
        lay @ body.to_actor,
        labelled=False,
        walks=False,
        dimming=dimming,
    )


def thing_sprite(
    others: list[Sprite], rng: np.random.Generator, *, pole: bool = False
) -> Sprite:
    """Return an animal, a ball, leaves, or a post: nothing that has a class."""
    if pole:
        easel = Easel(200, rng.uniform(0.03, 0.12), rng)
        shade = rng.uniform(0.03, 0.8)
        easel.area([(0, 0), (easel.aspect, 0), (easel.aspect, 1), (0, 1)], shade)
        easel.area(
            [(0, 0), (easel.aspect * 0.4, 0), (easel.aspect * 0.4, 1), (0, 1)],
            shade * 1.3 % 1.0,
        )
        return easel.sprite("other", "drawn post")
    if others and chance(rng, 0.6):
        return others[int(rng.integers(len(others)))]
    easel = Easel(60, rng.uniform(0.4, 2.0), rng)
    base = rng.uniform(0.05, 0.8)
    for _ in range(int(rng.integers(5, 40))):
        place = (rng.uniform(0.05, 0.95) * easel.aspect, rng.uniform(0.05, 0.95))
        if chance(rng, 0.3):
            end = (place[0] + rng.normal(0, 0.2), place[1] + rng.normal(0, 0.2))
            easel.limb([place, end], 0.03, base * 0.5)
        else:
            easel.disc(
                place,
                rng.uniform(0.03, 0.12),
                base * rng.uniform(0.4, 1.4),
                squeeze=rng.uniform(0.4, 1.6),
            )
    return easel.sprite("other", "drawn leaves")

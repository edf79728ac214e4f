"""Who walks and drives through the street, and when: chosen by the seed alone."""

from typing import Protocol

import numpy as np

from heliograph.camera.types import Size
from heliograph.simulation.camera.car import Car
from heliograph.simulation.camera.shapes import Shape
from heliograph.simulation.camera.walker import Load, Looks, Walker

FIRST_S = 0.2
"""When the first walker enters: not at 0, so that a recording starts with rest."""

METRES_TALL = 1.75
LOADS: tuple[Load, ...] = ("nothing", "long object", "backpack", "nothing", "bag")


class Actor(Protocol):
    """Somebody or something that moves through the scene."""

    @property
    def label(self) -> str:
        """What a caption should say of this actor."""
        ...

    @property
    def enters_s(self) -> float:
        """When the actor starts to move, still outside the picture."""
        ...

    @property
    def leaves_s(self) -> float:
        """When the actor is outside the picture again."""
        ...

    @property
    def ground_y(self) -> float:
        """The row of the feet or wheels: the lower, the nearer to the camera."""
        ...

    def solid(self, t_s: float) -> list[Shape]:
        """Return what has a box."""
        ...

    def shadow(self, t_s: float) -> list[Shape]:
        """Return what lies on the ground."""
        ...


def cast(size: Size, seconds: float, rng: np.random.Generator) -> list[Actor]:
    """Return all actors of a recording, in order of entry.

    Every third walker stops for a while. The next one has entered by then, so that
    after the first moment somebody always moves. Cars come every few seconds.
    """
    actors: list[Actor] = []
    enters_s, count = FIRST_S, 0
    while enters_s < seconds:
        walker, crossing_s = _walker(size, enters_s, count, rng)
        actors.append(walker)
        enters_s += crossing_s * rng.uniform(0.5, 0.6)
        count += 1
    enters_s = rng.uniform(2.0, 4.0)
    while enters_s < seconds:
        actors.append(_car(size, enters_s, rng))
        enters_s += rng.uniform(4.5, 8.0)
    return sorted(actors, key=lambda actor: actor.enters_s)


def _walker(
    size: Size, enters_s: float, count: int, rng: np.random.Generator
) -> tuple[Walker, float]:
    """Return a walker, and how long it takes without the pause.

    Near and far pavement alternate, and so do the loads.
    """
    near = count % 2 == 0
    share, ground = (0.33, rng.uniform(0.88, 0.97)) if near else (0.2, 0.48)
    height = share * size.height * rng.uniform(0.92, 1.04)
    speed = rng.uniform(1.2, 1.7) / METRES_TALL * height
    load = LOADS[count % len(LOADS)]
    margin = height * (0.75 if load == "long object" else 0.4)
    crossing_s = (size.width + 2 * margin) / speed
    pause_s = None
    if count % 3 == 2:  # noqa: PLR2004 - every third
        begins_s = enters_s + crossing_s * rng.uniform(0.65, 0.75)
        pause_s = (begins_s, begins_s + rng.uniform(1.5, 2.5))
    direction = 1 if rng.random() < 0.5 else -1  # noqa: PLR2004 - a coin
    stands_s = 0.0 if pause_s is None else pause_s[1] - pause_s[0]
    walker = Walker(
        enters_s=enters_s,
        leaves_s=enters_s + crossing_s + stands_s,
        from_x=-margin if direction > 0 else size.width + margin,
        ground_y=ground * size.height,
        height=height,
        direction=direction,
        speed=speed,
        looks=_looks(rng),
        load=load,
        pause_s=pause_s,
        phase=rng.uniform(0.0, 6.0),
    )
    return walker, crossing_s


def _looks(rng: np.random.Generator) -> Looks:
    """Choose clothes that stand out from one another."""
    coat = rng.uniform(0.08, 0.2) if rng.random() < 0.6 else rng.uniform(0.75, 0.95)  # noqa: PLR2004 - dark coats are commoner
    return Looks(
        coat=coat,
        trousers=rng.uniform(0.08, 0.3),
        skin=rng.uniform(0.25, 0.8),
        hair=rng.uniform(0.06, 0.35),
    )


def _car(size: Size, enters_s: float, rng: np.random.Generator) -> Car:
    """Return a car; those that go left keep to the far lane."""
    direction = 1 if rng.random() < 0.5 else -1  # noqa: PLR2004 - a coin
    ground, share = (0.76, 0.22) if direction > 0 else (0.64, 0.19)
    metre = share * size.height / METRES_TALL
    margin = 2.6 * metre
    speed = rng.uniform(5.0, 9.0) * metre
    return Car(
        enters_s=enters_s,
        leaves_s=enters_s + (size.width + 2 * margin) / speed,
        from_x=-margin if direction > 0 else size.width + margin,
        ground_y=ground * size.height,
        metre=metre,
        direction=direction,
        speed=speed,
        paint=rng.uniform(0.08, 0.18) if rng.random() < 0.4 else rng.uniform(0.6, 0.9),  # noqa: PLR2004 - bright cars are commoner
        body="van" if rng.random() < 0.3 else "car",  # noqa: PLR2004 - a share
    )

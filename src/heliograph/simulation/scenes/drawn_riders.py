"""Bicycles, motorcycles and scooters that are drawn, with whoever rides them."""

from typing import Literal, TypeAlias

import numpy as np

from heliograph.simulation.scenes.chance import chance
from heliograph.simulation.scenes.easel import Easel, Point
from heliograph.simulation.scenes.sprites import Sprite

Ride: TypeAlias = Literal["bicycle", "motorcycle"]
RideView: TypeAlias = Literal["side", "front"]

HEIGHT_PX = 170

RIDER_M = (1.55, 1.85)
"""How high a rider sits, from the ground to the crown."""

UPPER_SHARE = 0.55
"""The part of a person's cut-out from the crown to the hip."""


def draw_rider(
    ride: Ride, view: RideView, rng: np.random.Generator, person: Sprite | None = None
) -> Sprite:
    """Draw a two-wheeler with its rider, the side view to the right.

    The upper body is that of `person` if one is given, else it is drawn too.
    """
    name = f"drawn {ride} {view}" + ("" if person is None else f" with {person.source}")
    if view == "side":
        easel = Easel(HEIGHT_PX, 1.08 if ride == "bicycle" else 1.2, rng)
        _side(easel, ride, person)
        return easel.sprite("two-wheeler", name)
    easel = Easel(HEIGHT_PX, 0.44, rng)
    _front(easel, ride, person)
    return easel.sprite("two-wheeler", name, facing=0)


def _shades(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return coat, trousers, skin and hair or helmet."""
    return (
        rng.uniform(0.05, 0.95),
        rng.uniform(0.05, 0.7),
        rng.uniform(0.2, 0.7),
        rng.uniform(0.03, 0.9),
    )


def _side(easel: Easel, ride: Ride, person: Sprite | None) -> None:
    rng = easel.rng
    coat, trousers, skin, hair = _shades(rng)
    motor = ride == "motorcycle"
    radius = rng.uniform(0.15, 0.18) if motor else rng.uniform(0.18, 0.205)
    middle = easel.aspect / 2
    half = rng.uniform(0.36, 0.4) if motor else rng.uniform(0.3, 0.33)
    back, front = (middle - half, 1 - radius), (middle + half, 1 - radius)
    saddle = (middle - 0.12, rng.uniform(0.5, 0.56))
    bars = (middle + rng.uniform(0.17, 0.22), rng.uniform(0.42, 0.5))
    pedals = (middle - 0.03, 1 - radius * 0.85)
    turn = rng.uniform(0, 2 * np.pi)
    foot_a = (pedals[0] + 0.07 * np.cos(turn), pedals[1] + 0.07 * np.sin(turn))
    foot_b = (pedals[0] - 0.07 * np.cos(turn), pedals[1] - 0.07 * np.sin(turn))
    hip = (saddle[0], saddle[1] - 0.03)
    if motor:
        foot_a = foot_b = (middle + 0.02, 0.86)
    _leg(easel, hip, foot_b, trousers * 0.7)
    frame = rng.uniform(0.05, 0.9)
    for hub in (back, front):
        easel.ring(
            hub, radius * 0.92, 0.06 if motor else 0.022, rng.uniform(0.03, 0.15)
        )
        if motor or chance(rng, 0.5):
            easel.disc(hub, radius * (0.5 if motor else 0.12), rng.uniform(0.2, 0.6))
    if motor:
        _motor_body(easel, (saddle, bars, front), frame)
    else:
        head = (bars[0] + 0.02, bars[1] + 0.1)
        for line in (
            [back, saddle],
            [saddle, pedals],
            [back, pedals],
            [pedals, head],
            [(saddle[0] + 0.02, saddle[1] + 0.12), head],
            [bars, head, front],
        ):
            easel.limb(line, 0.018, frame)
        easel.limb(
            [(saddle[0] - 0.06, saddle[1]), (saddle[0] + 0.04, saddle[1])], 0.03, 0.08
        )
    neck = (hip[0] + rng.uniform(0.06, 0.2), rng.uniform(0.19, 0.25))
    if person is not None and chance(rng, 0.7):
        _upper_body(easel, person, (hip[0] + 0.03, hip[1] + 0.06))
    else:
        easel.limb([hip, neck], 0.15, coat)
        easel.limb([hip, neck], 0.1, coat * 0.9)
        easel.limb([neck, (neck[0] + 0.04, neck[1] - 0.08)], 0.06, skin)
        easel.disc((neck[0] + 0.05, neck[1] - 0.11), 0.07, skin)
        easel.disc((neck[0] + 0.035, neck[1] - 0.13), 0.075, hair)
    elbow = ((neck[0] + bars[0]) / 2, (neck[1] + bars[1]) / 2 + 0.06)
    easel.limb([(neck[0], neck[1] + 0.04), elbow, bars], 0.05, coat * 0.8)
    _leg(easel, hip, foot_a, trousers)


def _motor_body(easel: Easel, places: tuple[Point, Point, Point], shade: float) -> None:
    """Draw all between saddle, bars and the hub of the front wheel."""
    saddle, bars, front = places
    rng, middle = easel.rng, easel.aspect / 2
    easel.area(
        [
            (middle - 0.36, saddle[1] + 0.06),
            (saddle[0], saddle[1]),
            (middle + 0.02, saddle[1] + 0.05),
            (bars[0], bars[1] + 0.08),
            (bars[0] + 0.08, bars[1] + 0.2),
            (middle + 0.12, 0.84),
            (middle - 0.12, 0.86),
            (middle - 0.2, 0.7),
        ],
        shade,
        slope=0.4,
    )
    easel.rounded(
        (middle - 0.08, 0.66, middle + 0.12, 0.88), 0.04, rng.uniform(0.1, 0.5)
    )
    easel.limb([bars, front], 0.04, rng.uniform(0.2, 0.8))
    easel.limb(
        [(middle - 0.1, 0.84), (middle - 0.42, 0.8)], 0.05, rng.uniform(0.3, 0.9)
    )
    easel.disc((bars[0] + 0.07, bars[1] + 0.08), 0.05, rng.uniform(0.6, 1.0))


def _leg(easel: Easel, hip: Point, foot: Point, shade: float) -> None:
    """Bend a leg between hip and foot: the knee is in front."""
    dx, dy = foot[0] - hip[0], foot[1] - hip[1]
    half = max(0.24, np.hypot(dx, dy) / 2 + 1e-3)
    out = np.sqrt(half * half - (dx * dx + dy * dy) / 4)
    far = np.hypot(dx, dy)
    knee = (hip[0] + dx / 2 + out * dy / far, hip[1] + dy / 2 - out * dx / far)
    easel.limb([hip, knee], 0.085, shade)
    easel.limb([knee, foot], 0.06, shade * 0.95)
    easel.limb([foot, (foot[0] + 0.07, foot[1] + 0.01)], 0.04, 0.08)


def _upper_body(easel: Easel, person: Sprite, hip: Point) -> None:
    """Put the upper part of a person's cut-out so that it sits at `hip`."""
    rows = round(person.grey.shape[0] * UPPER_SHARE)
    upper = Sprite("person", person.grey[:rows], person.alpha[:rows], person.source)
    height = hip[1]
    width = height * upper.aspect
    easel.paste(upper, (hip[0] - width / 2, 0.0, hip[0] + width / 2, hip[1]))


def _front(easel: Easel, ride: Ride, person: Sprite | None) -> None:
    rng = easel.rng
    coat, trousers, skin, hair = _shades(rng)
    motor = ride == "motorcycle"
    middle = easel.aspect / 2
    reach = rng.uniform(0.15, 0.2)
    hip_y, bars_y = rng.uniform(0.52, 0.58), rng.uniform(0.44, 0.52)
    for side, foot_y in ((-1, 0.92), (1, rng.uniform(0.78, 0.92))):
        knee = (middle + side * 0.11, rng.uniform(0.62, 0.7))
        easel.limb([(middle + side * 0.06, hip_y), knee], 0.09, trousers)
        easel.limb([knee, (middle + side * 0.08, foot_y)], 0.06, trousers * 0.9)
        easel.limb(
            [(middle + side * 0.08, foot_y), (middle + side * 0.08, foot_y + 0.03)],
            0.05,
            0.07,
        )
    if person is not None:
        _upper_body(easel, person, (middle, hip_y))
    else:
        easel.rounded((middle - 0.11, 0.17, middle + 0.11, hip_y + 0.03), 0.08, coat)
        easel.disc((middle, 0.1), 0.075, skin, squeeze=0.8)
        easel.disc((middle, 0.07), 0.075, hair, squeeze=0.85)
    wheel = 0.05 if motor else 0.018
    easel.rounded((middle - wheel, 0.64, middle + wheel, 1.0), wheel, 0.06)
    if motor:
        easel.rounded(
            (middle - 0.09, 0.5, middle + 0.09, 0.74), 0.05, rng.uniform(0.1, 0.9)
        )
        easel.disc((middle, 0.58), 0.05, rng.uniform(0.7, 1.0))
    easel.limb([(middle, bars_y), (middle, 0.7)], 0.025, rng.uniform(0.1, 0.8))
    easel.limb(
        [(middle - reach, bars_y), (middle + reach, bars_y)],
        0.022,
        rng.uniform(0.05, 0.6),
    )
    for side in (-1, 1):
        easel.limb(
            [
                (middle + side * 0.1, 0.22),
                (middle + side * (reach + 0.01), 0.36),
                (middle + side * (reach - 0.02), bars_y),
            ],
            0.05,
            coat * 0.85,
        )

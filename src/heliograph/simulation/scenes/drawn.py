"""Vehicles that are drawn, because few pictures with masks hold any.

Each is drawn anew from its generator: outline, windows, wheels, lamps and shading
differ. Side, three-quarter, front and rear.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from heliograph.simulation.scenes.chance import chance
from heliograph.simulation.scenes.easel import Easel, Point
from heliograph.simulation.scenes.sprites import Sprite

View: TypeAlias = Literal["side", "quarter", "front", "rear"]
Body: TypeAlias = Literal["car", "van", "truck", "bus"]

Spot: TypeAlias = Callable[[float, float], Point]

HEIGHT_PX = 150

HEIGHT_M: dict[Body, tuple[float, float]] = {
    "car": (1.35, 1.75),
    "van": (1.9, 2.5),
    "truck": (2.6, 3.6),
    "bus": (2.8, 3.3),
}

ASPECT: dict[Body, tuple[float, float]] = {
    "car": (2.5, 3.3),
    "van": (2.1, 2.7),
    "truck": (1.9, 3.2),
    "bus": (2.8, 4.0),
}
"""Length by height, seen from the side."""


def draw_vehicle(body: Body, view: View, rng: np.random.Generator) -> Sprite:
    """Draw a vehicle; side and quarter views look to the right."""
    name = f"drawn {body} {view}"
    if view in {"front", "rear"}:
        easel = Easel(
            HEIGHT_PX,
            rng.uniform(0.95, 1.3) if body == "car" else rng.uniform(0.7, 1.0),
            rng,
        )
        _face(easel, (0.0, easel.aspect), body, rear=view == "rear", paint=_paint(rng))
        return easel.sprite("vehicle", name, facing=0)
    length = rng.uniform(*ASPECT[body])
    shade = _paint(rng)
    if view == "side":
        easel = Easel(HEIGHT_PX, length, rng)
        _side(easel, (0.0, length), body, shade)
        return easel.sprite("vehicle", name)
    # The long side shortened, and the face beside it in another light.
    long, wide = length * rng.uniform(0.45, 0.75), rng.uniform(0.4, 0.8)
    easel = Easel(HEIGHT_PX, long + wide, rng)
    _side(easel, (0.0, long + 0.06), body, shade * rng.uniform(0.6, 0.9))
    _face(easel, (long, long + wide), body, rear=chance(rng, 0.5), paint=shade)
    return easel.sprite("vehicle", name)


def _paint(rng: np.random.Generator) -> float:
    """Return how bright the body is: many cars are white, silver or black."""
    return float(
        rng.choice(
            [rng.uniform(0.03, 0.2), rng.uniform(0.2, 0.6), rng.uniform(0.6, 0.98)]
        )
    )


def _side(easel: Easel, span: tuple[float, float], body: Body, shade: float) -> None:
    rng = easel.rng
    left, right = span
    radius = rng.uniform(0.17, 0.23) if body == "car" else rng.uniform(0.11, 0.17)
    floor = 1.0 - radius * rng.uniform(0.7, 0.95)

    def at(share: float, y: float) -> Point:
        return left + share * (right - left), y

    squeeze = min(1.0, (right - left) / ASPECT[body][0])
    if body == "car":
        doors, handle = _cabin(easel, at, shade, floor)
    else:
        doors = _boxy_side(easel, at, body, shade, floor)
        handle = 0.5
    for share in doors:
        easel.limb(
            [at(share, handle - 0.04), at(share, floor - 0.06)], 0.01, shade * 0.5
        )
    easel.limb(
        [at(0.01, floor - 0.1), at(0.99, floor - 0.1)],
        0.03,
        shade * rng.uniform(0.4, 0.8),
    )
    easel.area(
        [at(0.96, 0.62), at(1, 0.64), at(1, 0.7), at(0.96, 0.7)], rng.uniform(0.6, 1.0)
    )
    axles = [rng.uniform(0.14, 0.22), rng.uniform(0.78, 0.85)]
    if body == "truck":
        axles.append(axles[0] + 0.13)
    for share in axles:
        _wheel(easel, at(share, 1.0 - radius), radius, squeeze)


def _cabin(
    easel: Easel, at: Spot, shade: float, floor: float
) -> tuple[tuple[float, ...], float]:
    """Draw a car above its wheels; return where its doors and their handles are."""
    rng = easel.rng
    belt = rng.uniform(0.38, 0.48)
    front, roof_a = rng.uniform(0.66, 0.78), rng.uniform(0.5, 0.6)
    roof_b, back = rng.uniform(0.2, 0.34), rng.uniform(0.02, 0.16)
    nose = rng.uniform(0.5, 0.62)
    outline = [
        at(0, floor),
        at(0.005, belt + 0.08),
        at(back, belt - 0.02),
        at(roof_b, 0.02),
        at((roof_a + roof_b) / 2, 0.0),
        at(roof_a, 0.03),
        at(front, belt),
        at(0.96, nose),
        at(1, nose + 0.1),
        at(1, floor),
    ]
    easel.area(outline, shade, slope=rng.uniform(0.1, 0.5))
    glass = rng.uniform(0.03, 0.35)
    middle = (roof_a + roof_b) / 2 + rng.uniform(-0.03, 0.03)
    easel.area(
        [
            at(back + 0.05, belt - 0.02),
            at(roof_b + 0.02, 0.09),
            at(middle - 0.01, 0.07),
            at(middle - 0.01, belt),
        ],
        glass,
        slope=-0.5,
    )
    easel.area(
        [
            at(middle + 0.01, belt),
            at(middle + 0.01, 0.07),
            at(roof_a - 0.01, 0.09),
            at(front - 0.03, belt),
        ],
        glass,
        slope=-0.5,
    )
    return (back + 0.08, middle, front - 0.02), belt + 0.08


def _boxy_side(
    easel: Easel, at: Spot, body: Body, shade: float, floor: float
) -> tuple[float, ...]:
    """Draw a van, truck or bus above its wheels; return where its doors are."""
    rng = easel.rng
    glass = rng.uniform(0.03, 0.35)
    cab = {"van": rng.uniform(0.68, 0.8), "truck": rng.uniform(0.7, 0.8), "bus": 1.0}[
        body
    ]
    nose = rng.uniform(0.35, 0.6)
    load = _paint(rng) if body == "truck" else shade
    top = rng.uniform(0.0, 0.25) if body == "truck" else 0.0
    if body == "bus":
        easel.rounded((*at(0, 0), *at(1, floor)), 0.06, shade)
        count = int(rng.integers(4, 9))
        for k in range(count):
            begin, end = 0.03 + 0.94 * k / count, 0.03 + 0.94 * (k + 0.88) / count
            easel.rounded((*at(begin, 0.14), *at(end, 0.5)), 0.03, glass)
        return (0.35, 0.7)
    easel.area(
        [
            at(cab - 0.02, floor),
            at(cab - 0.02, top),
            at(0.88, top + 0.02),
            at(0.96, nose),
            at(1, nose + 0.08),
            at(1, floor),
        ],
        shade,
        slope=0.3,
    )
    easel.area(
        [
            at(cab + 0.02, nose - 0.02),
            at(cab + 0.02, top + 0.08),
            at(0.87, top + 0.09),
            at(0.94, nose - 0.02),
        ],
        glass,
        slope=-0.4,
    )
    easel.area(
        [at(0, floor), at(0, 0.0), at(cab - 0.01, 0.0), at(cab - 0.01, floor)],
        load,
        slope=0.2,
    )
    if chance(rng, 0.6):
        easel.rounded((*at(0.1, 0.2), *at(cab - 0.15, 0.45)), 0.02, _paint(rng))
    return (0.04, cab * 0.55, cab)


def _face(
    easel: Easel, span: tuple[float, float], body: Body, *, rear: bool, paint: float
) -> None:
    rng = easel.rng
    left, right = span
    width = right - left

    def at(share: float, y: float) -> Point:
        return left + share * width, y

    inset = rng.uniform(0.12, 0.2) if body == "car" else rng.uniform(0.0, 0.06)
    belt = rng.uniform(0.38, 0.46) if body == "car" else rng.uniform(0.45, 0.6)
    for share in (0.13, 0.87):
        easel.rounded((*at(share - 0.09, 0.7), *at(share + 0.09, 1.0)), 0.04, 0.06)
    easel.area(
        [
            at(0.02, 0.86),
            at(0, belt + 0.06),
            at(inset * 0.5, belt),
            at(inset, 0.03),
            at(0.5, 0.0),
            at(1 - inset, 0.03),
            at(1 - inset * 0.5, belt),
            at(1, belt + 0.06),
            at(0.98, 0.86),
        ],
        paint,
        slope=rng.uniform(0.1, 0.5),
    )
    glass = rng.uniform(0.03, 0.4)
    easel.area(
        [
            at(inset * 0.5 + 0.07, belt - 0.02),
            at(inset + 0.05, 0.08),
            at(0.95 - inset, 0.08),
            at(0.93 - inset * 0.5, belt - 0.02),
        ],
        glass,
        slope=-0.5,
    )
    lamp = rng.uniform(0.25, 0.6) if rear else rng.uniform(0.7, 1.0)
    for share in (0.12, 0.88):
        easel.rounded(
            (*at(share - 0.09, belt + 0.1), *at(share + 0.09, belt + 0.2)), 0.04, lamp
        )
    easel.rounded((*at(0.3, belt + 0.14), *at(0.7, belt + 0.26)), 0.02, paint * 0.35)
    easel.rounded((*at(0.38, 0.7), *at(0.62, 0.77)), 0.01, rng.uniform(0.6, 0.95))
    easel.limb([at(0.02, 0.8), at(0.98, 0.8)], 0.03, paint * 0.5)


def _wheel(easel: Easel, hub: Point, radius: float, squeeze: float) -> None:
    rng = easel.rng
    easel.disc(hub, radius * 1.12, 0.04, squeeze=squeeze)
    easel.disc(hub, radius, 0.07, squeeze=squeeze)
    rim = rng.uniform(0.2, 0.8)
    easel.disc(hub, radius * 0.62, rim, squeeze=squeeze)
    for k in range(int(rng.integers(4, 8))):
        angle = k * 1.1 + rng.uniform(0, 0.2)
        end = (
            hub[0] + squeeze * radius * 0.55 * np.cos(angle),
            hub[1] + radius * 0.55 * np.sin(angle),
        )
        easel.limb([hub, end], 0.012, rim * 0.4)

"""Whoever is in a scene: cut-outs at their places, moment by moment."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from heliograph.simulation.scenes.gait import Gaits
from heliograph.simulation.scenes.paint import (
    SOLID,
    STIFF,
    Affine,
    Cut,
    Gait,
    Plane,
    Texture,
    cut,
)
from heliograph.simulation.scenes.sprites import Kind, Sprite
from heliograph.simulation.scenes.world import NEAR_M, Course, Optics, Series

GREY_FLOOR = 0.02
"""Light a black pixel still gets; without it the logarithm has no floor."""

REACH = 0.35
"""How far a swinging leg gets out of its cut-out, in body heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One cut-out of an actor.

    `to_actor` leads from its pixels to the actor's coordinates (feet at 0, head at
    v = -1). What is not `labelled` is no part of the box: a shadow (with `dimming`),
    a carried thing.
    """

    sprite: Sprite
    to_actor: Affine
    labelled: bool = True
    walks: bool = False
    dimming: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """What it is (None has no label), how high, where it goes, how it walks."""

    kind: Kind | None
    height_m: float
    parts: tuple[Part, ...]
    course: Course
    gaits: Gaits | None = None
    lifted_m: float = 0.0
    sources: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """From grey to log light: the exponent, and what the exposure adds."""

    gamma: float
    exposure: float

    def log_light(self, grey: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return natural log light of greys from 0 to 1."""
        floor = np.float32(GREY_FLOOR)
        logs = np.log(grey * (1 - floor) + floor)
        return np.asarray(self.gamma * logs + self.exposure, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """An actor for all moments of a film: maps from pixels, gaits, rectangles.

    `to_actor` is (moments, 2, 3), `rects` (moments, parts, 4), `distance` and
    `scale_px` (body height in pixels) are (moments,). `solid` is what the labelled
    parts fill, in squares of the body height.
    """

    kind: Kind | None
    cuts: tuple[Cut, ...]
    to_textures: tuple[Affine, ...]
    parts: tuple[Part, ...]
    to_actor: Affine
    gaits: tuple[Gait, ...]
    rects: NDArray[np.int64]
    distance: Series
    scale_px: Series
    solid: float

    def whole_px(self, moment: int) -> float:
        """Return how many pixels the labelled parts cover, beyond all borders too."""
        map_ = self.to_actor[moment]
        return self.solid / abs(
            float(map_[0, 0] * map_[1, 1] - map_[0, 1] * map_[1, 0])
        )


def placed(sprite: Sprite, *, flip: bool = False, stretch: float = 1.0) -> Affine:
    """Return the map of a cut-out that stands on the ground, as high as the actor.

    It is *stretch* times as wide as it was.
    """
    filled = sprite.alpha > 0
    rows = np.flatnonzero(filled.any(axis=1))
    columns = np.flatnonzero(filled.any(axis=0))
    top, foot = rows[0], rows[-1] + 1
    middle = (columns[0] + columns[-1] + 1) / 2
    unit = 1.0 / (foot - top)
    side = (-unit if flip else unit) * stretch
    return np.array([[side, 0.0, -middle * side], [0.0, unit, -foot * unit]])


def maps_at(
    actor: Actor, optics: Optics, camera: Affine, t_s: Series
) -> tuple[Affine, Series, Series]:
    """Return maps from the actor to pixels (moments, 2, 3), distances and scales."""
    way = actor.course.at(t_s)
    x, y, scale, distance = optics.seen(way)
    height = scale * actor.height_m
    y = y - actor.lifted_m * scale
    du, dv, tilt = (0.0, 0.0, 0.0) if actor.gaits is None else actor.gaits.sway(way)
    own = np.zeros((t_s.size, 2, 3))
    cos, sin = height * np.cos(tilt), height * np.sin(tilt)
    own[:, 0, 0], own[:, 0, 1] = cos, -sin
    own[:, 1, 0], own[:, 1, 1] = sin, cos
    own[:, 0, 2] = x + du * height
    own[:, 1, 2] = y + dv * height
    return _chained(camera, own), distance, height


def stage(
    actor: Actor, optics: Optics, camera: Affine, t_s: Series, tone: Tone
) -> Staged:
    """Work out all that drawing the actor at these moments needs."""
    to_pixels, distance, height = maps_at(actor, optics, camera, t_s)
    shown = distance > NEAR_M
    tallest = float(height[shown].max()) if shown.any() else 1.0
    cuts, to_textures, solid = [], [], 0.0
    rects = np.zeros((t_s.size, len(actor.parts), 4), np.int64)
    for at, part in enumerate(actor.parts):
        texture, to_texture = _texture(part, tallest, tone)
        cuts.append(cut(texture))
        to_textures.append(to_texture)
        if part.labelled:
            pixels = float(np.count_nonzero(texture[:, :, 1] > SOLID))
            solid += pixels / abs(float(np.linalg.det(to_texture[:, :2])))
        rects[:, at] = _rects(part, to_pixels, (optics.size.width, optics.size.height))
    rects[~shown] = 0
    gaits: tuple[Gait, ...] = (STIFF,) * t_s.size
    if actor.gaits is not None:
        gaits = tuple(actor.gaits.at(actor.course.at(t_s)))
    scale = np.hypot(to_pixels[:, 0, 1], to_pixels[:, 1, 1])
    return Staged(
        actor.kind,
        tuple(cuts),
        tuple(to_textures),
        actor.parts,
        _inverted(to_pixels),
        gaits,
        rects,
        distance,
        scale,
        solid,
    )


def _texture(part: Part, tallest_px: float, tone: Tone) -> tuple[Texture, Affine]:
    """Return a part as it is at its largest, and the map from the actor to it."""
    sprite = part.sprite
    grey = sprite.grey.astype(np.float32) / np.float32(255)
    alpha = sprite.alpha.astype(np.float32) / np.float32(255)
    unit = np.hypot(*part.to_actor[:, :2]).max()
    ratio = min(1.0, float(tallest_px * unit))
    rows, columns = grey.shape
    if ratio < 1.0:
        small = (max(4, round(columns * ratio)), max(4, round(rows * ratio)))
        grey = _shrunk(grey, small)
        alpha = _shrunk(alpha, small)
    texture = np.stack([tone.log_light(grey) + np.float32(part.gain), alpha], axis=2)
    shrunk = np.diag([grey.shape[1] / columns, grey.shape[0] / rows])
    to_sprite = _inverted(part.to_actor[None])[0]
    return np.ascontiguousarray(texture, np.float32), shrunk @ to_sprite


def _shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _rects(part: Part, to_pixels: Affine, size: tuple[int, int]) -> NDArray[np.int64]:
    """Return the pixels a part may cover at each moment, cut at the border."""
    rows, columns = part.sprite.grey.shape
    corners = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]])
    at = part.to_actor @ corners.T
    if part.walks:
        at[0, :] += np.where(at[0] > 0, REACH, -REACH) * 0.5
        at[1, :] += np.where(at[1] > -0.5, 0.06, -0.02)  # noqa: PLR2004 - the foot's end
    pixels = to_pixels[:, :, :2] @ at + to_pixels[:, :, 2:]
    low, high = pixels.min(axis=2) - 1, pixels.max(axis=2) + 2
    rects = np.concatenate([low, high], axis=1)
    rects[:, 0::2] = np.clip(rects[:, 0::2], 0, size[0])
    rects[:, 1::2] = np.clip(rects[:, 1::2], 0, size[1])
    return rects.astype(np.int64)


def _chained(second: Affine, first: Affine) -> Affine:
    """Return the maps that do `first` and then `second`, (n, 2, 3) each."""
    out = np.empty_like(first)
    out[:, :, :2] = second[:, :, :2] @ first[:, :, :2]
    out[:, :, 2:] = second[:, :, :2] @ first[:, :, 2:] + second[:, :, 2:]
    return out


def _inverted(maps: Affine) -> Affine:
    """Return the inverse of each map, (n, 2, 3)."""
    turned = np.linalg.inv(maps[:, :, :2])
    out = np.empty_like(maps)
    out[:, :, :2] = turned
    out[:, :, 2:] = -turned @ maps[:, :, 2:]
    return out

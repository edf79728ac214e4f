"""What a cut-out looks like in the picture."""

import cv2
import numpy as np

from heliograph.simulation.scenes.gait import Gaits
from heliograph.simulation.scenes.paint import (
    STIFF,
    Affine,
    Gait,
    claim,
    cut,
    glow,
    paint,
)
from heliograph.simulation.scenes.world import course

UPRIGHT: Affine = np.array([[1 / 40, 0.0, -0.5], [0.0, 1 / 40, -1.25]])
"""From pixels to an actor of 40 pixels whose feet are at (20, 50)."""

TO_TEXTURE: Affine = np.array([[80.0, 0.0, 20.0], [0.0, 80.0, 80.0]])
"""From the actor to a cut-out of 80 rows and 40 columns."""


def cut_out() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rng = np.random.default_rng(3)
    texture = np.zeros((80, 40, 2), np.float32)
    light = cv2.GaussianBlur(rng.uniform(-3, 0, (80, 40)), (0, 0), 3)
    texture[:, :, 0] = light
    texture[4:-4, 4:-4, 1] = 1.0
    return texture


def painted(
    gait: Gait, to_actor: Affine = UPRIGHT
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    plane = np.full((60, 44), -9.0, np.float32)
    paint(plane, cut(cut_out()), (to_actor, TO_TEXTURE), gait, (0, 0, 44, 60), 0.0)
    return plane


def test_without_a_gait_it_is_opencv_s_affine_picture() -> None:
    for angle in (0.0, 0.3):
        cos, sin = np.cos(angle) / 40, np.sin(angle) / 40
        to_actor = np.array([[cos, sin, -0.7], [-sin, cos, -0.9]])
        plane = painted(STIFF, to_actor)
        square = np.vstack([to_actor, [0, 0, 1]])
        to_texture = np.vstack([TO_TEXTURE, [0, 0, 1]]) @ square
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
        inverse = (np.linalg.inv(half) @ to_texture @ half)[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        light, alpha = (
            cv2.warpAffine(cut_out()[:, :, at].copy(), inverse, (44, 60), flags=flags)
            for at in (0, 1)
        )
        solid = alpha > 0.999
        assert solid.sum() > 500
        assert np.abs(plane - light)[solid].max() < 0.1
        assert (plane[alpha == 0] == -9.0).mean() > 0.98


def test_a_shadow_only_takes_light_away() -> None:
    plane = np.full((60, 44), -1.0, np.float32)
    paint(plane, cut(cut_out()), (UPRIGHT, TO_TEXTURE), STIFF, (0, 0, 44, 60), 0.5)
    assert plane.min() == -1.5
    assert plane[0, 0] == -1.0


def test_nothing_is_painted_outside_the_rectangle() -> None:
    plane = np.full((60, 44), -9.0, np.float32)
    paint(plane, cut(cut_out()), (UPRIGHT, TO_TEXTURE), STIFF, (0, 20, 44, 30), 0.0)
    assert (plane[:20] == -9.0).all()
    assert (plane[30:] == -9.0).all()
    assert (plane[20:30] != -9.0).any()


def test_legs_swing_apart_and_the_trunk_stays() -> None:
    way = course(1.0, (0.0, 5.0), 0.0, 1.4)
    gaits = Gaits(1.0, 1, 0.0, phase=0.0, arms=0.0).at(way)
    apart = gaits[np.argmin(gaits[:, 3])]
    still, striding = painted(STIFF), painted(apart)
    # The hip is 0.48 of 40 pixels above the feet, at row 50.
    assert np.array_equal(still[:30], striding[:30])
    feet_still = np.flatnonzero((still[44:48] != -9.0).any(axis=0))
    feet = np.flatnonzero((striding[44:48] != -9.0).any(axis=0))
    assert feet[-1] - feet[0] > feet_still[-1] - feet_still[0] + 4


def test_who_stands_swings_nothing() -> None:
    way = course(1.0, (0.0, 5.0), 0.0, 1.4, pause_s=(-1.0, 2.0))
    gaits = Gaits(1.0, 1, 0.0).at(way)
    assert np.abs(gaits[:, 3:10]).max() == 0.0


def test_claimed_pixels_are_those_that_are_mostly_covered() -> None:
    owner = np.zeros((60, 44), np.int16)
    maps = (UPRIGHT, TO_TEXTURE)
    count = claim(owner, cut(cut_out()), maps, STIFF, (0, 0, 44, 60), 7)
    rows, columns = np.nonzero(owner == 7)
    assert count == rows.size
    # 72 by 32 of the cut-out's pixels are solid, four to one of the picture's.
    assert abs(count - 72 * 32 / 4) < 40
    assert (rows.min(), rows.max()) == (12, 47)
    assert (columns.min(), columns.max()) == (12, 27)


def test_only_what_has_alpha_is_painted_however_it_is_turned() -> None:
    texture = cut_out()
    texture[:, :, 1] = 0.0
    texture[20:60, 10:18, 1] = 1.0
    for angle in (0.0, 0.4, 1.6):
        cos, sin = np.cos(angle) / 40, np.sin(angle) / 40
        # The cut-out's middle stays at (22, 30).
        x, y = cos * 22 + sin * 30, cos * 30 - sin * 22
        to_actor = np.array([[cos, sin, -x], [-sin, cos, -0.5 - y]])
        plane = np.full((60, 44), -9.0, np.float32)
        maps = (to_actor, TO_TEXTURE)
        paint(plane, cut(texture), maps, STIFF, (0, 0, 44, 60), 0.0)
        # 40 by 8 of the cut-out's pixels, four to one of the picture's.
        assert abs(np.count_nonzero(plane > -8.0) - 80) < 25


def test_a_lamp_adds_light() -> None:
    rng = np.random.default_rng(5)
    plane = rng.uniform(-4, 0, (30, 40)).astype(np.float32)
    lit, out = rng.random((30, 40), np.float32), np.empty((30, 40), np.float32)
    lit[:10] = 0.0
    glow(plane, lit, 0.8, out)
    assert np.allclose(out, plane + np.log1p(0.8 * lit), atol=1e-5)
    assert (out[:10] == plane[:10]).all()

"""What is behind everybody, and how often there is a picture at all."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

import scene_parts
from heliograph.camera.types import Size
from heliograph.simulation.scenes.behind import Behind, moved_px
from heliograph.simulation.scenes.library import load_library
from heliograph.simulation.scenes.paint import Affine, Plane
from heliograph.simulation.scenes.plan import draw_plan

SIZE = Size(80, 60)


def panning(px_s: float, times_us: list[int]) -> Affine:
    maps = np.zeros((len(times_us), 2, 3))
    maps[:, 0, 0] = maps[:, 1, 1] = 1.0
    maps[:, 0, 2] = -20 - px_s * np.array(times_us) * 1e-6
    maps[:, 1, 2] = -15
    return maps


def wall() -> Plane:
    rng = np.random.default_rng(4)
    blurred = cv2.GaussianBlur(rng.uniform(-3, 0, (100, 140)), (0, 0), 2)
    return np.asarray(blurred, np.float32)


def test_the_background_is_where_the_camera_sees_it() -> None:
    for px_s, near in ((0.0, 1e-6), (60.0, 0.05), (400.0, 0.05), (1000.0, 1e-6)):
        times_us = list(range(0, 50_001, 1_000))
        maps, out = panning(px_s, times_us), np.empty((60, 80), np.float32)
        behind = Behind(wall(), maps, times_us, SIZE)
        for frame in (0, 7, 8, 33, 50, 3):
            behind.draw(frame, out)
            seen = cv2.warpAffine(
                wall(), maps[frame], (80, 60), borderMode=cv2.BORDER_REFLECT_101
            )
            assert np.abs(out - seen).max() < near


def test_how_far_the_background_moves_is_told_at_its_fastest_place() -> None:
    assert np.allclose(moved_px(panning(100.0, [0, 10_000, 30_000]), SIZE), [1.0, 2.0])
    grown = panning(0.0, [0, 1])
    grown[1] *= 1.1
    # Away from one corner: the far one, 100 px off, moves by a tenth of that.
    assert np.allclose(moved_px(grown, SIZE), [10.0])


def test_pictures_come_as_often_as_the_moment_needs(tmp_path: Path) -> None:
    settings = scene_parts.settings(tmp_path)
    library = load_library(settings.images, settings.videos, "train")
    plan = replace(draw_plan(settings, library, 0), seconds=0.05, paces=(4, 10, 2))
    times_us = [*range(0, 20_000, 5_000), *range(20_000, 40_000, 2_000), 40_000, 50_000]
    assert plan.times_us() == times_us
    drawn = [draw_plan(settings, library, number) for number in range(6)]
    for plan in drawn:
        assert np.diff(plan.times_us()).min() == plan.frame_us
        assert plan.times_us()[-1] == round(plan.seconds * 1e6)
    assert any(len(set(plan.paces)) > 1 for plan in drawn)

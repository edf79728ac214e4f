"""A time surface drawn when somebody looks."""

import numpy as np

from heliograph.camera.surfaces.levels import Levels
from heliograph.camera.surfaces.time_surface import TimeSurface
from heliograph.camera.types import EVENT, Size

SIZE = Size(8, 6)
TAU_US = 10_000


def test_each_look_shows_all_that_came_before_it() -> None:
    levels, surface = Levels(SIZE, tau_us=TAU_US), TimeSurface(SIZE, tau_us=TAU_US)
    for t_us in (1_000, 2_000, 2_000):
        packet = np.array([(t_us // 500, 2, 1, t_us)], EVENT)
        levels.update(packet)
        surface.update(packet)
        for now_us in (2_000, 2_000, 9_000, 2_000):
            assert np.array_equal(levels.at(now_us), surface.render(now_us))

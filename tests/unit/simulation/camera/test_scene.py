"""The street: who is in it, and that what moves is inside the boxes it names."""

import numpy as np
import pytest

from heliograph.camera.types import Box, Size
from heliograph.simulation.camera.cast import Actor
from heliograph.simulation.camera.scene import Scene
from heliograph.simulation.camera.walker import Looks, Walker

SIZE = Size(320, 240)
LOOKS = Looks(coat=0.1, trousers=0.2, skin=0.6, hair=0.1)


def walker(pause_s: tuple[float, float] | None = None) -> Walker:
    return Walker(
        enters_s=1.0,
        leaves_s=9.0,
        from_x=0.0,
        ground_y=200.0,
        height=80.0,
        direction=1,
        speed=60.0,
        looks=LOOKS,
        pause_s=pause_s,
    )


def moves(scene: Scene, actor: Actor, t_us: int) -> bool:
    before, after = (scene.box(actor, t) for t in (t_us, t_us + 100_000))
    return before != after


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_the_first_moment_somebody_always_moves(seed: int) -> None:
    scene = Scene(SIZE, seconds=30.0, seed=seed)
    times = range(500_000, 29_900_000, 100_000)
    still = [t for t in times if not any(moves(scene, a, t) for a in scene.actors)]
    assert still == []


def test_people_with_and_without_load_and_cars_all_come_by() -> None:
    labels = {actor.label for actor in Scene(SIZE, seconds=30.0, seed=1).actors}
    assert {"person", "person with a long object", "car"} <= labels


def test_everybody_is_out_of_the_picture_before_and_after() -> None:
    scene = Scene(SIZE, seconds=20.0, seed=1)
    for actor in scene.actors:
        for t_s in (actor.enters_s + 1e-4, actor.leaves_s - 1e-4):
            box = scene.box(actor, round(t_s * 1e6))
            assert box is None or box.width < 3.0
        assert scene.box(actor, round(actor.leaves_s * 1e6) + 10) is None


def test_boxes_have_the_size_of_people_and_cars() -> None:
    scene = Scene(Size(640, 480), seconds=30.0, seed=1)
    for actor in scene.actors:
        box = scene.box(actor, round((actor.enters_s + actor.leaves_s) / 2 * 1e6))
        assert box is not None
        assert 60 <= box.height <= 170
        assert (box.width > box.height) == (actor.label in ("car", "van")) or (
            "long object" in actor.label
        )


def test_what_changes_lies_within_the_boxes() -> None:
    """Shadows may reach out at the feet, by less than a tenth of the height."""
    scene = Scene(SIZE, seconds=10.0, seed=1)
    before = scene.log_brightness(3_000_000).copy()
    changed = np.abs(scene.log_brightness(3_005_000) - before) > 0.01
    inside = np.zeros_like(changed)
    for actor in scene.actors:
        if (box := scene.box(actor, 3_005_000)) is not None:
            inside |= _around(box, changed.shape, pad=24)
    assert changed.sum() > 100
    assert not (changed & ~inside).any()


def _around(box: Box, shape: tuple[int, ...], pad: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    top, left = max(0, int(box.y) - pad), max(0, int(box.x) - pad)
    bottom, right = int(box.y + box.height) + pad, int(box.x + box.width) + pad
    mask[top:bottom, left:right] = True
    return mask


def test_the_street_is_as_before_when_everybody_has_left() -> None:
    scene = Scene(SIZE, seconds=5.0, seed=1)
    empty = scene.log_brightness(0).copy()
    scene.log_brightness(3_000_000)
    assert (scene.log_brightness(60_000_000) == empty).all()


def test_a_moment_looks_the_same_whenever_it_is_asked_for() -> None:
    scene = Scene(SIZE, seconds=10.0, seed=4)
    straight = Scene(SIZE, seconds=10.0, seed=4).log_brightness(4_000_000)
    for t_us in (1_000_000, 7_000_000, 4_000_000):
        picture = scene.log_brightness(t_us)
    assert (picture == straight).all()


def test_a_walker_who_pauses_stands_and_goes_on() -> None:
    stroller, waiter = walker(), walker(pause_s=(3.0, 5.0))
    assert waiter.walked(2.9) == stroller.walked(2.9)
    assert waiter.walked(3.6)[0] == waiter.walked(4.9)[0]
    assert waiter.walked(4.0)[1] == 0.0
    assert waiter.walked(8.0)[0] == pytest.approx(stroller.walked(6.0)[0])
    ways = [waiter.walked(t)[0] for t in np.arange(1.0, 9.0, 0.01)]
    assert min(np.diff(ways)) >= 0.0


def test_a_walker_at_rest_does_not_change() -> None:
    waiter = walker(pause_s=(3.0, 5.0))
    assert waiter.solid(3.6) == waiter.solid(4.8)
    assert waiter.solid(2.0) != waiter.solid(2.1)


def test_feet_stay_on_the_ground() -> None:
    for t_s in np.arange(1.0, 5.0, 0.05):
        lowest = max(shape.bounds[3] for shape in walker().solid(t_s))
        assert lowest == pytest.approx(202.0, abs=2.5)

"""Sub-pixel edges: what a shape covers is what it measures."""

from math import pi

import numpy as np
import pytest

from heliograph.simulation.camera.shapes import (
    Capsule,
    Picture,
    Polygon,
    Shape,
    enclosing_box,
)


def drawn(*shapes: Capsule | Polygon) -> Picture:
    picture = np.zeros((60, 80), np.float32)
    for shape in shapes:
        shape.draw(picture)
    return picture


def square(left: float, top: float, side: float) -> Polygon:
    corners = [(0, 0), (side, 0), (side, side), (0, side)]
    return Polygon(np.add(corners, (left, top), dtype=float), 0.0, 1.0)


def test_a_disc_covers_its_area() -> None:
    disc = Capsule((40.3, 30.7), (40.3, 30.7), 12.0, 12.0, 1.0)
    assert drawn(disc).sum() == pytest.approx(pi * 144, rel=0.01)


def test_a_polygon_covers_its_area() -> None:
    assert drawn(square(20.4, 10.6, 25.0)).sum() == pytest.approx(625, rel=0.01)


def test_moving_by_a_tenth_of_a_pixel_changes_the_edge_by_a_tenth() -> None:
    change = drawn(square(20.2, 10.0, 20.0)) - drawn(square(20.1, 10.0, 20.0))
    row = change[20]
    assert row[20] == pytest.approx(-0.1, abs=1e-4)
    assert row[40] == pytest.approx(0.1, abs=1e-4)
    assert np.count_nonzero(np.abs(row) > 1e-4) == 2


def test_a_notch_stays_open() -> None:
    points = [(10, 10), (50, 10), (50, 50), (40, 50), (40, 20), (20, 20), (20, 50)]
    picture = drawn(Polygon(np.array([*points, (10, 50)], float), 0.0, 1.0))
    assert picture[40, 30] == 0.0
    assert picture[40, 15] == picture[15, 30] == picture[40, 45] == 1.0


def test_opacity_lets_the_ground_through() -> None:
    picture = np.full((60, 80), 0.8, np.float32)
    Capsule((40, 30), (40, 30), 10, 10, 0.0, opacity=0.25).draw(picture)
    assert picture[30, 40] == pytest.approx(0.6)


@pytest.mark.parametrize(
    "at", [(-50.0, 30.0), (200.0, 30.0), (40.0, -90.0), (40.0, 400.0)]
)
def test_a_shape_outside_leaves_the_picture_alone(at: tuple[float, float]) -> None:
    disc = Capsule(at, at, 9.0, 9.0, 1.0)
    block = square(at[0], at[1], 15.0)
    assert not drawn(disc, block).any()


def test_a_shape_cut_by_the_edge_is_drawn_up_to_it() -> None:
    half = Capsule((0.0, 30.0), (0.0, 30.0), 10.0, 10.0, 1.0)
    assert drawn(half).sum() == pytest.approx(pi * 50, rel=0.02)


def test_the_enclosing_box_holds_all_shapes() -> None:
    shapes: list[Shape] = [
        Capsule((10, 20), (30, 20), 2, 5, 1.0),
        square(5.0, 40.0, 10.0),
    ]
    box = enclosing_box(shapes, "pair")
    assert (box.x, box.y, box.width, box.height) == (5.0, 15.0, 30.0, 35.0)
    assert box.label == "pair"
